// What the bot says: typed words become commands, presses become verbs, and both become cards.
import { wordsFor } from '../cards/words';
import { type ActingPerson } from '../storage/access';
import { type GroupName } from '../storage/administration/views';
import { type Asking, type Services, type Shown } from './asking';
import { findNamed, readCommand, type Command } from './commands';
import { setDuty } from './handlers/duty';
import { pauseTyped, resumeTyped, signTyped } from './handlers/typed-duty';
import { typedHistory } from './handlers/history';
import { FormStays } from './handlers/form-stays';
import { receiveFile } from './handlers/recordings';
import { carryOut } from './handlers/table';
import { goesOn } from './handlers/within';
import { type Holds } from './holds';
import { type Deed, type Reply, type Turn } from './turn';
import { button } from './views/common';
import { notice, refused } from './views/notice';
import { type BotVerb } from './verbs';

export interface ConversationDeps {
  readonly services: Services;
  readonly holds: Holds;
  /** Directory object ids, in lower case. */
  readonly administrators: ReadonlySet<string>;
}

/** What a group chat may ask for: each person's own view of a live group, and nothing that is about one person. */
const SHARED_VERBS: ReadonlySet<string> = new Set<BotVerb>(['live', 'live.refresh', 'live.stop']);
const GROUPS_OFFERED = 6;

export class Conversation {
  readonly #deps: ConversationDeps;

  constructor(deps: ConversationDeps) {
    this.#deps = deps;
  }

  /** Answers one turn. Never rejects: a defect is logged and told in words, and a form that met one stays as it is. */
  async answer(turn: Turn): Promise<Reply> {
    const asking = this.#asking(turn);
    const { deed } = turn;
    try {
      this.#remember(turn, asking);
      switch (deed.kind) {
        case 'added': return await this.#show(turn, asking, asking.place.personal ? await this.#greet(asking) : personalOnly(asking));
        case 'file': return await this.#show(turn, asking, asking.place.personal ? await receiveFile(this.#deps.services, asking, deed.name, deed.address) : personalOnly(asking));
        case 'text': return await this.#show(turn, asking, await this.#typed(asking, deed.text));
        case 'press': return await this.#pressed(turn, asking, deed);
      }
    } catch (fault) {
      if (fault instanceof FormStays) return { failed: fault.message };
      this.#deps.services.log.error({ err: fault, deed: deed.kind, verb: deed.kind === 'press' ? deed.verb : undefined }, 'A turn met a defect.');
      return { failed: asking.say('error.defect') };
    }
  }

  #asking(turn: Turn): Asking {
    const { sender, place, deed } = turn;
    const acting: ActingPerson = { kind: 'person', personId: sender.personId, name: sender.name || sender.personId, administrator: this.#deps.administrators.has(sender.personId) };
    const timeZone = place.personal ? sender.timeZone : null;
    return { acting, say: wordsFor(sender.locale, timeZone), locale: sender.locale, timeZone, chatId: sender.chatId, place, automatic: deed.kind === 'press' && deed.automatic, messageId: deed.kind === 'press' ? deed.messageId : null };
  }

  /** Not waited for: an answer does not depend on it, and the database may be away. */
  #remember(turn: Turn, asking: Asking): void {
    const { sender, place } = turn;
    if (asking.automatic || sender.name === '') return;
    const { services } = this.#deps;
    goesOn(services.log, services.people.remember({
      _id: sender.personId, name: sender.name.slice(0, 128), locale: sender.locale, timeZone: sender.timeZone, conversation: place.personal ? place.reference : null,
    }));
  }

  async #pressed(turn: Turn, asking: Asking, deed: Extract<Deed, { kind: 'press' }>): Promise<Reply> {
    const { services, holds } = this.#deps;
    if (!asking.place.personal && (deed.submitted || !SHARED_VERBS.has(deed.verb))) return deed.submitted ? null : personalOnly(asking).card;
    if (asking.automatic) return (await carryOut(services, asking, deed.verb, deed.data)).card;
    // In a personal chat whatever followed something in this message lets go before it shows something else. In a group chat each person
    // sees their own view, so that only what begins or ends following for everybody touches the message.
    const take = (): ReturnType<Holds['take']> | null => (deed.messageId === null ? null : holds.take(turn.place, deed.messageId));
    const early = asking.place.personal ? take() : null;
    const shown = await carryOut(services, asking, deed.verb, deed.data);
    const taking = early ?? (shown.after || deed.verb === 'live.stop' ? take() : null);
    await taking?.taken;
    if (taking && deed.messageId !== null && shown.after) shown.after(deed.messageId, taking.hold);
    else taking?.hold.release();
    return shown.card;
  }

  /** A new message; what is to follow begins when the channel has named it. */
  async #show(turn: Turn, asking: Asking, shown: Shown): Promise<Reply> {
    const messageId = await turn.send(asking.place.personal ? shown.card : shown.shared ?? shown.card);
    if (messageId !== null && shown.after) shown.after(messageId, this.#deps.holds.begin(turn.place, messageId));
    return null;
  }

  /** The first words: an administrator of an empty pool is shown how to begin. */
  async #greet(asking: Asking): Promise<Shown> {
    const { services } = this.#deps;
    if (asking.acting.administrator) {
      const groups = await services.administration.groupNames(asking.acting);
      if (groups.ok && groups.value.length === 0) return carryOut(services, asking, 'groups', {});
    }
    return carryOut(services, asking, 'help', {});
  }

  async #typed(asking: Asking, text: string): Promise<Shown> {
    const command = readCommand(text, asking.say.language);
    if (!asking.place.personal && command?.command !== 'live') return personalOnly(asking);
    if (command === null) return this.#unknown(asking, text);
    return this.#command(asking, command, text);
  }

  async #command(asking: Asking, command: Command, text: string): Promise<Shown> {
    const { services } = this.#deps;
    const verb = (name: BotVerb, data: Readonly<Record<string, unknown>> = {}): Promise<Shown> => carryOut(services, asking, name, data);
    switch (command.command) {
      case 'help': return verb('help');
      case 'who': return verb('who');
      case 'groups': return verb('groups');
      case 'duty': return verb('duty');
      case 'onDuty': return setDuty(services, asking, true, services.newId());
      case 'offDuty': return setDuty(services, asking, false, services.newId());
      case 'phone': return verb('phone');
      case 'ring': return verb('phone.ring');
      case 'newGroup': return verb('group.new');
      case 'guide': return verb('guide');
      case 'newAgent': return verb('agent.new');
      case 'agents': return verb('agents', { search: command.search });
      case 'undo': return verb('undo');
      case 'pool': return verb('pool');
      case 'calls': return verb('calls');
      case 'history': return typedHistory(services, asking, command.words);
      case 'settings': return verb('settings');
      case 'objects': return verb('objects', { kind: command.kind, groupId: '' });
      case 'flow': return this.#ofGroup(asking, command.group, 'flow');
      case 'walk': return this.#ofGroup(asking, command.group, 'walk', { at: '', attempt: 1, step: 'start' });
      case 'show': return this.#ofGroup(asking, command.group, 'group');
      case 'edit': return this.#ofGroup(asking, command.group, 'group.edit');
      case 'live': return this.#ofGroup(asking, command.group, 'live');
      case 'managers': return this.#ofGroup(asking, command.group, 'managers');
      case 'team': return this.#ofGroup(asking, command.group, 'team');
      // Without a group, whoever has waited longest wherever one may pick.
      case 'pick': return command.group === '' ? verb('longest.pick', { groupId: '' }) : this.#ofGroup(asking, command.group, 'longest.pick');
      case 'move': return this.#ofGroup(asking, command.group, 'longest.move', { to: command.to });
      case 'priority': return this.#ofGroup(asking, command.group, 'longest.priority', { priority: command.priority });
      case 'pause': return pauseTyped(services, asking, command.words, text);
      case 'resume': return resumeTyped(services, asking, command.name);
      case 'signIn':
      case 'signOut': return signTyped(services, asking, command.name, command.group, command.command === 'signIn');
    }
  }

  /** A group is only ever looked for among those the person may see. */
  async #ofGroup(asking: Asking, typed: string, verb: BotVerb, more: Readonly<Record<string, unknown>> = {}): Promise<Shown> {
    const { services } = this.#deps;
    const { say } = asking;
    const groups = await services.administration.groupNames(asking.acting);
    if (!groups.ok) return refused(asking, groups);
    const all = groups.value;
    if (all.length === 0) return notice(asking, 'default', say('unknown.noGroups'), '');
    const found = typed === '' ? all : findNamed(typed, all);
    const [first, ...others] = found;
    if (first && others.length === 0) return carryOut(services, asking, verb, { ...more, groupId: first.id });
    if (!asking.place.personal) return notice(asking, 'default', say('live.sharedTitle'), say(first ? 'unknown.moreWords' : 'unknown.noSuchGroup'));
    if (!first) return notice(asking, 'default', say('unknown.noGroup', { typed }), say('unknown.noGroupBody'), choices(asking, all, verb, more));
    return notice(asking, 'default', say('unknown.whichGroup'), typed === '' ? '' : say('unknown.whichGroupBody', { typed }), choices(asking, found, verb, more));
  }

  async #unknown(asking: Asking, typed: string): Promise<Shown> {
    const { services } = this.#deps;
    const { say } = asking;
    const groups = await services.administration.groupNames(asking.acting);
    const found = groups.ok ? findNamed(typed, groups.value) : [];
    const [only, ...others] = found;
    if (only && others.length === 0) return carryOut(services, asking, 'group', { groupId: only.id });
    if (only) return notice(asking, 'default', say('unknown.whichGroup'), say('unknown.whichGroupBody', { typed }), choices(asking, found, 'group'));
    const shortened = typed.length > 60 ? `${typed.slice(0, 59)}…` : typed;
    return notice(asking, 'default', say('unknown.title', { typed: shortened }), say('unknown.nearest'), [button(say, 'help', 'help'), button(say, 'groups', 'groups'), button(say, 'duty', 'duty')]);
  }
}

function choices(asking: Asking, groups: readonly GroupName[], verb: BotVerb, more: Readonly<Record<string, unknown>> = {}): readonly ReturnType<typeof button>[] {
  return groups.slice(0, GROUPS_OFFERED).map((group) => ({ ...button(asking.say, 'groups', verb, { ...more, groupId: group.id }), title: group.displayName }));
}

function personalOnly(asking: Asking): Shown {
  return notice(asking, 'default', asking.say('help.title'), asking.say('error.personal'));
}

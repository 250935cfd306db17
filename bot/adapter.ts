// The only file that turns botbuilder's activities into turns, and cards into activities.
import { CardFactory, CloudAdapter, ConfigurationBotFrameworkAuthentication, MessageFactory, TeamsInfo, TurnContext, type Activity, type InvokeResponse } from 'botbuilder';
import { type BotFrameworkAuthentication } from 'botframework-connector';
import { z } from 'zod';
import { knownTimeZone } from '../cards/formats';
import { type Card } from '../cards/render';
import { personId } from '../storage/model/fields';
import { type Logger } from '../storage/process/log';
import { type BotSettings } from './settings';
import { hasFailed, type Chat, type Deed, type Place, type Reply, type Turn } from './turn';

const ADAPTIVE_CARD = 'application/vnd.microsoft.card.adaptive';

/** How botbuilder checks and signs. Without an app id it checks nothing: `gate.ts` stands before it. */
export function createAuthentication(settings: BotSettings): BotFrameworkAuthentication {
  return new ConfigurationBotFrameworkAuthentication(settings.MICROSOFT_APP_ID === undefined ? {} : {
    MicrosoftAppId: settings.MICROSOFT_APP_ID,
    ...(settings.MICROSOFT_APP_TYPE === undefined ? {} : { MicrosoftAppType: settings.MICROSOFT_APP_TYPE }),
    ...(settings.MICROSOFT_APP_TENANT_ID === undefined ? {} : { MicrosoftAppTenantId: settings.MICROSOFT_APP_TENANT_ID }),
    ...(settings.MICROSOFT_APP_PASSWORD === undefined ? {} : { MicrosoftAppPassword: settings.MICROSOFT_APP_PASSWORD }),
  });
}

/** What the web server hands on; both are restify's. */
export type Request_ = Parameters<CloudAdapter['process']>[0];
export type Response_ = Parameters<CloudAdapter['process']>[1];

export interface AdapterDeps {
  readonly authentication: BotFrameworkAuthentication;
  readonly appId: string | undefined;
  readonly log: Logger;
  /** Answers a turn; `null` for a press shows nothing new. Expected never to reject. */
  readonly answer: (turn: Turn) => Promise<Reply>;
}

/** Bot Framework in, our own turns out, and cards edited at any time. */
export class BotAdapter implements Chat {
  readonly #deps: AdapterDeps;
  readonly #adapter: CloudAdapter;

  constructor(deps: AdapterDeps) {
    this.#deps = deps;
    this.#adapter = new CloudAdapter(deps.authentication);
    this.#adapter.onTurnError = async (_context, fault) => { deps.log.error({ err: fault }, 'A turn failed.'); };
  }

  /** Answers one HTTP request that the gate has let in. */
  async process(request: Request_, response: Response_): Promise<void> {
    await this.#adapter.process(request, response as never, (context) => this.#turn(context));
  }

  async send(place: Place, card: Card): Promise<string | null> {
    return this.#outside(place, async (context) => (await context.sendActivity(asMessage(card)))?.id || null);
  }

  async update(place: Place, messageId: string, card: Card): Promise<void> {
    await this.#outside(place, (context) => context.updateActivity({ ...asMessage(card), id: messageId }));
  }

  /** Outside of a turn botbuilder keeps a fault to itself; here it reaches whoever asked. */
  async #outside<T>(place: Place, act: (context: TurnContext) => Promise<T>): Promise<T> {
    let done: { readonly ok: true; readonly value: T } | { readonly ok: false; readonly fault: unknown } = { ok: false, fault: new Error('The conversation could not be reached.') };
    await this.#adapter.continueConversationAsync(this.#deps.appId ?? '', place.reference, async (context) => {
      done = await act(context).then((value) => ({ ok: true as const, value }), (fault: unknown) => ({ ok: false as const, fault }));
    });
    const outcome = done as { readonly ok: true; readonly value: T } | { readonly ok: false; readonly fault: unknown };
    if (outcome.ok) return outcome.value;
    throw outcome.fault instanceof Error ? outcome.fault : new Error('The message could not be carried.');
  }

  async #turn(context: TurnContext): Promise<void> {
    const { activity } = context;
    const read = readTurn(context);
    const turn = read?.sender.name === '' ? { ...read, sender: { ...read.sender, name: await this.#nameOf(context) } } : read;
    if (activity.type === 'invoke') {
      await context.sendActivity({ type: 'invokeResponse', value: await this.#invoked(turn) });
      return;
    }
    if (turn === null) return;
    const card = await this.#deps.answer(turn);
    if (card === null) return;
    if (hasFailed(card)) {
      await context.sendActivity(card.failed);
      return;
    }
    // A submitted form's answer takes the form's place; what was typed gets a message of its own.
    if (turn.deed.kind === 'press' && turn.deed.messageId !== null) await context.updateActivity({ ...asMessage(card), id: turn.deed.messageId });
    else await context.sendActivity(asMessage(card));
  }

  /** Teams leaves the name out of some activities, as when it tells that a person came; then the roster knows it. Empty where it does not. */
  async #nameOf(context: TurnContext): Promise<string> {
    try {
      return (await TeamsInfo.getMember(context, context.activity.from.id)).name;
    } catch (fault) {
      this.#deps.log.warn({ fault: fault instanceof Error ? fault.message : String(fault) }, 'The roster does not tell a name.');
      return '';
    }
  }

  /** Always HTTP 200, with the code inside: otherwise Teams shows the person nothing. */
  async #invoked(turn: Turn | null): Promise<InvokeResponse> {
    const body = (statusCode: number, type: string, value: unknown): InvokeResponse => ({ status: 200, body: { statusCode, type, value } });
    if (turn === null) return body(400, 'application/vnd.microsoft.error', { code: 'BadRequest', message: 'This card sent something that could not be read.' });
    const card = await this.#deps.answer(turn);
    if (card !== null && hasFailed(card)) return body(500, 'application/vnd.microsoft.error', { code: 'Failed', message: card.failed });
    if (card === null) return body(200, 'application/vnd.microsoft.activity.message', '');
    return body(200, ADAPTIVE_CARD, card);
  }
}

function asMessage(card: Card): Partial<Activity> {
  return MessageFactory.attachment(CardFactory.adaptiveCard(card));
}

const data = z.record(z.string(), z.unknown());
const cardAction = z.object({ action: z.object({ verb: z.string().max(100), data: data.default({}) }), trigger: z.string().optional() });
/** A file that somebody sent, as Teams tells of it; it lies elsewhere. */
const sentFile = z.looseObject({ contentType: z.literal('application/vnd.microsoft.teams.file.download.info'), name: z.string().min(1).max(500), content: z.looseObject({ downloadUrl: z.string().max(4_000) }) });
const submitted = z.looseObject({ verb: z.string().max(100) });

/** `null` for what the bot does not answer: reactions, edits, typing, people without a directory object id, its own arrival elsewhere. */
function readTurn(context: TurnContext): Turn | null {
  const { activity } = context;
  const person = personId.safeParse(activity.from.aadObjectId);
  const deed = readDeed(activity);
  if (!person.success || deed === null) return null;
  const { activityId: _activityId, user: _user, ...reference } = TurnContext.getConversationReference(activity);
  return {
    sender: { personId: person.data, name: activity.from.name ?? '', chatId: activity.from.id, ...readReader(activity) },
    place: {
      conversationId: activity.conversation.id,
      personal: activity.conversation.conversationType === 'personal',
      reference: reference,
    },
    deed,
    async send(card) {
      const sent = await context.sendActivity(asMessage(card));
      return sent?.id ? sent.id : null;
    },
  };
}

const clientInfo = z.looseObject({ type: z.literal('clientInfo'), locale: z.string().max(64).optional(), timezone: z.string().max(64).optional() });

/** How the person reads. Teams tells it in the activity itself, or in what it says of the client, and in some activities only there. */
function readReader(activity: Activity): Pick<Turn['sender'], 'locale' | 'timeZone'> {
  const client = (activity.entities ?? []).map((one) => clientInfo.safeParse(one).data).find((one) => one !== undefined);
  return { locale: activity.locale ?? client?.locale ?? 'en', timeZone: knownTimeZone(activity.localTimezone) ?? knownTimeZone(client?.timezone) };
}

function readDeed(activity: Activity): Deed | null {
  const messageId = activity.replyToId ?? null;
  switch (activity.type) {
    case 'message': {
      const form = submitted.safeParse(activity.value);
      if (form.success) {
        const { verb, ...rest } = form.data;
        return { kind: 'press', verb, data: rest, automatic: false, messageId, submitted: true };
      }
      const file = (activity.attachments ?? []).map((one) => sentFile.safeParse(one).data).find((one) => one !== undefined);
      if (file) return { kind: 'file', name: file.name, address: file.content.downloadUrl };
      return typeof activity.text === 'string' ? { kind: 'text', text: withoutMention(activity) } : null;
    }
    case 'invoke': {
      const action = cardAction.safeParse(activity.value);
      if (activity.name !== 'adaptiveCard/action' || !action.success) return null;
      return { kind: 'press', verb: action.data.action.verb, data: action.data.action.data, automatic: action.data.trigger === 'automatic', messageId, submitted: false };
    }
    case 'conversationUpdate':
      return (activity.membersAdded ?? []).some((member) => member.id === activity.recipient.id) ? { kind: 'added' } : null;
    default:
      return null;
  }
}

/** What was said, without the bot's own name in front. */
function withoutMention(activity: Activity): string {
  const mine = (activity.entities ?? []).filter((entity) => entity.type === 'mention')
    .map((entity) => z.looseObject({ text: z.string(), mentioned: z.looseObject({ id: z.string() }) }).safeParse(entity).data)
    .filter((mention) => mention?.mentioned.id === activity.recipient.id);
  return mine.reduce((text, mention) => text.replace(mention?.text ?? '', ' '), activity.text).trim();
}

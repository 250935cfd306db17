// Every verb a card may send, with the one schema of what it carries. Whatever does not fit is refused before a handler sees it.
import { z } from 'zod';
import { id, personId, whole } from '../storage/model/fields';
import { LIMITS } from '../storage/model/limits';
import { audioFile } from '../storage/model/prompt';
import { STEP } from './forms/guide-state';
import { FORM_KINDS, LISTED, type ListedKind } from './forms/kinds';
import { objectToken } from './forms/object-token';
import { formToken } from './forms/token';

const nothing = z.object({});
const requestId = z.string().regex(/^[A-Za-z0-9:_-]{8,100}$/);
const ofGroup = z.object({ groupId: id });
const ofAgent = z.object({ agentId: id });
const once = { requestId };
const idOrNone = z.union([z.literal(''), id]);
/** As SIP names a call. */
const ofCaller = ofGroup.extend({ callId: z.string().min(1).max(256) });
/** `agentId` empty: one's own. `groupId`: whose agents are shown afterwards; empty: none. */
const whose = z.object({ agentId: idOrNone, groupId: idOrNone });
/** Inputs arrive as text; a client that leaves an empty one out means an empty one. */
const typed = z.string().max(10_000).default('');
/** An input of a form, however long: storage says what is too much, and the form keeps it. No request holds more. */
const typedInForm = z.string().max(262_144).default('');
/** A form’s inputs travel beside its token; which of them there are is for the form to read. */
const groupForm = z.looseObject({ form: formToken });
const ofStep = z.object({ guide: requestId, at: z.string().regex(STEP) });
/** What was typed in a step travels beside it. */
const ofGuide = z.looseObject(ofStep.shape);
/** A recording that was kept, on its way to its place. */
const recording = z.object(audioFile.shape);
const objectForm = z.looseObject({ form: objectToken });
const LISTED_KINDS = Object.keys(LISTED) as [ListedKind, ...ListedKind[]];
const ofObject = z.object({ kind: z.enum(FORM_KINDS), id, groupId: idOrNone });
const agentInputs = { name: typedInForm, sipUser: typedInForm, known: typed, personId: typedInForm };

const entry = z.string().min(1).max(200);
/** Days as a date input gives them. */
const day = z.union([z.literal(''), z.string().regex(/^\d{4}-\d{2}-\d{2}$/)]).default('');
const word = z.string().max(128).default('');
/** A client leaves out an input that is empty. */
const historyFilter = z.object({ groupId: idOrNone, about: word, by: word, from: day, to: day });

/** What an agent pressed about their own duty, when, and under which one-time id: it can be carried out later, and once. */
const dutyPress = z.object({
  ...once,
  at: z.coerce.date(),
  press: z.discriminatedUnion('verb', [
    z.object({ verb: z.literal('duty.set'), input: z.object({ onDuty: z.boolean() }) }),
    z.object({ verb: z.literal('duty.pause'), input: z.object({ reason: typed, untilMinutes: z.string().max(10).optional() }) }),
    z.object({ verb: z.literal('duty.resume'), input: z.object({}) }),
    z.object({ verb: z.literal('duty.signIn'), input: z.object({ agentGroupId: id }) }),
    z.object({ verb: z.literal('duty.signOut'), input: z.object({ agentGroupId: id }) }),
  ]),
});
export type DutyPress = z.output<typeof dutyPress>;

export const VERB_SCHEMAS = {
  help: nothing,
  who: nothing,
  groups: nothing,
  group: ofGroup,
  'group.new': nothing,
  'group.edit': ofGroup,
  'group.save': groupForm,
  'group.move': groupForm.extend({ agentId: id, step: z.enum(['up', 'down']) }),
  'group.hear': groupForm,
  guide: nothing,
  'guide.go': ofGuide.extend({ go: z.enum(['next', 'back', 'add', 'remove']) }),
  'guide.show': ofStep,
  'guide.hear': ofGuide.extend({ input: z.string().max(100) }),
  'guide.create': z.object({ guide: requestId, active: z.boolean() }),
  'guide.drop': z.object({ guide: requestId }),
  'guide.dropNow': z.object({ guide: requestId }),
  'group.delete': ofGroup,
  'group.deleteNow': ofGroup.extend(once),
  live: ofGroup,
  'live.refresh': ofGroup,
  'live.stop': ofGroup,
  caller: ofCaller,
  'caller.pick': ofCaller,
  'caller.move': ofCaller.extend({ queueId: id }),
  'caller.priority': ofCaller.extend({ priority: z.coerce.number().pipe(whole(LIMITS.priority)) }),
  /** `groupId` empty: wherever one may pick. */
  'longest.pick': z.object({ groupId: idOrNone }),
  'longest.move': ofGroup.extend({ to: typed }),
  'longest.priority': ofGroup.extend({ priority: typed }),
  team: ofGroup,
  'team.duty': ofGroup.extend({ agentId: id, onDuty: z.boolean() }),
  duty: nothing,
  'duty.pause': whose,
  'duty.pauseNow': whose.extend({ ...once, minutes: typed, reason: typed }),
  'duty.resume': whose,
  'duty.sign': whose.extend({ agentGroupId: id, into: z.boolean() }),
  'duty.signNamed': z.object({ group: typed, into: z.boolean() }),
  'duty.set': z.object({ onDuty: z.boolean(), ...once }),
  'duty.kept': dutyPress,
  phone: nothing,
  'phone.ring': nothing,
  'phone.reset': nothing,
  'phone.resetNow': z.object(once),
  agents: z.object({ search: typed }),
  'agent.new': nothing,
  'agent.create': z.object({ ...once, ...agentInputs }),
  'agent.edit': ofAgent,
  'agent.save': ofAgent.extend({ ...once, version: z.int().min(1), opened: z.object({ name: typed, sipUser: typed, personId: typed }), ...agentInputs }),
  'agent.delete': ofAgent,
  'agent.deleteNow': ofAgent.extend(once),
  'agent.reset': ofAgent,
  'agent.resetNow': ofAgent.extend(once),
  managers: ofGroup,
  'managers.add': ofGroup.extend({ ...once, groupName: typed, known: typed, personId: typedInForm, name: typedInForm }),
  'managers.remove': ofGroup.extend({ personId }),
  'managers.removeNow': ofGroup.extend({ personId, ...once }),
  flow: ofGroup,
  walk: ofGroup.extend({ at: idOrNone, attempt: z.int().min(1).max(100), step: z.enum(['start', 'silence', ...'0123456789*#'.split('')]) }),
  objects: z.object({ kind: z.enum(LISTED_KINDS), groupId: idOrNone }),
  'object.new': z.object({ kind: z.enum(FORM_KINDS), groupId: idOrNone }),
  'object.edit': ofObject,
  'object.save': objectForm,
  'object.hear': objectForm.extend({ input: z.string().max(100) }),
  'object.delete': ofObject,
  'object.deleteNow': ofObject.extend(once),
  /** What was just made becomes part of a group. */
  'object.use': ofObject.extend({ ...once, groupId: id }),
  'recording.group': recording.extend({ groupId: id }),
  'recording.place': recording.extend({ ...once, groupId: id, place: z.string().max(200) }),
  'recording.default': recording.extend(once),
  settings: nothing,
  calls: nothing,
  pool: nothing,
  'pool.drain': nothing,
  'pool.drainNow': z.object(once),
  'pool.stepDown': nothing,
  'pool.stepDownNow': z.object(once),
  history: historyFilter.extend({ before: z.coerce.number().pipe(z.int().min(0)) }),
  'history.entry': historyFilter.extend({ entryId: entry }),
  'history.undo': historyFilter.extend({ entryId: entry }),
  undo: nothing,
  'undo.now': z.object({ entryId: entry, ...once }),
  'first.create': z.object({ ...once, agentName: typedInForm, agentUser: typedInForm, groupName: typedInForm, groupUser: typedInForm }),
} as const;

export type BotVerb = keyof typeof VERB_SCHEMAS;
export type Sent<V extends BotVerb> = z.output<(typeof VERB_SCHEMAS)[V]>;
export const BOT_VERBS = Object.keys(VERB_SCHEMAS) as readonly BotVerb[];

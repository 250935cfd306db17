// The rules that a value may break, each by a code with its parameters beside the English words, so that a reader's own language can say it.

/** What a rule is about: bounds, or names of what stands against it. */
export type RuleParams = Readonly<Record<string, string | number>>;
export interface Rule { readonly code: RuleCode; readonly params: RuleParams }

/** English, as a command line and a log read it; the catalogues of `cards` have the same codes below `fault`. */
const WORDS = {
  needed: 'is needed', empty: 'must not be empty', range: 'must be {min} to {max}', whole: 'must be a whole number from {min} to {max}', wholeOrNone: 'must be empty, or a whole number from {min} to {max}',
  length: 'must have {min} to {max} characters', tooLong: 'must have at most {max} characters', control: 'must not contain control characters', brackets: 'must not contain <, > or a line break',
  sipUser: 'must have 1–64 letters, digits, dots, hyphens or underscores and begin with a letter or digit', telephoneNumber: 'must be + and 3 to 15 digits, like +441234567890',
  sipUri: 'must be a SIP address, like sip:alice@example.com', voicemailUri: 'must be a SIP address, like sip:box@example.com, or a tel: number', plainUri: 'must be a plain SIP address, without headers (?), maddr, method or ttl', ownContact: 'must be a number or an address elsewhere, none of our own', key: 'must be one of 0–9, * and #',
  clockTime: 'must be a time from 00:00 to 24:00, like 08:30', civilTime: 'must be a date and a time, like 2026-12-24T13:00', noSuchDate: 'must be a date that exists', timeZone: 'must be an IANA time zone, like Europe/Paris',
  personId: 'must look like 01234567-89ab-cdef-0123-456789abcdef', tooMany: 'must have at most {max} entries', twice: 'must name each only once',
  opensFirst: 'must open before it closes; a night is two ranges, to 24:00 and from 00:00 of the next day', rangesApart: 'must have its ranges in order and apart', startsFirst: 'must start before it ends',
  answerNeeded: 'must have an answer', keyTwice: 'must give each key to one answer', otherKey: 'must be another key than the one that leaves the queue', promptNeeded: 'must have a text or an audio file', pickupCode: 'must be 2 to 16 of the keys 0–9, * and #, or letters',
  host: 'must be a host name or an IP address', network: 'must be an IP address or a network, like 192.0.2.0/24', prefix: 'must be + and the first digits, like +44', domain: 'must be a domain or an IP address', emergencyNumber: 'must be 2 to 6 digits',
  numberTaken: 'is already the number of the group {by}', addressOfGroup: 'is already the address of the group {by}', addressOfAgent: 'is already the address of the agent {by}', pickupCodeTaken: 'is already the code that agents dial to pick a call',
  nameTaken: 'is already in use', personTaken: 'is already the agent {by}', managedOnly: 'can be named for a managed group only', otherGroups: 'belongs to another group', gone: 'does not exist', usedByGroup: 'is still used by the group {by}', usedByOther: 'is still used by another group', usedByQueue: 'is still used by the queue {by}', usedByAgentGroup: 'is still used by the agent group {by}',
  leadsToItself: 'leads to the queue itself', circle: 'leads in a circle that no caller leaves: {way}', emergency: 'is an emergency number, which is never dialled for a caller', noNumbers: 'is not allowed: an administrator has allowed no numbers',
  prefixes: 'is not allowed: numbers must begin with {prefixes}', noAddresses: 'is not allowed: an administrator has allowed no addresses outside our own domain', domains: 'is not allowed: addresses must be in our own domain or in {domains}',
  sharesGroup: 'cannot be, because the group {by} shares the queue or the agents, and a managed group shares with no other',
  sharesOther: 'cannot be, because another group shares the queue or the agents, and a managed group shares with no other',
  wouldShareGroups: 'would be shared by the group {one} and the group {other}, and a managed group shares with no other',
  wouldShareOther: 'would be shared by the group {one} and another group, and a managed group shares with no other',
  wouldShareOthers: 'would be shared by two other groups, and a managed group shares with no other',
  stuckQueue: 'cannot be, because the queue {queue} has no agent group, and neither a timeout nor an action for when there are no agents', alreadyUndone: 'is already taken back', audioMissing: 'is not an audio file that was kept; send it again',
  queueTarget: 'cannot be, because the queue {queue} sends calls to {value}, which the number policy does not allow',
  choice: 'must be one of those offered', yesNo: 'must be true or false', unfit: 'is not what belongs here', unknownField: 'is not a field of this form', formUsed: 'was already used for something else',
  noQuestion: 'names no question of this workflow', noQueue: 'names a queue that does not exist', noAgentGroup: 'names an agent group that does not exist', noAgent: 'names an agent who does not exist in this pool', noWorkflow: 'names a workflow that does not exist',
  queueNameTaken: 'is already the name of another queue', agentGroupNameTaken: 'is already the name of another agent group', trunkNameTaken: 'is already the name of another trunk',
  onDutyCodeTaken: 'is already the code that agents dial to go on duty', offDutyCodeTaken: 'is already the code that agents dial to go off duty',
  ownForm: 'leads to no queue with an agent group, so the form of a group does not fit it', switchedOff: 'is switched off for managers of this group', changedBy: 'was changed by {by} in the meantime',
  notOnDuty: 'must be on duty', formalGroup: 'must be a formal agent group that lists the agent (allowed: {groups})', noFormalGroup: 'must be a formal agent group that lists the agent (there is none)',
  passwordStays: 'is about a password, which is not brought back; make a new one instead', undoneBy: 'was already taken back by {by}', changedSince: 'is followed by a change of {subject} by {by}; take that back first',
  fileBytes: 'must be from 1 to {max} bytes ({megabytes} MB)', wavFile: 'must be a WAV file', wavFormat: 'must be linear PCM with 8 or 16 bits, A-law or µ-law', sampleRate: 'must be {min} to {max} samples a second',
  frameBytes: 'must be {bytes} bytes a frame for {channels} channels of {bits} bits', fileWhole: 'is missing or cut off; the file must be whole', wellFormed: 'cannot be read; the file must be a well-formed WAV file', tooShort: 'must be at least {min} milliseconds',
} as const satisfies Readonly<Record<string, string>>;
export type RuleCode = keyof typeof WORDS;
export const RULE_WORDS: Readonly<Record<RuleCode, string>> = WORDS;

/** The English words of a rule. */
export const ruleText = (code: RuleCode, params: RuleParams = {}): string => WORDS[code].replace(/\{(\w+)\}/g, (_place, name: string) => String(params[name] ?? ''));

const bySentence = new Map<string, Rule>();
/**
 * The English words of a rule of a schema, which knows its faults by their words alone; `ruleOf` finds the rule again. For what is known when
 * a schema is made: nothing is ever forgotten. `words` where the schema says it in more words than the rule.
 */
export function schemaRule(code: RuleCode, params: RuleParams = {}, words = ruleText(code, params)): string {
  bySentence.set(words, { code, params });
  return words;
}
export const ruleOf = (words: string): Rule | null => bySentence.get(words) ?? null;

// The screen a person sees when everything runs: what there is, and what to do next. Pure; `start.ts` prints it.
import { rolesWords, type SeenEngine } from './engine-roles';

export interface ScreenPerson { readonly personId: string; readonly name: string; readonly roles: readonly string[] }
export interface ScreenGroup { readonly name: string; readonly sipUser: string; readonly active: boolean }
export interface ScreenPhone { readonly name: string; readonly user: string; readonly password: string | null }

export interface ScreenFacts {
  readonly version: string;
  readonly dataDirectory: string;
  readonly database:
    | { readonly kind: 'embedded'; readonly port: number }
    | { readonly kind: 'replica-set'; readonly ports: readonly number[] }
    | { readonly kind: 'external'; readonly shownUri: string; readonly replicaSet: string; readonly members: number };
  /** Those on this machine. */
  readonly engines: readonly SeenEngine[];
  /** Null when the bot serves the real Teams and the local page does not run. */
  readonly chatUrl: string | null;
  readonly botUrl: string;
  readonly people: readonly ScreenPerson[];
  readonly groups: readonly ScreenGroup[];
  readonly phones: readonly ScreenPhone[];
  readonly sip: { readonly host: string; readonly port: number; readonly domain: string };
  /** The two pools of a pair, the first the one above; empty: there is one alone. */
  readonly pair?: readonly { readonly name: string; readonly sip: ScreenFacts['sip']; readonly database: ScreenFacts['database'] }[];
  /** Things a person should know, said last. */
  readonly notices: readonly string[];
}

/** Plain text, at most about 100 columns. */
export function screen(facts: ScreenFacts): string {
  return [
    '',
    `Response Group ${facts.version} runs.`,
    '',
    ...section('Database', databaseLines(facts)),
    ...(facts.pair === undefined || facts.pair.length === 0 ? [] : section('Pools', pairLines(facts.pair))),
    ...section('Engines', engineLines(facts)),
    ...section('Chat', chatLines(facts)),
    ...section('Groups', groupLines(facts)),
    ...section('A phone', phoneLines(facts)),
    ...section('No phone?', ['npm run traffic -- --calls-per-minute 30 --agents 5    (in another terminal: simulated callers and agents)']),
    ...section('Data, logs', [facts.dataDirectory]),
    ...facts.notices.flatMap((notice) => section('Note', notice.split('\n'))),
    'Ctrl-C stops everything; the next start finds all data.',
    '',
  ].join('\n');
}

const LABEL_WIDTH = 12;

function section(label: string, lines: readonly string[]): string[] {
  return [...lines.map((line, index) => `${(index === 0 ? label : '').padEnd(LABEL_WIDTH)}${line}`.trimEnd()), ''];
}

function databaseLines({ database }: ScreenFacts): string[] {
  if (database.kind === 'embedded') {
    return [
      `embedded, on 127.0.0.1:${database.port}, one node: NO high availability.`,
      'For high availability: npm start -- --replica-set, or MONGODB_URI with a replica set of three or more members.',
    ];
  }
  if (database.kind === 'replica-set') {
    return [
      `replica set of ${database.ports.length} members on this machine, 127.0.0.1:${database.ports.join(', ')}.`,
      `${lossWords(database.ports.length)} The loss of this machine is the loss of all.`,
    ];
  }
  const { members } = database;
  return [
    `${database.shownUri} (replica set ${database.replicaSet}, ${members} ${members === 1 ? 'member' : 'members'})`,
    members >= 3 ? `High availability: yes. ${lossWords(members)}` : 'NO high availability: that takes three or more members.',
  ];
}

function pairLines(pair: NonNullable<ScreenFacts['pair']>): string[] {
  const [first, second] = pair;
  return [
    ...pair.map(({ name, sip, database }) => `${name.padEnd(6)}SIP ${sip.host}:${sip.port}${database.kind === 'embedded' ? `, database 127.0.0.1:${database.port}` : ''}`),
    'Each keeps a mirror of the other. Phones register with both: the second as the phone’s second server.',
    ...(first && second ? [
      `Type “lose ${first.name}” here to have all of it die, “back ${first.name}” to have it run again. In another terminal:`,
      `  response-group failover ${first.name} --to ${second.name}    (its groups are answered at ${second.name}; docs/disaster-recovery.md)`,
    ] : []),
  ];
}

function lossWords(members: number): string {
  return `${members} members: the loss of the primary changes nothing.`;
}

function engineLines({ engines }: ScreenFacts): string[] {
  if (engines.length > 1) return [rolesWords(engines)];
  return ['one, started again when it dies, to go on with its calls. For another that stands by: npm start -- --standby'];
}

function chatLines({ chatUrl, botUrl, people }: ScreenFacts): string[] {
  if (chatUrl === null) return [`The bot answers Teams at ${botUrl}; the local chat page is off, because MICROSOFT_APP_ID is set.`];
  const width = Math.max(0, ...people.map(({ name }) => name.length)) + 2;
  const roleWidth = Math.max(0, ...people.map(({ roles }) => roles.join(', ').length)) + 2;
  return [
    chatUrl,
    ...people.map(({ personId, name, roles }) => `  ${name.padEnd(width)}${roles.join(', ').padEnd(roleWidth)}${chatUrl}#/as/${encodeURIComponent(personId)}`),
  ];
}

function groupLines({ groups, sip }: ScreenFacts): string[] {
  if (groups.length === 0) return ['none yet: write "help" to the bot as an administrator; its first card creates the first group.'];
  const width = Math.max(...groups.map(({ name }) => name.length)) + 2;
  return groups.map(({ name, sipUser, active }) => `${name.padEnd(width)}sip:${sipUser}@${hostAndPort(sip)}${active ? '' : '  (not active)'}`);
}

function phoneLines({ sip, phones }: ScreenFacts): string[] {
  const width = Math.max(0, ...phones.map(({ name }) => name.length)) + 2;
  return [
    `To call a group: any softphone on this machine; dial the address above (UDP or TCP, G.711).`,
    `To be an agent: register it with server ${hostAndPort(sip)}, domain ${sip.domain}, and`,
    ...(phones.length === 0
      ? ['  the user and password that "my phone" shows in chat.']
      : phones.map(({ name, user, password }) => `  ${name.padEnd(width)}user ${user.padEnd(8)}${password === null ? 'password: reset it with "my phone" in chat' : `password ${password}`}`)),
  ];
}

function hostAndPort({ host, port }: ScreenFacts['sip']): string {
  return port === 5060 ? host : `${host}:${port}`;
}

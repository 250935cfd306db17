// What a configuration is refused for: the rows of test/fixtures/configured, checked as every verb and every import is.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { type Roles } from '../../../storage/access';
import { faultsOf } from '../../../storage/administration/faults';
import { checkIntegrity } from '../../../storage/administration/integrity';
import { type Fault, Refused } from '../../../storage/administration/results';
import { agent as agentSchema, contact } from '../../../storage/model/agent';
import { callAction } from '../../../storage/model/call-action';
import { emptyConfiguration } from '../../../storage/model/configuration';
import { numberPolicy } from '../../../storage/model/number-policy';
import { businessHours, holidaySet, WEEKDAYS } from '../../../storage/model/schedule';
import { type Queue, queue as queueSchema } from '../../../storage/model/queue';
import { poolSettings } from '../../../storage/model/settings';
import { type Workflow, workflow as workflowSchema } from '../../../storage/model/workflow';
import { WholeDraft } from '../../../storage/transfer/whole-draft';

const read = (name: string): unknown => parse(readFileSync(join(__dirname, '..', '..', 'fixtures', 'configured', name), 'utf8'));
const stored = { pool: 'main', version: 1 };
const NOW = new Date('2026-06-01T00:00:00Z');
const everything: Roles = { administrator: true, engine: false, manages: new Set(), agentId: null, serves: new Set() };

/** The faults that a draft is refused for; none where it would be written. */
async function faultsIn(draft: WholeDraft, roles = everything, whole = false): Promise<readonly Fault[]> {
  return checkIntegrity({ draft, roles, sipDomain: 'example.org', now: NOW, whole }).then(() => [], (fault: unknown) => {
    if (fault instanceof Refused) return fault.refusal.faults;
    throw fault;
  });
}
const ruleOf = (faults: readonly Fault[]): (string | undefined)[] => faults.map(({ rule }) => rule?.code);

describe('a target', () => {
  const POLICIES = { none: numberPolicy.parse({}), some: numberPolicy.parse({ allowedPrefixes: ['+44'], allowedDomains: ['voice.example'], emergencyNumbers: ['44999'] }) };
  const before = (policy: keyof typeof POLICIES) => {
    const { objects, ...rest } = emptyConfiguration('main');
    objects.settings.set('main', poolSettings.parse({ ...stored, id: 'main', numberPolicy: POLICIES[policy] }));
    objects.workflows.set('help', workflowSchema.parse({ ...stored, id: 'help', sipUser: 'help', displayName: 'Help', telephoneNumber: '+441632960000', managed: false, managers: [], defaultAction: { kind: 'question', questionId: 'none' } }));
    objects.agents.set('alice', agentSchema.parse({ ...stored, id: 'alice', sipUser: 'alice', name: 'Alice', personId: null, digest: null }));
    return new WholeDraft({} as never, { objects, ...rest });
  };

  /** As an input is read first, and then what it makes of the configuration. */
  async function refusedFor(what: string, value: string, draft: WholeDraft): Promise<readonly (string | undefined)[]> {
    const isContact = what.startsWith('contact');
    const given = isContact ? { kind: what === 'contact number' ? 'number' : 'sipUri' } : { kind: what };
    const input = { ...given, ...(what.endsWith('number') ? { number: value } : { uri: value }) };
    const parsed = (isContact ? contact : callAction).safeParse(input);
    if (!parsed.success) return ruleOf(faultsOf(parsed.error, input));
    if (isContact) await draft.put('agents', agentSchema.parse({ ...stored, id: 'bob', sipUser: 'bob', name: 'Bob', personId: null, digest: null, contacts: [parsed.data] }));
    else await draft.put('queues', queueSchema.parse({ ...stored, id: 'queue', name: 'Queue', agentGroupIds: [], timeoutAction: parsed.data }));
    return ruleOf(await faultsIn(draft));
  }

  const rows = z.array(z.union([z.tuple([z.string(), z.string(), z.string().nullable()]), z.tuple([z.string(), z.string(), z.string().nullable(), z.literal('none')])])).parse(read('targets.yml'));
  test.each(rows.map((row) => [row[0], row[1], row[2] ?? 'nothing', row[3] ?? 'some'] as const))('%s %s: refused for %s, policy: %s', async (what, value, rule, policy) => {
    expect(await refusedFor(what, value, before(policy))).toEqual(rule === 'nothing' ? [] : [rule]);
  });

  test('that stands there from before stays, whatever is refused since, and keeps nobody from changing something else', async () => {
    const odd = { kind: 'sipUri', uri: 'sip:box@gone.example;maddr=192.0.2.1?Subject=x' } as const;
    const contacts = [{ ...odd, uri: 'sip:help@example.org', confirm: false }, { kind: 'number' as const, number: '+441632960000', confirm: true }];
    const { objects, ...rest } = emptyConfiguration('main');
    const queue = queueSchema.parse({ ...stored, id: 'queue', name: 'Queue', agentGroupIds: [], timeoutAction: odd });
    const agent = agentSchema.parse({ ...stored, id: 'bob', sipUser: 'bob', name: 'Bob', personId: null, digest: null, contacts });
    objects.queues.set('queue', queue);
    objects.agents.set('bob', agent);
    const draft = new WholeDraft({} as never, { objects, ...rest });
    await draft.put('queues', { ...queue, name: 'Other' });
    await draft.put('agents', { ...agent, name: 'Robert' });
    expect(draft.changes()).toHaveLength(2);
    expect(await faultsIn(draft)).toEqual([]);
  });

  test('of an export of an earlier release is taken in with all that the engine keeps by itself, but not past the policy', async () => {
    const draft = before('some');
    const action = (uri: string) => ({ timeoutAction: { kind: 'sipUri', uri } });
    await draft.put('queues', queueSchema.parse({ ...stored, id: 'queue', name: 'Queue', agentGroupIds: [], ...action('sip:help@example.org;maddr=192.0.2.1') }));
    await draft.put('agents', agentSchema.parse({ ...stored, id: 'bob', sipUser: 'bob', name: 'Bob', personId: null, digest: null, contacts: [{ kind: 'sipUri', uri: 'sip:help@example.org' }] }));
    expect(ruleOf(await faultsIn(draft))).toEqual(['plainUri', 'ownContact']);
    expect(await faultsIn(draft, everything, true)).toEqual([]);
    await draft.put('queues', queueSchema.parse({ ...stored, id: 'other', name: 'Other', agentGroupIds: [], ...action('sip:box@voice.example;maddr=192.0.2.1') }));
    expect(ruleOf(await faultsIn(draft, everything, true))).toEqual(['domains']);
  });
});

describe('a circle', () => {
  const group = z.strictObject({ number: z.number().optional(), closed: z.string().optional(), holiday: z.string().optional(), menu: z.string().optional(), answer: z.string().optional(), then: z.string().optional(), hours: z.string().optional(), sets: z.array(z.string()).default([]), zone: z.string().default('Etc/UTC') });
  const place = z.strictObject({ timeout: z.string().optional(), overflow: z.string().optional(), noAgents: z.string().optional(), leave: z.string().optional() });
  const rows = z.array(z.strictObject({
    title: z.string(), hours: z.record(z.string(), z.array(z.tuple([z.enum(['mon-fri', 'mon-sun']), z.string(), z.string()]))).default({}), sets: z.record(z.string(), z.array(z.tuple([z.string(), z.string()]))).default({}),
    groups: z.record(z.string(), group).default({}), queues: z.record(z.string(), place).default({}), sees: z.array(z.string()).optional(), circle: z.string().nullable(), field: z.string().optional(),
  })).parse(read('circles.yml'));
  type Row = (typeof rows)[number];

  const NOWHERE = { kind: 'disconnect' };
  function target(text: string | undefined): object {
    if (text === undefined) return NOWHERE;
    const [first = '', rest = ''] = text.split(' ');
    if (first === 'queue') return { kind: 'queue', queueId: rest };
    if (first === 'voicemail') return { kind: 'voicemail', uri: rest };
    return first.startsWith('+') ? { kind: 'number', number: first } : { kind: 'sipUri', uri: first };
  }
  /** Whoever answers nothing is asked two questions, and sent on by the second. */
  function asking({ menu, answer }: Row['groups'][string]): object {
    const asked = (id: string, fallback: object) => ({ id, name: id, prompt: { text: id }, fallback, answers: [{ name: 'One', key: '1', action: target(answer) }] });
    return { defaultAction: { kind: 'question', questionId: 'first' }, questions: [asked('first', { kind: 'question', questionId: 'second' }), asked('second', target(menu))] };
  }
  const workflowOf = (id: string, given: Row['groups'][string]): Workflow => workflowSchema.parse({
    ...stored, id, sipUser: id, displayName: id.toUpperCase(), telephoneNumber: given.number === undefined ? null : `+44${given.number}`, timeZone: given.zone, managed: false, managers: [],
    closedAction: target(given.closed), holidayAction: target(given.holiday), businessHoursId: given.hours ?? null, holidaySetIds: given.sets, ...(given.then === undefined ? asking(given) : { defaultAction: { kind: 'queue', queueId: given.then } }),
  });
  const queueOf = (id: string, given: Row['queues'][string]): Queue => queueSchema.parse({
    ...stored, id, name: id.toUpperCase(), agentGroupIds: [], timeoutAction: target(given.timeout), overflowAction: target(given.overflow), noAgentsAction: given.noAgents === undefined ? null : target(given.noAgents), leaveAction: target(given.leave),
  });
  const hoursOf = (id: string, ranges: Row['hours'][string]) => businessHours.parse({
    ...stored, id, name: id, ...Object.fromEntries(WEEKDAYS.map((day, at) => [day, ranges.filter(([days]) => days === 'mon-sun' || at < 5).map(([, open, close]) => ({ open, close })).sort((one, other) => one.open.localeCompare(other.open))])),
  });
  const setOf = (id: string, holidays: Row['sets'][string]) => holidaySet.parse({ ...stored, id, name: id, holidays: holidays.map(([start, end]) => ({ name: 'Day', start, end })) });

  /** A pool with the row's schedules, and where every number may be called. */
  function poolOf({ hours, sets }: Row) {
    const configuration = emptyConfiguration('main');
    configuration.objects.settings.set('main', poolSettings.parse({ ...stored, id: 'main', numberPolicy: { allowedPrefixes: ['+'], allowedDomains: ['elsewhere.test'] } }));
    for (const [id, ranges] of Object.entries(hours)) configuration.objects.businessHours.set(id, hoursOf(id, ranges));
    for (const [id, holidays] of Object.entries(sets)) configuration.objects.holidaySets.set(id, setOf(id, holidays));
    return configuration;
  }
  const wayIn = (faults: readonly Fault[]): unknown => faults.find(({ rule }) => rule?.code === 'circle')?.rule?.params['way'] ?? null;

  test.each(rows.map((row) => [row.title, row] as const))('%s', async (_title, row) => {
    const draft = new WholeDraft({} as never, poolOf(row));
    for (const [id, given] of Object.entries(row.groups)) await draft.put('workflows', workflowOf(id, given));
    for (const [id, given] of Object.entries(row.queues)) await draft.put('queues', queueOf(id, given));
    const faults = await faultsIn(draft, row.sees === undefined ? everything : { ...everything, administrator: false, manages: new Set(row.sees) });
    expect({ way: wayIn(faults), others: ruleOf(faults).filter((code) => code !== 'circle') }).toEqual({ way: row.circle, others: [] });
    // An import is refused for a circle of queues alone, which no release ever took.
    expect(wayIn(await faultsIn(draft, everything, true)) === null).toBe(row.circle === null || Object.keys(row.groups).length > 0);
    if (row.field !== undefined) expect(faults[0]?.field).toBe(row.field);
  });

  test.each(rows.filter(({ circle }) => circle !== null).map((row) => [row.title, row] as const))('%s: whichever of its halves comes last is refused, and alone it is not', async (_title, row) => {
    const objects = [...Object.entries(row.groups).map(([id, given]) => ({ kind: 'workflows' as const, object: workflowOf(id, given) })), ...Object.entries(row.queues).map(([id, given]) => ({ kind: 'queues' as const, object: queueOf(id, given) }))];
    for (const last of objects) {
      const configuration = poolOf(row);
      for (const { kind, object } of objects) if (object !== last.object) configuration.objects[kind].set(object.id, object as never);
      const draft = new WholeDraft({} as never, configuration);
      await draft.put(last.kind, last.object);
      expect(wayIn(await faultsIn(draft))).not.toBeNull();
    }
  });

  test('is closed by an address, by hours and by holidays too; and one that stands keeps nobody from changing anything else', async () => {
    const row = rows.find(({ title }) => title === 'one is open whenever the other is closed');
    if (row === undefined) throw new Error('the row is gone');
    const configuration = poolOf(row);
    const { a, b } = row.groups;
    if (a === undefined || b === undefined) throw new Error('its groups are gone');
    configuration.objects.workflows.set('a', workflowOf('a', a));
    configuration.objects.workflows.set('b', workflowOf('b', b));
    const refusedFor = async (change: (draft: WholeDraft) => Promise<void>): Promise<unknown> => {
      const draft = new WholeDraft({} as never, configuration);
      await change(draft);
      expect(draft.changes()).toHaveLength(1);
      return (await faultsIn(draft)).map(({ field, rule }) => `${field}: ${String(rule?.params['way'])}`);
    };
    expect(await refusedFor((draft) => draft.put('businessHours', hoursOf('night', [['mon-fri', '00:00', '08:00'], ['mon-fri', '20:00', '24:00']])))).toEqual(['id: B → A → B']);
    expect(await refusedFor((draft) => draft.put('workflows', { ...workflowOf('b', b), timeZone: 'Asia/Tokyo' }))).toEqual(['closedAction.uri: B → A → B']);
    expect(await refusedFor((draft) => draft.put('workflows', workflowOf('c', { ...a, closed: 'sip:c@example.org' })))).toEqual(['closedAction.uri: C → C']);
    // As they may have been stored before this was looked at.
    configuration.objects.businessHours.set('night', hoursOf('night', []));
    expect(await refusedFor((draft) => draft.put('workflows', { ...workflowOf('b', b), displayName: 'Evening' }))).toEqual([]);
    expect(await refusedFor((draft) => draft.put('workflows', { ...workflowOf('b', b), holidayAction: { kind: 'sipUri', uri: 'sip:carla@example.org', prompt: null } }))).toEqual([]);
    expect(await refusedFor((draft) => draft.put('workflows', { ...workflowOf('b', b), sipUser: 'evening' }))).toEqual([]);
  });
});

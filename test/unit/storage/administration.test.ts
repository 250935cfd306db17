// The pure parts of administration: what counts as taken back, what history shows, passwords, and how forms are read.
import fc from 'fast-check';
import { describeChange } from '../../../storage/administration/describe';
import { takenBack } from '../../../storage/administration/log-reader';
import { digestOf, makePassword } from '../../../storage/administration/password';
import { TABLE } from '../../../storage/administration/table';
import { VERB_SCHEMAS, VERBS } from '../../../storage/administration/verbs';
import { warningsOf } from '../../../storage/administration/warnings';
import { type Reach } from '../../../storage/administration/leading';
import { asUpdate } from '../../../storage/feed';
import { agentGroup } from '../../../storage/model/agent-group';
import { type Agent, type Duty } from '../../../storage/model/agent';
import { queue } from '../../../storage/model/queue';
import { workflow } from '../../../storage/model/workflow';
import { applyUpdate, emptyConfiguration } from '../../../storage/model/configuration';
import { type StoredChange } from '../../../storage/stored';
import { supersede } from '../../../storage/superseding';
import { clientOptions } from '../../../storage/connect';

const entry = (sequence: number, undoes: number | null): StoredChange => ({ _id: `p:${sequence}`, sequence, undoes: undoes === null ? null : `p:${undoes}` }) as unknown as StoredChange;

describe('takenBack', () => {
  test.each<[string, [number, number | null][], string[]]>([
    ['nothing undone', [[1, null], [2, null]], []],
    ['one undone', [[1, null], [2, 1]], ['p:1']],
    ['undone and redone', [[1, null], [2, 1], [3, 2]], ['p:2']],
    ['undone, redone and undone again', [[1, null], [2, 1], [3, 2], [4, 1]], ['p:1', 'p:2']],
    ['a redo taken back', [[1, null], [2, 1], [3, 2], [4, 3]], ['p:1', 'p:3']],
  ])('%s', (_title, log, expected) => {
    expect([...takenBack(log.map(([sequence, undoes]) => entry(sequence, undoes))).keys()].sort()).toEqual(expected);
  });

  test('does not depend on the order in which entries come', () => {
    const log = fc.array(fc.nat(), { maxLength: 12 }).map((picks) => picks.map((pick, i) => entry(i + 1, i > 0 && pick % 2 === 0 ? 1 + (pick % i) : null)));
    fc.assert(fc.property(log, fc.infiniteStream(fc.nat()), (entries, stream) => {
      const shuffled = entries.map((one) => [stream.next().value as number, one] as const).sort(([a], [b]) => a - b).map(([, one]) => one);
      expect(new Set(takenBack(shuffled).keys())).toEqual(new Set(takenBack(entries).keys()));
    }));
  });
});

describe('History', () => {
  const agent = (digest: Agent['digest']): Agent => ({ id: 'agent-1', pool: 'p', version: 1, name: 'Alice', sipUser: 'alice', personId: null, digest, contacts: [], simulated: false });

  test('says that a password changed, and shows neither of its hashes', () => {
    const [before, after] = [digestOf('alice', 'x', 'one'), digestOf('alice', 'x', 'two')];
    const fields = describeChange({ kind: 'agents', id: 'agent-1', before: agent(before), after: agent(after) });
    expect(fields).toEqual([{ field: 'password', before: 'set', after: 'set' }]);
    for (const hash of [before.md5, before.sha256, after.md5, after.sha256]) expect(JSON.stringify(fields)).not.toContain(hash);
  });

  test('shows a new agent field by field, without fields that are empty on both sides', () => {
    expect(describeChange({ kind: 'agents', id: 'agent-1', before: null, after: agent(null) }).map(({ field, after }) => [field, after])).toEqual([['name', 'Alice'], ['sipUser', 'alice'], ['contacts', []]]);
  });
});

test('A password has four groups of four letters that nobody mistakes, and no two are alike', () => {
  const passwords = Array.from({ length: 500 }, makePassword);
  for (const password of passwords) expect(password).toMatch(/^[a-hjkmnp-z2-9]{4}(-[a-hjkmnp-z2-9]{4}){3}$/);
  expect(new Set(passwords).size).toBe(passwords.length);
});

test('The hashes are those of RFC 2617 and RFC 8760', () => {
  // The user of RFC 7616 section 3.9.1; the hashes worked out with coreutils.
  expect(digestOf('Mufasa', 'http-auth@example.org', 'Circle of Life')).toEqual({
    realm: 'http-auth@example.org', md5: '3d78807defe7de2157e2b0b6573a855f', sha256: '7987c64c30e25f1b74be53f966b49b90f2808aa92faf9a00262392d7b4794232',
  });
});

test('Every verb has a row whose schema is the one that callers read', () => {
  for (const verb of VERBS) expect(TABLE[verb].schema).toBe(VERB_SCHEMAS[verb]);
});

describe('Forms', () => {
  const parse = (changes: object) => VERB_SCHEMAS['group.change'].safeParse({ id: 'workflow-1', versions: { workflow: 1, queue: 1, agentGroup: 1 }, changes });

  test('A number is read from text exactly when it is in its range', () => {
    fc.assert(fc.property(fc.integer({ min: -5, max: 300 }), (seconds) => {
      expect(parse({ alertTimeSeconds: String(seconds) }).success).toBe(seconds >= 10 && seconds <= 180);
      expect(parse({ alertTimeSeconds: seconds }).success).toBe(seconds >= 10 && seconds <= 180);
    }));
  });

  test('Nothing that people type ends in an exception, and what is let through fits its field', () => {
    fc.assert(fc.property(fc.record({ displayName: fc.anything(), timeoutSeconds: fc.anything(), telephoneNumber: fc.anything(), agentIds: fc.anything(), active: fc.anything() }, { requiredKeys: [] }), (changes) => {
      const parsed = parse(changes);
      if (parsed.success && typeof parsed.data.changes.displayName === 'string') expect(parsed.data.changes.displayName).not.toMatch(/[<>\r\n]/);
    }));
  });

  test('A changed form carries no field that was left out', () => {
    expect(parse({ description: 'x' })).toMatchObject({ success: true, data: { changes: { description: 'x' } } });
    expect(Object.keys(parse({ description: 'x' }).data?.changes ?? {})).toEqual(['description']);
  });
});

describe('Warnings of a group', () => {
  const stored = { pool: 'p', version: 1 };
  const group = (ofWorkflow: object, ofQueue: object = {}, ofAgentGroup: object = {}): Reach => ({
    workflow: workflow.parse({ ...stored, id: 'w', sipUser: 'w', displayName: 'W', active: true, managed: false, managers: [], defaultAction: { kind: 'queue', queueId: 'q' }, ...ofWorkflow }),
    queues: [queue.parse({ ...stored, id: 'q', name: 'Q', agentGroupIds: ['g'], timeoutSeconds: 60, ...ofQueue })],
    agentGroups: [agentGroup.parse({ ...stored, id: 'g', name: 'G', agentIds: ['a', 'b'], ...ofAgentGroup })],
  });
  const onDuty = (ids: readonly string[], more: Partial<Duty> = {}): ReadonlyMap<string, Duty> => new Map(ids.map((id) => [id, { ...stored, id, agentId: id, onDuty: true, since: new Date(0), pause: null, signedIn: [], ...more }]));
  const paused = { pause: { reason: 'lunch', since: new Date(0), until: null, by: 'agent' as const } };
  const audio = { audioId: 'a'.repeat(64), fileName: 'a.wav', durationMs: 1 };
  const answers = (count: number) => Array.from({ length: count }, (_unused, i) => ({ name: `A${i}`, key: String(i), action: { kind: 'disconnect' } }));
  /** Questions in a row, each the last answer of the one before; and back to the first. */
  const deep = (levels: number, count: number) => ({
    defaultAction: { kind: 'question', questionId: 'q0' },
    questions: Array.from({ length: levels }, (_unused, i) => ({ id: `q${i}`, name: `Q${i}`, prompt: { text: 'Which?' }, answers: [...answers(count - 1), { name: 'Next', key: '9', action: { kind: 'question', questionId: `q${(i + 1) % levels}` } }] })),
  });
  const formal = { participation: 'formal' };

  test.each<[string, Reach, ReadonlyMap<string, Duty>, string[]]>([
    ['all is well', group({}), onDuty(['a']), []],
    ['nobody on duty', group({}), onDuty(['c']), ['nobodyOnDuty']],
    ['an agent at pause is on duty', group({}), onDuty(['a'], paused), []],
    ['nobody signed in to a formal group', group({}, {}, formal), onDuty(['a']), ['nobodyOnDuty']],
    ['somebody signed in to a formal group', group({}, {}, formal), onDuty(['a'], { signedIn: ['g'] }), []],
    ['nobody on duty, but inactive', group({ active: false }), onDuty([]), []],
    ['neither timeout nor overflow', group({}, { timeoutSeconds: null }), onDuty(['a']), ['waitsForever']],
    ['an overflow threshold of 0 counts as one', group({}, { timeoutSeconds: null, overflowThreshold: 0 }), onDuty(['a']), []],
    ['managed by nobody', group({ managed: true }), onDuty(['a']), ['noManager']],
    ['a text in a language without a voice', group({ language: 'ko-KR' }, { timeoutAction: { kind: 'disconnect', prompt: { text: 'x' } } }), onDuty(['a']), ['voiceMissing']],
    ['an audio file in a language without a voice', group({ language: 'ko-KR', welcome: { text: 'x', audio } }), onDuty(['a']), []],
    ['a language without a voice, and nothing to say', group({ language: 'ko-KR' }), onDuty(['a']), []],
    ['a question in a language without a voice', group({ language: 'ko-KR', ...deep(1, 2) }), onDuty(['a']), ['voiceMissing']],
    ['three levels of five answers', group(deep(3, 5)), onDuty(['a']), []],
    ['four levels', group(deep(4, 2)), onDuty(['a']), ['deepMenu']],
    ['six answers', group(deep(1, 6)), onDuty(['a']), ['deepMenu']],
  ])('%s', (_title, one, duties, expected) => {
    expect(warningsOf(one, duties).map((warning) => warning.code)).toEqual(expected);
  });

  test('A missing voice is said with every prompt that is to be spoken', () => {
    const one = group({ language: 'ja-JP', welcome: { text: 'Hello' }, ...deep(1, 1) }, { overflowAction: { kind: 'disconnect', prompt: { text: 'Busy' } } });
    expect(warningsOf(one, onDuty(['a']))).toEqual([{ code: 'voiceMissing', workflowId: 'w', language: 'ja-JP', fields: ['welcome', 'questions.0.prompt', 'Q: overflowAction.prompt'] }]);
  });
});

test('A whole configuration as one update leads to the same configuration', () => {
  fc.assert(fc.property(fc.uniqueArray(fc.stringMatching(/^[a-z]{1,8}$/)), fc.integer({ min: 1, max: 99 }), (ids, sequence) => {
    const configuration = emptyConfiguration('p');
    configuration.sequence = sequence;
    for (const id of ids) configuration.objects.duties.set(id, { id, pool: 'p', version: 1, agentId: id, onDuty: true, since: new Date(0), pause: null, signedIn: [] });
    const rebuilt = emptyConfiguration('p');
    applyUpdate(rebuilt, asUpdate(configuration));
    expect(rebuilt).toEqual(configuration);
  }));
});

test('A superseding write carries its document as a literal', () => {
  expect(JSON.stringify(supersede({ _id: 'x', epoch: 1, revision: 2, body: '$secret' } as { _id: string; epoch: number; revision: number }))).toContain('{"$literal":{"_id":"x","epoch":1,"revision":2,"body":"$secret"}}');
});

test('People are told of an absent database sooner than the engine gives up on it', () => {
  const [people, engine] = [clientOptions({ appName: 'bot', forPeople: true }), clientOptions({ appName: 'engine' })];
  expect(people.serverSelectionTimeoutMS).toBeLessThan(engine.serverSelectionTimeoutMS ?? 0);
  for (const options of [people, engine]) expect(options).toMatchObject({ writeConcern: { w: 'majority' }, retryWrites: true });
});

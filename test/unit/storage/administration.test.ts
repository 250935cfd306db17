// The pure parts of administration: what counts as taken back, what history shows, passwords, and how forms are read.
import fc from 'fast-check';
import { describeChange } from '../../../storage/administration/describe';
import { warningsOf, type Group } from '../../../storage/administration/group-form';
import { takenBack } from '../../../storage/administration/log-reader';
import { digestOf, makePassword } from '../../../storage/administration/password';
import { TABLE } from '../../../storage/administration/table';
import { VERB_SCHEMAS, VERBS } from '../../../storage/administration/verbs';
import { asUpdate } from '../../../storage/feed';
import { type Agent } from '../../../storage/model/agent';
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
  const agent = (digest: Agent['digest']): Agent => ({ id: 'agent-1', pool: 'p', version: 1, name: 'Alice', sipUser: 'alice', personId: null, digest, simulated: false });

  test('says that a password changed, and shows neither of its hashes', () => {
    const [before, after] = [digestOf('alice', 'x', 'one'), digestOf('alice', 'x', 'two')];
    const fields = describeChange({ kind: 'agents', id: 'agent-1', before: agent(before), after: agent(after) });
    expect(fields).toEqual([{ field: 'password', before: 'set', after: 'set' }]);
    for (const hash of [before.md5, before.sha256, after.md5, after.sha256]) expect(JSON.stringify(fields)).not.toContain(hash);
  });

  test('shows a new agent field by field, without fields that are empty on both sides', () => {
    expect(describeChange({ kind: 'agents', id: 'agent-1', before: null, after: agent(null) }).map(({ field, after }) => [field, after])).toEqual([['name', 'Alice'], ['sipUser', 'alice'], ['personId', null], ['password', null]]);
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
  const group = (workflow: object, queue: object = {}): Group => ({
    workflow: { id: 'w', active: true, managed: false, managers: [], language: 'en-US', welcome: null, ...workflow },
    queue: { timeoutSeconds: 60, overflowThreshold: null, timeoutAction: { prompt: null }, overflowAction: { prompt: null }, ...queue },
    agentGroup: { agentIds: ['a', 'b'] },
  }) as unknown as Group;
  const codes = (one: Group, onDuty: string[] = ['a']) => warningsOf(one, new Set(onDuty)).map((warning) => warning.code);

  test.each<[string, Group, string[], string[]]>([
    ['all is well', group({}), ['a'], []],
    ['nobody on duty', group({}), ['c'], ['nobodyOnDuty']],
    ['nobody on duty, but inactive', group({ active: false }), [], []],
    ['neither timeout nor overflow', group({}, { timeoutSeconds: null }), ['a'], ['waitsForever']],
    ['an overflow threshold of 0 counts as one', group({}, { timeoutSeconds: null, overflowThreshold: 0 }), ['a'], []],
    ['managed by nobody', group({ managed: true }), ['a'], ['noManager']],
    ['a text in a language without a voice', group({ language: 'ko-KR' }, { timeoutAction: { prompt: { text: 'x' } } }), ['a'], ['voiceMissing']],
    ['a language without a voice, and nothing to say', group({ language: 'ko-KR' }), ['a'], []],
  ])('%s', (_title, one, onDuty, expected) => {
    expect(codes(one, onDuty)).toEqual(expected);
  });
});

test('A whole configuration as one update leads to the same configuration', () => {
  fc.assert(fc.property(fc.uniqueArray(fc.stringMatching(/^[a-z]{1,8}$/)), fc.integer({ min: 1, max: 99 }), (ids, sequence) => {
    const configuration = emptyConfiguration('p');
    configuration.sequence = sequence;
    for (const id of ids) configuration.objects.duties.set(id, { id, pool: 'p', version: 1, agentId: id, onDuty: true, since: new Date(0) });
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

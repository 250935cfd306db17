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
import { queue as queueSchema } from '../../../storage/model/queue';
import { poolSettings } from '../../../storage/model/settings';
import { workflow as workflowSchema } from '../../../storage/model/workflow';
import { WholeDraft } from '../../../storage/transfer/whole-draft';

const read = (name: string): unknown => parse(readFileSync(join(__dirname, '..', '..', 'fixtures', 'configured', name), 'utf8'));
const stored = { pool: 'main', version: 1 };
const everything: Roles = { administrator: true, engine: false, manages: new Set(), agentId: null, serves: new Set() };

/** The faults that a draft is refused for; none where it would be written. */
async function faultsIn(draft: WholeDraft, roles = everything): Promise<readonly Fault[]> {
  return checkIntegrity({ draft, roles, sipDomain: 'example.org' }).then(() => [], (fault: unknown) => {
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
});

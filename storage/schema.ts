// Collections and indexes. Run at the start of every process; running it again changes nothing.
import { type Collection, type Db, type IndexDescription } from 'mongodb';
import { type ObjectKind } from './model/configuration';
import { type Collections } from './stored';

/** A collection by name, with the type of its documents. */
export function collectionOf<N extends keyof Collections>(db: Db, name: N): Collection<Collections[N]> {
  return db.collection<Collections[N]>(name);
}

/** Tombstones, instructions and bindings are of no use an hour after their end. */
const FORGOTTEN_AFTER_SECONDS = 3_600;
/** Longer than anybody talks: the card of a call that is still talked in is written only when that ends. */
const CARD_FORGOTTEN_AFTER_SECONDS = 86_400;
/** Longer than a duty that was pressed is kept. */
const WISH_FORGOTTEN_AFTER_SECONDS = 86_400;

const INDEXES: Readonly<Record<string, readonly IndexDescription[]>> = {
  workflows: [
    { key: { pool: 1, sipUser: 1 } },
    { key: { pool: 1, telephoneNumber: 1 } },
    { key: { pool: 1, 'managers.personId': 1 } },
    { key: { pool: 1, 'defaultAction.queueId': 1 } },
    { key: { pool: 1, 'closedAction.queueId': 1 } },
    { key: { pool: 1, 'holidayAction.queueId': 1 } },
    { key: { pool: 1, 'questions.answers.action.queueId': 1 } },
    { key: { pool: 1, 'questions.fallback.queueId': 1 } },
    { key: { pool: 1, businessHoursId: 1 } },
    { key: { pool: 1, holidaySetIds: 1 } },
  ],
  queues: [
    { key: { pool: 1, agentGroupIds: 1 } },
    { key: { pool: 1, name: 1 } },
    { key: { pool: 1, workflowId: 1 } },
    { key: { pool: 1, 'timeoutAction.queueId': 1 } },
    { key: { pool: 1, 'overflowAction.queueId': 1 } },
    { key: { pool: 1, 'noAgentsAction.queueId': 1 } },
    { key: { pool: 1, 'leaveAction.queueId': 1 } },
  ],
  agentGroups: [{ key: { pool: 1, agentIds: 1 } }, { key: { pool: 1, name: 1 } }, { key: { pool: 1, workflowId: 1 } }],
  businessHours: [{ key: { pool: 1, name: 1 } }, { key: { pool: 1, workflowId: 1 } }],
  holidaySets: [{ key: { pool: 1, name: 1 } }, { key: { pool: 1, workflowId: 1 } }],
  trunks: [{ key: { pool: 1 } }],
  agents: [{ key: { pool: 1, sipUser: 1 } }, { key: { pool: 1, personId: 1 } }],
  duties: [{ key: { pool: 1 } }],
  settings: [{ key: { pool: 1 } }],
  changes: [
    { key: { pool: 1, sequence: 1 }, unique: true },
    { key: { pool: 1, requestId: 1 }, unique: true, partialFilterExpression: { requestId: { $type: 'string' } } },
    { key: { pool: 1, 'changes.id': 1, sequence: -1 } },
    { key: { pool: 1, 'actor.personId': 1, sequence: -1 } },
    { key: { pool: 1, 'subject.id': 1, sequence: -1 } },
    { key: { pool: 1, 'subject.workflowIds': 1, sequence: -1 } },
    { key: { pool: 1, undoes: 1 } },
  ],
  counters: [],
  changesAside: [{ key: { pool: 1 } }],
  mirrors: [],
  serving: [],
  liveGroups: [{ key: { pool: 1 } }],
  livePools: [],
  engines: [{ key: { pool: 1 } }, { key: { at: 1 }, expireAfterSeconds: FORGOTTEN_AFTER_SECONDS }],
  migrations: [],
  alarms: [],
  bots: [{ key: { pool: 1 } }, { key: { at: 1 }, expireAfterSeconds: FORGOTTEN_AFTER_SECONDS }],
  claims: [{ key: { at: 1 }, expireAfterSeconds: FORGOTTEN_AFTER_SECONDS }],
  secrets: [],
  dutyWishes: [{ key: { at: 1 }, expireAfterSeconds: WISH_FORGOTTEN_AFTER_SECONDS }],
  guides: [],
  heldMessages: [{ key: { pool: 1, bot: 1 } }, { key: { at: 1 }, expireAfterSeconds: FORGOTTEN_AFTER_SECONDS }],
  callCards: [{ key: { pool: 1, over: 1, bot: 1 } }, { key: { at: 1 }, expireAfterSeconds: CARD_FORGOTTEN_AFTER_SECONDS }],
  bindings: [{ key: { pool: 1 } }, { key: { expiresAt: 1 }, expireAfterSeconds: FORGOTTEN_AFTER_SECONDS }],
  instructions: [{ key: { pool: 1, outcome: 1 } }, { key: { expiresAt: 1 }, expireAfterSeconds: FORGOTTEN_AFTER_SECONDS }],
  records: [{ key: { pool: 1, arrivedAt: -1 } }, { key: { pool: 1, workflowId: 1, arrivedAt: -1 } }, { key: { pool: 1, 'offers.agentId': 1, arrivedAt: -1 } }],
  people: [{ key: { name: 1 } }],
  leases: [],
  journalCalls: [{ key: { pool: 1, ended: 1 } }, { key: { endedAt: 1 }, expireAfterSeconds: FORGOTTEN_AFTER_SECONDS }],
  journalAgents: [{ key: { pool: 1 } }],
} satisfies Record<keyof Collections | ObjectKind, IndexDescription[]>;

const NAMESPACE_EXISTS = 48;

/** Creates what is missing. Safe to run from several processes at once. @throws the driver's fault */
export async function prepareSchema(db: Db): Promise<void> {
  const there = new Set((await db.listCollections({}, { nameOnly: true }).toArray()).map((one) => one.name));
  for (const [name, indexes] of Object.entries(INDEXES)) {
    if (!there.has(name)) {
      // Made here, not on first use, so that no transaction has to.
      await db.createCollection(name).catch((fault: unknown) => { if ((fault as { code?: unknown }).code !== NAMESPACE_EXISTS) throw fault; });
    }
    if (indexes.length > 0) await db.collection(name).createIndexes([...indexes]);
  }
}

// From a database connection to an engine that serves: lease, configuration, what an earlier engine left, and what people ask.
import { readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { Administration } from '../storage/administration/administration';
import { storeAudio } from '../storage/audio';
import { readBindings, removeBinding, writeBinding } from '../storage/bindings';
import { type Connection } from '../storage/connect';
import { asUpdate, openFeed } from '../storage/feed';
import { serveInstructions } from '../storage/instructions';
import { type Journal, takeLease } from '../storage/journal';
import { removeLiveGroups, writeLiveGroups, writeLivePool } from '../storage/live';
import { type ConfigurationUpdate } from '../storage/model/configuration';
import { type Logger } from '../storage/process/log';
import { Engine, type EngineDeps, type EngineStorage } from './engine';

export interface Serving {
  readonly engine: Engine;
  /** Ends every call, writes what is left and follows nothing any more. The connection stays open. */
  close(): Promise<void>;
}

/**
 * Takes the lease, so that any earlier engine of the pool stops, and serves.
 * @throws the driver's fault when the database goes away meanwhile; nothing serves then, and it may be tried again.
 */
export async function serve(pool: string, connection: Connection, log: Logger, deps: Omit<EngineDeps, 'storage' | 'log'>): Promise<Serving> {
  const { client, db } = connection;
  const journal = await takeLease(connection, pool, `${hostname()}:${process.pid}`);
  if (journal === null) throw new Error(`The lease of pool ${pool} could not be taken.`);
  const early: ConfigurationUpdate[] = [];
  let follow = (update: ConfigurationUpdate): void => { early.push(update); };
  const feed = await openFeed({ client, db, log }, pool, (update) => { follow(update); });
  try {
    const [bindings, { calls, agents }] = await Promise.all([readBindings(db, pool), journal.readAll()]);
    const administration = new Administration({ client, db, pool, sipDomain: deps.domain, log });
    const engine = new Engine({ ...deps, log, storage: storageOf(connection, journal, administration) });
    engine.begin({ configuration: asUpdate(feed.initial), bindings, calls, agents });
    follow = (update) => { engine.configurationChanged(update); };
    for (const update of early) follow(update);
    const instructions = serveInstructions({ db, log }, pool, (instruction) => { engine.instruct(instruction); });
    log.info({ epoch: journal.epoch, inForce: feed.initial.sequence }, 'engine serves');
    return {
      engine,
      close: async () => {
        await Promise.all([instructions.close(), feed.close()]);
        await engine.stop();
      },
    };
  } catch (fault) {
    await feed.close();
    throw fault;
  }
}

function storageOf({ db }: Connection, journal: Journal, administration: Administration): EngineStorage {
  return {
    journal,
    live: { writeGroups: (groups) => writeLiveGroups(db, groups), removeGroups: (ids) => removeLiveGroups(db, ids), writePool: (pool) => writeLivePool(db, pool) },
    bindings: { write: (binding) => writeBinding(db, binding), remove: (agentId) => removeBinding(db, agentId) },
    pauses: { pause: async (agentId, requestId) => {
      const result = await administration.perform({ kind: 'engine', name: 'engine' }, 'duty.pause', { agentId }, { requestId });
      if (result.ok || result.code === 'alreadyDone') return null;
      if (result.code === 'unavailable') throw new Error(result.message);
      return `${result.code}: ${result.message}`;
    } },
    keepAudio: async (file) => storeAudio(db, await readFile(file)),
  };
}

// Engine processes as they report themselves: one small document each, written every 2 s, forgotten an hour after the last.
import { type Db } from 'mongodb';
import { databaseTime, ENGINE_AWAY_AFTER_MS } from './live';
import { type EngineReport } from './model/engine-report';
import { collectionOf } from './schema';

/** Engine side, every 2 s and whenever the role changes. `at` is set to database time. @throws the driver's fault; writing again is safe */
export async function writeEngine(db: Db, report: Omit<EngineReport, 'at'>): Promise<void> {
  // A literal, so that nothing in it is read as an expression.
  await collectionOf(db, 'engines').updateOne({ _id: report._id }, [{ $replaceWith: { $mergeObjects: [{ $literal: report }, { at: '$$NOW' }] } }], { upsert: true });
}

/** Engine side, when it stops by itself, so that nobody takes it for lost. */
export async function removeEngine(db: Db, id: string): Promise<void> {
  await collectionOf(db, 'engines').deleteOne({ _id: id });
}

/**
 * Every engine that reported within the last hour, the active one first, then by age; `alive` by the database's clock. One that died is not there any
 * more once another lives in its place: on the same host, with the same port of /healthz.
 */
export async function readEngines(db: Db, pool: string): Promise<readonly (EngineReport & { readonly alive: boolean })[]> {
  const found = await collectionOf(db, 'engines').find({ pool }).toArray();
  const now = (await databaseTime(db)).getTime();
  const engines = found.map((one) => ({ ...one, alive: now - one.at.getTime() < ENGINE_AWAY_AFTER_MS }));
  // Within 6 s of a death both seem to live: the one that reported last does.
  const hasHeir = (one: EngineReport): boolean => engines.some((other) => other._id !== one._id && other.host === one.host && other.healthPort === one.healthPort && other.alive && other.at > one.at);
  return engines
    .filter((one) => !hasHeir(one))
    .sort((a, b) => Number(b.alive) - Number(a.alive) || Number(b.role === 'active') - Number(a.role === 'active') || a.since.getTime() - b.since.getTime() || (a._id < b._id ? -1 : 1));
}

// Where a pool's configuration may be changed now: in the database of the site that serves it, and nowhere else.
import { type ClientSession, type Db } from 'mongodb';
import { readServing } from '../mirror/serving';
import { servedBy } from '../model/serving';
import { collectionOf } from '../schema';
import { refuse } from './results';

/** The pool that serves `pool`, which is this database's. @throws Refused 'conflict' where that is another's */
export async function whereServed(db: Db, session: ClientSession, pool: string): Promise<string> {
  const server = servedBy(await readServing(db, pool, session), pool);
  // What is mirrored here has its home elsewhere.
  const isHome = await collectionOf(db, 'mirrors').findOne({ _id: pool }, { session, projection: { _id: 1 } }) === null;
  if (isHome && server !== pool) throw refuse('conflict', `Pool ${pool} is served by pool ${server} now, and is changed there.`);
  if (!isHome && server === pool) throw refuse('conflict', `Pool ${pool} is only mirrored here. It is changed at its own site, or here once it has been failed over.`);
  return server;
}

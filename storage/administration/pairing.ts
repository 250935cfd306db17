// What administrators see of the partner's configuration that is mirrored here, and that they have it copied anew.
import { type Db, type MongoClient } from 'mongodb';
import { may, type Acting } from '../access';
import { databaseTime } from '../live';
import { DatabaseReceiver } from '../mirror/database-receiver';
import { type MirrorStatus } from '../model/mirror';
import { collectionOf } from '../schema';
import { refuse } from './results';
import { readRoles } from './roles';

export interface PairingDeps { readonly client: MongoClient; readonly db: Db; readonly pool: string }

/** Every pool that is mirrored into this database, by name. @throws Refused 'notAllowed' to everybody but administrators, or the driver's fault */
export async function mirrors(deps: PairingDeps, acting: Acting): Promise<readonly MirrorStatus[]> {
  await permit(deps, acting);
  const [at, found] = await Promise.all([databaseTime(deps.db), collectionOf(deps.db, 'mirrors').find().sort({ _id: 1 }).toArray()]);
  return found.map((mirror) => ({ pool: mirror._id, at, mirror }));
}

/** Has a mirrored pool compared and copied as it is now, whatever it has forgotten. @throws Refused 'notAllowed', or 'notFound' where no such pool is mirrored here */
export async function takeAnew(deps: PairingDeps, acting: Acting, pool: string): Promise<void> {
  await permit(deps, acting);
  if (!await collectionOf(deps.db, 'mirrors').findOne({ _id: pool })) throw refuse('notFound', `No pool ${pool} is mirrored here.`);
  await new DatabaseReceiver(deps, pool).takeAnew();
}

async function permit({ db, pool }: PairingDeps, acting: Acting): Promise<void> {
  if (may(await readRoles(db, pool, acting), 'pool.pair', { kind: 'pool' }) !== 'allowed') throw refuse('notAllowed', 'You may not do this.');
}

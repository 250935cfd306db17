// Groups that people are making step by step: what each has typed so far, wherever they go on.
import { type Db } from 'mongodb';
import { collectionOf } from './schema';

export interface KeptGuide { readonly id: string; readonly state: string }

const idOf = (pool: string, personId: string): string => `${pool}/${personId.toLowerCase()}`;

/** The one that this person has begun; `null`: none. @throws the driver's fault */
export async function readGuide(db: Db, pool: string, personId: string): Promise<KeptGuide | null> {
  const kept = await collectionOf(db, 'guides').findOne({ _id: idOf(pool, personId) });
  return kept && { id: kept.guideId, state: kept.state };
}

/** Begins one, unless this person has one already: that is given back. @throws the driver's fault */
export async function beginGuide(db: Db, pool: string, personId: string, guide: KeptGuide): Promise<KeptGuide> {
  const there = await collectionOf(db, 'guides').findOneAndUpdate(
    { _id: idOf(pool, personId) }, { $setOnInsert: { guideId: guide.id, state: guide.state, at: new Date() } }, { upsert: true, returnDocument: 'after' },
  );
  return there ? { id: there.guideId, state: there.state } : guide;
}

/** `false`: this one is over, and stays so. @throws the driver's fault */
export async function keepGuide(db: Db, pool: string, personId: string, { id, state }: KeptGuide): Promise<boolean> {
  const kept = await collectionOf(db, 'guides').updateOne({ _id: idOf(pool, personId), guideId: id }, { $set: { state, at: new Date() } });
  return kept.matchedCount === 1;
}

/** @throws the driver's fault */
export async function forgetGuide(db: Db, pool: string, personId: string, id: string): Promise<void> {
  await collectionOf(db, 'guides').deleteOne({ _id: idOf(pool, personId), guideId: id });
}

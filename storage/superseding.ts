// A write that carries (epoch, revision) and loses against a newer one, also when it comes late, twice or from an engine that was replaced.
import { type AnyBulkWriteOperation, type Document } from 'mongodb';

/** One upsert that puts `document` in place unless what stands there is as new or newer. */
export function supersede<T extends { readonly _id: string; readonly epoch: number; readonly revision: number }>(document: T): AnyBulkWriteOperation<T> {
  const isOlder: Document = {
    $or: [
      { $lt: [{ $ifNull: ['$epoch', -1] }, document.epoch] },
      { $and: [{ $eq: ['$epoch', document.epoch] }, { $lt: ['$revision', document.revision] }] },
    ],
  };
  // A literal, so that nothing in it is read as an expression.
  const update = [{ $replaceWith: { $cond: [isOlder, { $literal: document }, '$$ROOT'] } }];
  return { updateOne: { filter: { _id: document._id }, update, upsert: true } } as unknown as AnyBulkWriteOperation<T>;
}

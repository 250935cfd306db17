// One transaction, repeated until it is known what became of it, or until a deadline.
import { MongoError, MongoErrorLabel, MongoNetworkError, MongoServerError, MongoServerSelectionError, type ClientSession, type MongoClient, type TransactionOptions } from 'mongodb';

/** Majority, so that what was answered survives an election; snapshot, so that everything read belongs to one moment. */
export const TRANSACTION: TransactionOptions = { readConcern: { level: 'snapshot' }, writeConcern: { w: 'majority' }, readPreference: 'primary' };

const PAUSE_MS = { first: 2, most: 100 };

/** Whether the fault says that the database could not be reached or changed its primary, rather than that we asked for something wrong. */
export function isDatabaseAway(fault: unknown): boolean {
  if (fault instanceof MongoServerSelectionError || fault instanceof MongoNetworkError) return true;
  if (!(fault instanceof MongoError)) return false;
  if (fault.name === 'MongoPoolClearedError' || fault.name === 'MongoTopologyClosedError' || fault.name === 'MongoOperationTimeoutError' || fault.name === 'MongoWriteConcernError') return true;
  return fault.hasErrorLabel(MongoErrorLabel.RetryableWriteError) || fault.hasErrorLabel(MongoErrorLabel.UnknownTransactionCommitResult)
    // A majority that did not answer in time; not primary, stepping down, shutting down, interrupted by an election.
    || (fault instanceof MongoServerError && [64, 91, 189, 10107, 11600, 11602, 13435, 13436].includes(Number(fault.code)));
}

/** Whether a fault of a transaction is cured by running the whole of it again. Where no primary was found, the client has waited for one long enough. */
function isTransient(fault: unknown): boolean {
  if (fault instanceof MongoServerSelectionError) return false;
  return isDatabaseAway(fault) || (fault instanceof MongoError && fault.hasErrorLabel(MongoErrorLabel.TransientTransactionError));
}

/**
 * Runs `body` in a transaction and commits. A write conflict, an election or a lost connection runs it again until `deadline` (epoch milliseconds);
 * a commit whose outcome is unknown is repeated, which is safe, and if that does not tell, `body` runs again: so `body` must recognise what an earlier
 * run of its own may have written, by its own identity. A fault that `body` throws for another reason aborts and is passed on.
 *
 * `own`: the session to use, one transaction after another. It stays open, and is of no more use after a fault that says the database is away:
 * such a fault is passed on at once.
 */
export async function inTransaction<T>(client: MongoClient, body: (session: ClientSession) => Promise<T>, deadline: number, own?: ClientSession): Promise<T> {
  for (let attempt = 0; ; attempt += 1) {
    const session = own ?? client.startSession();
    try {
      session.startTransaction(TRANSACTION);
      const value = await body(session);
      await commit(session, deadline);
      if (own === undefined) await session.endSession();
      return value;
    } catch (fault) {
      // Ending the session aborts what it began. An absent database is not waited for a second time; it forgets the transaction by itself.
      const away = isDatabaseAway(fault);
      const over = (own === undefined ? session.endSession() : aborted(session)).catch(() => undefined);
      if (!away) await over;
      if ((own !== undefined && away) || !isTransient(fault) || Date.now() >= deadline) throw fault;
    }
    const pause = Math.min(PAUSE_MS.most, PAUSE_MS.first * 2 ** attempt) * (0.5 + Math.random());
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}

async function aborted(session: ClientSession): Promise<void> {
  if (session.inTransaction()) await session.abortTransaction();
}

async function commit(session: ClientSession, deadline: number): Promise<void> {
  for (;;) {
    try {
      await session.commitTransaction();
      return;
    } catch (fault) {
      const unknown = fault instanceof MongoError && fault.hasErrorLabel(MongoErrorLabel.UnknownTransactionCommitResult);
      if (!unknown || Date.now() >= deadline) throw fault;
    }
  }
}

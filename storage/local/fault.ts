// What can go wrong with the local database, each with words that say what to do and the exit code it ends with.
import { EXIT } from '../process/exit';

export type LocalDatabaseFaultCode =
  | 'PYTHON_MISSING'
  | 'PYTHON_UNSUITABLE'
  | 'INSTALL_FAILED'
  | 'MONGOD_MISSING'
  | 'MONGOD_UNSUITABLE'
  | 'FOLDER_UNUSABLE'
  | 'DATA_CORRUPT'
  | 'ALREADY_RUNNING'
  | 'DATABASE_FAILED'
  | 'DATABASE_UNREACHABLE';

/** `message` names the thing and what a person can do; nothing was lost or changed when it is thrown. */
export class LocalDatabaseFault extends Error {
  constructor(readonly code: LocalDatabaseFaultCode, message: string, readonly exitCode: number = EXIT.databaseUnusable, options?: ErrorOptions) {
    super(message, options);
    this.name = 'LocalDatabaseFault';
  }
}

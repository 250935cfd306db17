// The last line of defence: a fault of ours in one handler is logged and costs what it worked on, not the process and every call in it.
import { type Logger } from '../../../storage/process/log';

/** The same action, never throwing. */
export const guarded = <Arguments extends unknown[]>(log: Logger, action: (...given: Arguments) => void) => (...given: Arguments): void => {
  try {
    action(...given);
  } catch (err) {
    log.error({ err }, 'The edge met a fault of its own');
  }
};

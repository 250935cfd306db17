// Real time.
import { type Timers } from './ports';

/** Timers of the running process. They do not keep the process alive by themselves. */
export const realTimers: Timers = {
  nowMs: () => performance.now(),
  after: (ms, act) => {
    const timer = setTimeout(act, ms);
    timer.unref();
    return () => { clearTimeout(timer); };
  },
};

// Loaded before a program, so that its civil clock can be made to jump: SIGUSR2 takes it an hour on, then an hour back behind the truth, then to the truth again.
'use strict';
const HOUR_MS = 3_600_000;
const JUMPS = [0, HOUR_MS, -HOUR_MS];
let jump = 0;
const RealDate = Date;
class JumpingDate extends RealDate {
  constructor(...parts) {
    if (parts.length === 0) super(RealDate.now() + JUMPS[jump]);
    else super(...parts);
  }
  static now() { return RealDate.now() + JUMPS[jump]; }
}
globalThis.Date = JumpingDate;
process.on('SIGUSR2', () => { jump = (jump + 1) % JUMPS.length; });

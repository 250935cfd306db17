// The play clock in virtual time: exactly fifty frames a second, however late it wakes, and what cannot be made up is told.
import { PlayClock, type Playable } from '../../../engine/edge/media/play-clock';

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

class Counter implements Playable {
  frames = 0;
  skipped = 0;
  constructor(private readonly limit = Infinity) {}
  playFrame(skippedFrames: number): boolean {
    this.frames += 1;
    this.skipped += skippedFrames;
    return this.frames < this.limit;
  }
}

test('after a second each of many players was called fifty times, give or take the first', () => {
  const clock = new PlayClock();
  const players = Array.from({ length: 10 }, () => new Counter());
  for (const player of players) clock.add(player);
  jest.advanceTimersByTime(60_000);
  for (const player of players) expect(Math.abs(player.frames - 3000)).toBeLessThanOrEqual(1);
  for (const player of players) clock.remove(player);
  expect(jest.getTimerCount()).toBe(0);
});

test('a timer that is late by a little is made up, without drift', () => {
  let lateMs = 0;
  const clock = new PlayClock(() => performance.now() + lateMs);
  const player = new Counter();
  clock.add(player);
  jest.advanceTimersByTime(1_000);
  lateMs = 90;
  jest.advanceTimersByTime(1_000);
  expect(Math.abs(player.frames - Math.round(2_090 / 20))).toBeLessThanOrEqual(1);
  expect(player.skipped).toBe(0);
  clock.remove(player);
});

test('after a long standstill what was missed is skipped, and each player is told how much', () => {
  let lateMs = 0;
  const clock = new PlayClock(() => performance.now() + lateMs);
  const players = Array.from({ length: 5 }, () => new Counter());
  for (const player of players) clock.add(player);
  jest.advanceTimersByTime(1_000);
  lateMs = 10_000;
  jest.advanceTimersByTime(1_000);
  for (const player of players) {
    expect(player.frames).toBeLessThan(110);
    expect(Math.abs(player.frames + player.skipped - 600)).toBeLessThanOrEqual(1);
    clock.remove(player);
  }
});

test('what is over is called no more, and an idle clock has no timer', () => {
  const clock = new PlayClock();
  const player = new Counter(3);
  clock.add(player);
  jest.advanceTimersByTime(1_000);
  expect(player.frames).toBe(3);
  expect(clock.size).toBe(0);
  expect(jest.getTimerCount()).toBe(0);
  const again = new Counter();
  clock.add(again);
  jest.advanceTimersByTime(100);
  expect(again.frames).toBeGreaterThanOrEqual(4);
  clock.remove(again);
});

test('what is added twice is called once a frame', () => {
  const clock = new PlayClock();
  const player = new Counter();
  clock.add(player);
  clock.add(player);
  jest.advanceTimersByTime(1_000);
  expect(Math.abs(player.frames - 50)).toBeLessThanOrEqual(1);
  clock.remove(player);
});

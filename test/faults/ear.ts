// What one side hears: how long it went without a packet, and how long without the sound that it should hear.
import { alaw } from 'alawmulaw';

const RATE = 8_000;
const RTP_HEADER = 12;
/** Softer than any music or tone of a run, louder than the noise of companding. */
const AUDIBLE = 64;
/** Of the power of a packet, at the frequency of whoever is listened to. */
const SHARE = 0.5;
const LINEAR = alaw.decode(Uint8Array.from({ length: 256 }, (_, index) => index));

/** `anything`: music or any tone. A number: that tone alone, from the first time it was heard. */
export type Expected = 'anything' | number;

export interface Silences {
  /** The longest time between two packets while waiting, in ms. */
  readonly waitingPackets: number;
  /** The longest time without music or tone while waiting or being joined. */
  readonly waiting: number;
  readonly talkingPackets: number;
  /** The longest time without the other side's tone, once it had been heard. */
  readonly talking: number;
}

export class Ear {
  private expected: Expected = 'anything';
  /** The tone awaited was heard. */
  private joined = false;
  private lastPacketMs: number;
  private lastSoundMs: number;
  private longest = { waitingPackets: 0, waiting: 0, talkingPackets: 0, talking: 0 };
  /** Before the call is answered, and after its end, nothing that is missing is a silence. */
  private deaf = true;

  constructor(private readonly now: () => number = () => performance.now()) {
    this.lastPacketMs = this.lastSoundMs = now();
  }

  /** The call is answered: from now on something should be heard. */
  open(): void {
    this.deaf = false;
    this.lastPacketMs = this.lastSoundMs = this.now();
  }

  /** From now on this tone is what should be heard. */
  expect(hertz: number): void {
    this.expected = hertz;
    this.joined = false;
  }

  /** The tone that is awaited has been heard. */
  get hears(): boolean { return this.joined; }

  packet(packet: Buffer): void {
    if (this.deaf) return;
    const nowMs = this.now();
    this.note('Packets', nowMs - this.lastPacketMs);
    this.lastPacketMs = nowMs;
    if (!this.fits(packet)) return;
    this.note('', nowMs - this.lastSoundMs);
    this.lastSoundMs = nowMs;
  }

  /** Forgets what was; a silence that lasts is counted from now on. */
  reset(): void {
    this.longest = { waitingPackets: 0, waiting: 0, talkingPackets: 0, talking: 0 };
    if (!this.deaf) this.lastPacketMs = this.lastSoundMs = this.now();
  }

  /** The longest silences so far, with the one that still lasts. */
  silences(): Silences {
    if (!this.deaf) {
      this.note('Packets', this.now() - this.lastPacketMs);
      this.note('', this.now() - this.lastSoundMs);
    }
    return { ...this.longest };
  }

  /** The call is over: what comes no more is no silence. */
  close(): void {
    this.silences();
    this.deaf = true;
  }

  private note(what: '' | 'Packets', ms: number): void {
    const key = `${this.joined ? 'talking' : 'waiting'}${what}` as const;
    if (ms > this.longest[key]) this.longest[key] = ms;
  }

  private fits(packet: Buffer): boolean {
    if (packet.length <= RTP_HEADER) return false;
    if (this.expected !== 'anything' && toneShare(packet, this.expected) >= SHARE) {
      this.joined = true;
      return true;
    }
    return !this.joined && isAudible(packet);
  }
}

function isAudible(packet: Buffer): boolean {
  for (let index = RTP_HEADER; index < packet.length; index += 3) if (Math.abs(LINEAR[packet[index] ?? 0] ?? 0) > AUDIBLE) return true;
  return false;
}

/** Goertzel over one packet. */
function toneShare(packet: Buffer, hertz: number): number {
  const coefficient = 2 * Math.cos((2 * Math.PI * hertz) / RATE);
  let [one, two, power] = [0, 0, 0];
  for (let index = RTP_HEADER; index < packet.length; index += 1) {
    const sample = LINEAR[packet[index] ?? 0] ?? 0;
    const next = sample + coefficient * one - two;
    two = one;
    one = next;
    power += sample * sample;
  }
  if (power === 0) return 0;
  return (2 * (one * one + two * two - coefficient * one * two)) / ((packet.length - RTP_HEADER) * power);
}

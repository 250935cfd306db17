// The voice of one caller or agent in the crowd, with an ear for what comes back.
import { soundSocket, ToneVoice } from '../support/tone-voice';
import { Ear } from './ear';

const ADDRESS = '127.0.0.1';
/** Multiples of 50 Hz have whole periods in a packet, so that no tone is mistaken for another. */
const LOWEST_HERTZ = 400;
const HERTZ_STEP = 50;
const TONES = 58;

/** A tone of its own for each number, as far as there are so many. */
export function toneOf(number: number): number { return LOWEST_HERTZ + HERTZ_STEP * (number % TONES); }

export class Voice extends ToneVoice {
  readonly ear = new Ear();
  /** Who waits says little. */
  override talks = false;

  static async open(hertz: number): Promise<Voice> { return new Voice(await soundSocket(ADDRESS), ADDRESS, hertz); }

  override close(): void {
    this.ear.close();
    super.close();
  }

  protected override heard(packet: Buffer): void { this.ear.packet(packet); }
}

// What can be fuzzed: something that takes one input after another, and in the end must hold nothing and have met no fault of its own.
import { EventEmitter } from 'node:events';
import { type Pick } from './random';

export interface Target {
  readonly name: string;
  /** Takes one damaged input. Whatever it throws is a finding. */
  feed(pick: Pick): void;
  /** Lets what was put off happen. */
  settle(): Promise<void>;
  /** Ends everything. Returns what should not be: faults that were logged, and what is still held. */
  finish(): Promise<readonly string[]>;
}

/** A TCP connection or UDP socket without a network: what comes is emitted by the test, what goes out is read from it. */
export class FakeSocket extends EventEmitter {
  destroyed = false;
  readonly writableLength = 0;
  readonly remoteAddress = '127.0.0.1';
  readonly remotePort = 40_000;
  written: string[] = [];

  get writable(): boolean { return !this.destroyed; }
  setNoDelay(): this { return this; }
  setKeepAlive(): this { return this; }
  setEncoding(): this { return this; }
  resume(): this { return this; }

  write(data: string | Buffer): boolean {
    this.written.push(data.toString());
    if (this.written.length > 100) this.written.splice(0, 50);
    return true;
  }

  /** As a datagram socket. */
  send(_answer: Buffer, _port: number, _address: string, sent: (fault: null) => void): void { sent(null); }
  end(): this { return this.destroy(); }
  destroySoon(): void { this.destroy(); }

  destroy(): this {
    if (this.destroyed) return this;
    this.destroyed = true;
    this.emit('close');
    return this;
  }
}

export const turn = (): Promise<void> => new Promise((resolve) => { setImmediate(resolve); });

// A TCP connection in between that a test can cut or freeze.
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

export class Cuttable {
  readonly pairs = new Set<readonly [Socket, Socket]>();
  private frozen = false;
  private deaf = false;

  private constructor(readonly port: number, private readonly closeServer: () => Promise<void>) {}

  static async before(port: number): Promise<Cuttable> {
    const server = createServer({ allowHalfOpen: false });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const made = new Cuttable((server.address() as AddressInfo).port, () => new Promise((resolve) => { server.close(() => { resolve(); }); }));
    server.on('connection', (near) => {
      const far = connect(port, '127.0.0.1');
      const pair = [near, far] as const;
      made.pairs.add(pair);
      for (const [from, to] of [[near, far], [far, near]] as const) {
        from.setNoDelay(true);
        from.on('data', (data) => { if (!made.frozen && !(made.deaf && to === near && made.swallows(data))) to.write(data); });
        from.on('error', () => undefined);
        from.on('close', () => { to.destroy(); made.pairs.delete(pair); });
      }
    });
    return made;
  }

  /** Ends every connection at once; new ones may be made. */
  cut(): void { for (const [near, far] of this.pairs) { near.destroy(); far.destroy(); } }

  /** From now on nothing gets through, although the connections stand. */
  freeze(): void { this.frozen = true; }
  /** From now on whoever connects does not hear what comes of what it asked for; requests get through. */
  deafen(): void { this.deaf = true; }
  thaw(): void { this.frozen = this.deaf = false; }

  /** Answers to commands; drachtio's framing. */
  private swallows(data: Buffer): boolean { return data.includes('|response|'); }

  async close(): Promise<void> {
    this.cut();
    await this.closeServer();
  }
}

// Runs baresip, a second independent client: registers, calls or answers by itself, sends a tone and records what it hears.
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Server } from './phone';
import { freePort } from './sipp';

const MODULES = '/usr/lib/baresip/modules';

export interface BaresipOptions {
  readonly server: Server;
  readonly user: string;
  /** Registers with it; without, the phone only calls. */
  readonly password?: string;
  readonly autoAnswer?: boolean;
  readonly toneHz: number;
  readonly codec?: 'PCMA' | 'PCMU';
  /** Over TLS, with the file of who may have signed the server's certificate. */
  readonly tls?: { readonly authorities: string };
}

export class Baresip {
  private said = '';
  private readonly waiters: Array<{ readonly pattern: RegExp; readonly found: () => void }> = [];
  private readonly exited: Promise<void>;

  private constructor(private readonly child: ChildProcess, private readonly folder: string) {
    const hear = (data: Buffer): void => {
      this.said += data.toString();
      for (const waiter of [...this.waiters]) if (waiter.pattern.test(this.said)) waiter.found();
    };
    child.stdout?.on('data', hear);
    child.stderr?.on('data', hear);
    this.exited = new Promise((resolve) => child.once('exit', () => resolve()));
  }

  static async start(options: BaresipOptions): Promise<Baresip> {
    const folder = mkdtempSync(join(tmpdir(), 'baresip-'));
    const { server } = options;
    const transport = options.tls ? 'tls' : 'udp';
    const account = [
      `<sip:${options.user}@${server.domain};transport=${transport}>`, `outbound="sip:${server.host}:${server.port};transport=${transport}"`, `audio_codecs=${options.codec ?? 'PCMA'}`,
      options.password ? `auth_user=${options.user};auth_pass=${options.password};regint=60` : 'regint=0', `answermode=${options.autoAnswer ? 'auto' : 'manual'}`,
    ].join(';');
    writeFileSync(join(folder, 'accounts'), `${account}\n`);
    writeFileSync(join(folder, 'contacts'), '');
    writeFileSync(join(folder, 'config'), [
      `module_path ${MODULES}`, 'module stdio.so', 'module g711.so', 'module ausine.so', 'module aufile.so', 'module sndfile.so', 'module_app account.so', 'module_app menu.so',
      `sip_listen 127.0.0.1:${await freePort()}`, 'net_interface 127.0.0.1', `audio_source ausine,${options.toneHz}`, 'audio_player aufile,/dev/null', 'audio_alert aufile,/dev/null',
      'ausrc_srate 48000', 'auplay_srate 8000', 'ausrc_channels 2', 'auplay_channels 1', `snd_path ${folder}`, 'audio_path /nonexistent', ...(options.tls ? [`sip_cafile ${options.tls.authorities}`] : []), '',
    ].join('\n'));
    const child = spawn('baresip', ['-f', folder, '-v'], { stdio: ['pipe', 'pipe', 'pipe'] });
    const phone = new Baresip(child, folder);
    try {
      await phone.hears(/baresip is ready/);
      if (options.password) await phone.hears(/200 OK.*binding|registered successfully/i);
      return phone;
    } catch (fault) {
      await phone.stop();
      throw fault;
    }
  }

  /** Resolves when its output has matched. @rejects after 20 s with what it said. */
  hears(pattern: RegExp): Promise<void> {
    if (pattern.test(this.said)) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`baresip did not say ${String(pattern)}; it said:\n${this.said.slice(-3000)}`)), 20_000);
      this.waiters.push({ pattern, found: () => { clearTimeout(timer); resolve(); } });
    });
  }

  command(line: string): void {
    this.child.stdin?.write(`${line}\n`);
  }

  dial(address: string): void {
    this.command(`/dial ${address}`);
  }

  /** How much sound of its last call it has recorded so far. */
  async recordedBytes(): Promise<number> {
    const file = (await readdir(this.folder)).filter((name) => name.endsWith('-dec.wav')).sort().at(-1);
    return file ? (await stat(join(this.folder, file))).size : 0;
  }

  /** What it heard in its last call, as 8 kHz samples in [-1, 1]; after the call has ended. */
  async heard(): Promise<Float32Array> {
    const file = (await readdir(this.folder)).filter((name) => name.endsWith('-dec.wav')).sort().at(-1);
    if (!file) throw new Error(`baresip recorded nothing; it said:\n${this.said.slice(-3000)}`);
    const wav = await readFile(join(this.folder, file));
    const data = wav.indexOf('data') + 8;
    return Float32Array.from({ length: (wav.length - data) >> 1 }, (_, index) => wav.readInt16LE(data + 2 * index) / 32768);
  }

  async stop(): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) {
      this.command('/quit');
      const timer = setTimeout(() => this.child.kill('SIGKILL'), 5_000);
      await this.exited;
      clearTimeout(timer);
    }
    await rm(this.folder, { recursive: true, force: true });
  }
}

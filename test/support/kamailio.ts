// Debian's Kamailio as somebody else's trunk: a registrar and proxy with digest, one account, without a database.
import { type ChildProcess, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freeTcpPort } from './system';

export interface KamailioOptions {
  /** Calls to telephone numbers are sent there; those for the account go to where it registered. */
  readonly gatewayPort: number;
  readonly algorithm: 'MD5' | 'SHA-256';
  /** After how long a nonce is stale. */
  readonly nonceSeconds?: number;
  /** For how long a registration is granted at most. */
  readonly expires?: number;
}

export const KAMAILIO_ACCOUNT = { username: 'acct', password: 'secret, "quoted"', fromDomain: 'trunk.test' } as const;

export class Kamailio {
  private constructor(readonly port: number, private readonly child: ChildProcess, private readonly folder: string, private readonly words: () => string) {}

  /** Listens on 127.0.0.1, UDP and TCP. @throws with its own words when it ends before that. */
  static async start(options: KamailioOptions): Promise<Kamailio> {
    const folder = await mkdtemp(join(tmpdir(), 'kamailio-'));
    const port = await freeTcpPort();
    await writeFile(join(folder, 'kamailio.cfg'), configuration(port, options));
    const child = spawn('/usr/sbin/kamailio', ['-f', join(folder, 'kamailio.cfg'), '-DD', '-E', '-m', '32', '-M', '4', '-n', '1', '-w', folder, '-Y', folder], { stdio: ['ignore', 'ignore', 'pipe'] });
    let words = '';
    child.stderr.on('data', (chunk: Buffer) => { words = (words + chunk.toString()).slice(-8_000); });
    const made = new Kamailio(port, child, folder, () => words);
    const ended = once(child, 'exit').then(() => { throw new Error(`kamailio ended: ${words}`); });
    ended.catch(() => undefined);
    const socket = createSocket('udp4');
    const asking = setInterval(() => { socket.send(ping(port), port, '127.0.0.1'); }, 50);
    await Promise.race([ended, once(socket, 'message')]).finally(() => {
      clearInterval(asking);
      socket.close();
    });
    return made;
  }

  /** What it logged last, for a test that fails. */
  get log(): string { return this.words(); }

  async stop(): Promise<void> {
    const exited = once(this.child, 'exit');
    this.child.kill('SIGTERM');
    await exited;
    await rm(this.folder, { recursive: true, force: true });
  }
}

function ping(port: number): string {
  return ['OPTIONS sip:127.0.0.1 SIP/2.0', `Via: SIP/2.0/UDP 127.0.0.1:${port};rport;branch=z9hG4bKready`, 'From: <sip:test@127.0.0.1>;tag=a', 'To: <sip:127.0.0.1>', 'Call-ID: ready', 'CSeq: 1 OPTIONS', 'Max-Forwards: 70', 'Content-Length: 0', '', ''].join('\r\n');
}

function configuration(port: number, { gatewayPort, algorithm, nonceSeconds = 300, expires = 600 }: KamailioOptions): string {
  const password = KAMAILIO_ACCOUNT.password.replace(/"/g, '\\"');
  return `#!KAMAILIO
debug=2
log_stderror=yes
children=1
tcp_children=1
auto_aliases=no
dns=no
rev_dns=no
listen=udp:127.0.0.1:${port}
listen=tcp:127.0.0.1:${port}
alias="${KAMAILIO_ACCOUNT.fromDomain}"
mpath="/usr/lib/x86_64-linux-gnu/kamailio/modules/"
${['kex', 'corex', 'tm', 'tmx', 'sl', 'rr', 'pv', 'maxfwd', 'usrloc', 'registrar', 'textops', 'siputils', 'xlog', 'auth'].map((name) => `loadmodule "${name}.so"`).join('\n')}
modparam("auth", "algorithm", "${algorithm === 'MD5' ? '' : algorithm}")
modparam("auth", "nonce_expire", ${nonceSeconds})
modparam("registrar", "max_expires", ${expires})
modparam("registrar", "min_expires", 2)
modparam("usrloc", "db_mode", 0)
modparam("rr", "enable_full_lr", 1)

request_route {
  if (!mf_process_maxfwd_header("10")) { sl_send_reply("483", "Too Many Hops"); exit; }
  if (is_method("OPTIONS")) { sl_send_reply("200", "OK"); exit; }
  if (has_totag()) {
    if (loose_route() || is_method("ACK")) { t_relay(); exit; }
    sl_send_reply("404", "Not here");
    exit;
  }
  if (is_method("CANCEL")) { if (t_check_trans()) t_relay(); exit; }
  if (is_method("REGISTER")) {
    $var(verdict) = pv_www_authenticate("${KAMAILIO_ACCOUNT.fromDomain}", "${password}", "0");
    if ($var(verdict) < 0) { route(CHALLENGE); www_challenge("${KAMAILIO_ACCOUNT.fromDomain}", "$var(flags)"); exit; }
    if ($au != "${KAMAILIO_ACCOUNT.username}") { sl_send_reply("403", "Not you"); exit; }
    save("location");
    exit;
  }
  record_route();
  if ($sp == ${gatewayPort}) {
    $ru = "sip:${KAMAILIO_ACCOUNT.username}@${KAMAILIO_ACCOUNT.fromDomain}";
    if (!lookup("location")) { sl_send_reply("480", "Not registered"); exit; }
    t_relay();
    exit;
  }
  $var(verdict) = pv_proxy_authenticate("${KAMAILIO_ACCOUNT.fromDomain}", "${password}", "0");
  if ($var(verdict) < 0) { route(CHALLENGE); proxy_challenge("${KAMAILIO_ACCOUNT.fromDomain}", "$var(flags)"); exit; }
  consume_credentials();
  $du = "sip:127.0.0.1:${gatewayPort}";
  t_relay();
}

# Bit 1 asks for qop auth; bit 16 says that the nonce was stale.
route[CHALLENGE] {
  $var(flags) = 1;
  if ($var(verdict) == -3) $var(flags) = 17;
}
`;
}

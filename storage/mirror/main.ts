// The mirror process of a site: brings the partner's configuration into this site's database, for as long as it runs.
import { connect, isUnusable, openUnchanged, type Connection } from '../connect';
import { EnvironmentFault, maskedSettings } from '../process/environment';
import { EXIT, stopOnSignal } from '../process/exit';
import { serveHealth } from '../process/health';
import { createLog, type Logger } from '../process/log';
import { VERSION } from '../process/root';
import { DatabaseReceiver } from './database-receiver';
import { DatabaseSource } from './database-source';
import { follow, type Following } from './follow';
import { adopt, readServings } from './serving';
import { MIRROR_VARIABLES, readMirrorSettings, type MirrorSettings } from './settings';

const DATABASE_RETRY_MS = 2_000;

async function main(): Promise<void> {
  if (process.argv.includes('--version')) return void process.stdout.write(`${VERSION}\n`);
  const settings = readMirrorSettings();
  const shown = maskedSettings(MIRROR_VARIABLES, settings);
  if (process.argv.includes('--config')) return void process.stdout.write(`${JSON.stringify(shown, null, 2)}\n`);
  const log = createLog('mirror', settings.LOG_LEVEL);
  log.info({ version: VERSION, settings: shown }, 'mirror starts');
  await run(settings, log);
}

async function run(settings: MirrorSettings, log: Logger): Promise<void> {
  const closing: (() => Promise<void>)[] = [];
  let following: Following | null = null;
  let stopping = false;
  stopOnSignal(async () => {
    stopping = true;
    for (const close of closing.reverse()) await close();
  }, (fault) => { log.error({ fault: wordsOf(fault) }, 'the mirror could not stop cleanly'); });
  // A partner that is gone is no fault of this process: it is well as long as it looks.
  const health = await serveHealth('127.0.0.1', settings.MIRROR_HEALTH_PORT, () => ({
    ok: following !== null, process: 'mirror', version: VERSION, pool: settings.POOL, partner: settings.PARTNER_POOL, follows: following?.last?.ok ?? false, last: following?.last?.words ?? null,
  }));
  closing.push(() => health.close());
  while (!stopping && following === null) {
    let connection: Connection | null = null;
    try {
      const here = (connection = await connect(settings.MONGODB_URI, { appName: 'response-group mirror', forPeople: true }));
      const there = openUnchanged(settings.PARTNER_MONGODB_URI, { appName: 'response-group mirror', forPeople: true });
      const source = new DatabaseSource({ ...there, log }, settings.PARTNER_POOL);
      const receiver = new DatabaseReceiver(here, settings.PARTNER_POOL);
      const begun = (following = follow({ source, receiver, log, agree: () => agreeWith(here, there, log) }));
      closing.push(() => here.close(), () => there.close(), () => begun.close());
    } catch (fault) {
      await connection?.close();
      if (isUnusable(fault)) {
        log.fatal({ fault: wordsOf(fault), variable: 'MONGODB_URI' }, 'the database at MONGODB_URI cannot be used');
        process.exit(EXIT.databaseUnusable);
      }
      log.warn({ fault: wordsOf(fault) }, 'the database at MONGODB_URI does not answer; waiting for it');
      await new Promise((resolve) => setTimeout(resolve, DATABASE_RETRY_MS));
    }
  }
}

async function agreeWith(here: Connection, there: Connection, log: Logger): Promise<void> {
  for (const { _id: owner, servedBy, epoch, by } of await adopt(here, await readServings(there.db))) log.warn({ owner, servedBy, epoch, by }, 'the partner has decided who serves a pool');
}

function wordsOf(fault: unknown): string {
  return fault instanceof Error ? fault.message : String(fault);
}

main().catch((fault: unknown) => {
  const taken = fault instanceof Error && 'code' in fault && fault.code === 'EADDRINUSE';
  const words = taken ? `Port ${process.env['MIRROR_HEALTH_PORT'] || '9029'} on 127.0.0.1 is in use by another program. MIRROR_HEALTH_PORT moves it.` : wordsOf(fault);
  process.stderr.write(`${words}\n`);
  process.exit(taken ? EXIT.portInUse : fault instanceof EnvironmentFault ? EXIT.usage : EXIT.failed);
});

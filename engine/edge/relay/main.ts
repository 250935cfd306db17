// The relay as a process: settings in, everything started, health told, stopped cleanly.
import { createLog } from '../../../storage/process/log';
import { EnvironmentFault, maskedSettings, readEnvironment } from '../../../storage/process/environment';
import { EXIT, stopOnSignal } from '../../../storage/process/exit';
import { serveHealth } from '../../../storage/process/health';
import { VERSION } from '../../../storage/process/root';
import { startRelay } from './start';
import { RELAY_VARIABLES } from './settings';

async function main(args: readonly string[]): Promise<void> {
  if (args.includes('--version')) {
    process.stdout.write(`${VERSION}\n`);
    return;
  }
  const settings = readEnvironment(RELAY_VARIABLES);
  if (args.includes('--config')) {
    process.stdout.write(`${JSON.stringify(maskedSettings(RELAY_VARIABLES, settings), null, 2)}\n`);
    return;
  }
  const log = createLog('relay', settings.LOG_LEVEL);
  process.on('uncaughtException', (err) => {
    log.fatal({ err }, 'The relay failed');
    process.exit(EXIT.failed);
  });
  const relay = await startRelay(settings, log);
  const health = await serveHealth(settings.DRACHTIO_ADDRESS, settings.EDGE_HEALTH_PORT, () => ({ ok: relay.connected(), version: VERSION, ...relay.status() }));
  log.info({ drachtioPort: relay.drachtioPort, controlPort: relay.controlPort, version: VERSION }, 'The relay is up');
  stopOnSignal(async () => {
    log.info({}, 'The relay stops');
    await health.close();
    await relay.close();
  }, (err) => log.error({ err }, 'The relay did not stop cleanly'));
}

main(process.argv.slice(2)).catch((fault: unknown) => {
  process.stderr.write(`${fault instanceof Error ? fault.message : String(fault)}\n`);
  const code = fault instanceof Error && 'code' in fault ? fault.code : undefined;
  process.exit(fault instanceof EnvironmentFault ? EXIT.usage : code === 'EADDRINUSE' || code === 'EACCES' ? EXIT.portInUse : EXIT.failed);
});

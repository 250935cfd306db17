// The edge as a process: settings in, everything started, health told, stopped cleanly.
import { createLog } from '../../storage/process/log';
import { EnvironmentFault, maskedSettings, readEnvironment } from '../../storage/process/environment';
import { EXIT, stopOnSignal } from '../../storage/process/exit';
import { serveHealth } from '../../storage/process/health';
import { VERSION } from '../../storage/process/root';
import { startEdge } from './edge';
import { EDGE_VARIABLES, withDefaults, type EdgeSettings } from './settings';

/** The variable that moves a port, by the port's number. */
function variableOf(settings: EdgeSettings, port: number | undefined): string {
  const names = ['SIP_PORT', 'SIP_TLS_PORT', 'DRACHTIO_PORT', 'EDGE_CONTROL_PORT', 'NG_PORT', 'EDGE_HEALTH_PORT'] as const;
  return names.find((name) => settings[name] === port) ?? 'SIP_ADDRESS';
}

/** What to tell a person about a port that cannot be had. */
function portFault(settings: EdgeSettings, fault: unknown): string | undefined {
  if (!(fault instanceof Error) || !('code' in fault)) return undefined;
  const port = 'port' in fault && typeof fault.port === 'number' ? fault.port : undefined;
  if (fault.code === 'EADDRINUSE') return `Port ${port ?? '(unknown)'} is in use by another program. Stop that program, or set ${variableOf(settings, port)} to another port.`;
  if (fault.code === 'EACCES') return `Port ${port ?? '(unknown)'} may not be opened by this user. Set ${variableOf(settings, port)} to a port above 1023.`;
  if (fault.code === 'EADDRNOTAVAIL') return 'This machine does not have the address to listen on. Set SIP_ADDRESS, DRACHTIO_ADDRESS and NG_ADDRESS to addresses of this machine.';
  return undefined;
}

async function main(args: readonly string[]): Promise<void> {
  if (args.includes('--version')) {
    process.stdout.write(`${VERSION}\n`);
    return;
  }
  const read = readEnvironment(EDGE_VARIABLES);
  const settings = withDefaults(read);
  if (args.includes('--config')) {
    process.stdout.write(`${JSON.stringify({ ...maskedSettings(EDGE_VARIABLES, read), SIP_EXTERNAL_ADDRESS: settings.SIP_EXTERNAL_ADDRESS, MEDIA_THREADS: settings.MEDIA_THREADS }, null, 2)}\n`);
    return;
  }
  const log = createLog('edge', settings.LOG_LEVEL);
  process.on('uncaughtException', (err) => {
    log.fatal({ err }, 'The edge failed');
    process.exit(EXIT.failed);
  });
  try {
    const edge = await startEdge(settings, log);
    const health = await serveHealth(settings.DRACHTIO_ADDRESS, settings.EDGE_HEALTH_PORT, () => ({ ok: true, version: VERSION, ...edge.status() }));
    log.info({ sipPort: edge.sipPort, tlsPort: edge.tlsPort, drachtioPort: edge.drachtioPort, controlPort: edge.controlPort, ngPort: edge.ngPort, version: VERSION }, 'The edge is up');
    stopOnSignal(async () => {
      log.info('The edge stops');
      await health.close();
      await edge.close();
    }, (err) => log.error({ err }, 'The edge did not stop cleanly'));
  } catch (fault) {
    const words = portFault(settings, fault);
    log.fatal(words === undefined ? { err: fault } : {}, words ?? 'The edge could not start');
    process.stderr.write(`${words ?? (fault instanceof Error ? fault.message : String(fault))}\n`);
    process.exit(words === undefined ? EXIT.failed : EXIT.portInUse);
  }
}

main(process.argv.slice(2)).catch((fault: unknown) => {
  process.stderr.write(`${fault instanceof Error ? fault.message : String(fault)}\n`);
  process.exit(fault instanceof EnvironmentFault ? EXIT.usage : EXIT.failed);
});

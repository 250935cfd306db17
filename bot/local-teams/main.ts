// The process of the stand-in for Teams: reads its settings, serves the page, stops on a signal.
import { EnvironmentFault, maskedSettings } from '../../storage/process/environment';
import { EXIT, stopOnSignal } from '../../storage/process/exit';
import { createLog } from '../../storage/process/log';
import { VERSION } from '../../storage/process/root';
import { PeopleFault, readPeople } from './people';
import { startLocalTeams } from './server';
import { LOCAL_TEAMS_VARIABLES, readLocalTeamsSettings } from './settings';

async function main(): Promise<void> {
  if (process.argv.includes('--version')) return void process.stdout.write(`${VERSION}\n`);
  const settings = readLocalTeamsSettings();
  const shown = maskedSettings(LOCAL_TEAMS_VARIABLES, settings);
  if (process.argv.includes('--config')) return void process.stdout.write(`${JSON.stringify(shown, null, 2)}\n`);
  const log = createLog('local-teams', settings.LOG_LEVEL);
  const server = await startLocalTeams({
    port: settings.LOCAL_TEAMS_PORT,
    people: readPeople(settings.LOCAL_TEAMS_PEOPLE),
    botUrl: settings.BOT_URL,
    folder: settings.LOCAL_TEAMS_DATA ?? null,
    log,
  });
  stopOnSignal(() => server.close(), (fault) => log.error({ fault }, 'could not stop cleanly'));
  log.info({ url: server.url, settings: shown }, 'the chat page is open to this machine');
}

main().catch((fault: unknown) => {
  const taken = fault instanceof Error && 'code' in fault && fault.code === 'EADDRINUSE';
  const usage = fault instanceof EnvironmentFault || fault instanceof PeopleFault;
  const words = taken
    ? `Port ${process.env['LOCAL_TEAMS_PORT'] || '3979'} on 127.0.0.1 is in use by another program. LOCAL_TEAMS_PORT moves the chat page.`
    : fault instanceof Error ? fault.message : String(fault);
  process.stderr.write(`${words}\n`);
  process.exitCode = taken ? EXIT.portInUse : usage ? EXIT.usage : EXIT.failed;
});

// `npm run manifest`: writes the app package that is uploaded to Teams.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { EnvironmentFault } from '../storage/process/environment';
import { checkManifest, ManifestFault } from './check';
import { manifestFor } from './manifest';
import { packageFor } from './package';
import { readManifestSettings } from './settings';

async function main(): Promise<void> {
  const settings = readManifestSettings();
  await checkManifest(manifestFor(settings));
  const bytes = await packageFor(settings);
  const path = resolve(settings.TEAMS_PACKAGE);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, bytes);
  console.log(`${path}: ${bytes.length} bytes, version ${settings.TEAMS_APP_VERSION}, bot ${settings.MICROSOFT_APP_ID}`);
}

main().catch((fault: unknown) => {
  console.error(fault instanceof EnvironmentFault || fault instanceof ManifestFault ? fault.message : fault);
  process.exitCode = 1;
});

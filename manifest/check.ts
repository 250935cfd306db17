// Holds the manifest against Microsoft's schema, which comes with the checker: nothing is fetched.
import { AppManifestUtils, type TeamsManifest } from '@microsoft/app-manifest';
import { type Manifest } from './manifest';

/** The manifest would be refused by Teams; the message names what is wrong. */
export class ManifestFault extends Error {
  readonly code = 'MANIFEST';
  constructor(readonly faults: readonly string[]) {
    super(`The manifest does not fit its schema:\n${faults.map((fault) => `  ${fault}`).join('\n')}`);
    this.name = 'ManifestFault';
  }
}

/** @throws ManifestFault */
export async function checkManifest(manifest: Manifest): Promise<void> {
  const faults = await AppManifestUtils.validateAgainstSchema(manifest as unknown as TeamsManifest);
  if (faults.length > 0) throw new ManifestFault(faults);
}

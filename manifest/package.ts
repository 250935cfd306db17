// The app package: the manifest, its languages and the icons in one archive, the same bytes for the same settings.
import { ZipFile } from 'yazl';
import { colorIcon, outlineIcon } from './icons';
import { textFiles } from './manifest';
import { type ManifestSettings } from './settings';

/*
 * Dates of an archive are wall-clock times, so this is made on the wall clock of whatever zone this runs in. Nothing is packed, so that
 * every version of zlib writes the same bytes.
 */
const OPTIONS = { mtime: new Date(2000, 0, 1), mode: 0o100644, compress: false, forceDosTimestamp: true } as const;

export async function packageFor(settings: ManifestSettings): Promise<Buffer> {
  const zip = new ZipFile();
  for (const [name, content] of textFiles(settings)) zip.addBuffer(Buffer.from(`${JSON.stringify(content, null, 2)}\n`), name, OPTIONS);
  zip.addBuffer(colorIcon(), 'color.png', OPTIONS);
  zip.addBuffer(outlineIcon(), 'outline.png', OPTIONS);
  zip.end();
  const parts: Buffer[] = [];
  for await (const part of zip.outputStream) parts.push(part as Buffer);
  return Buffer.concat(parts);
}

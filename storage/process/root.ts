// Where this installation lies on disk, and which version it is, the same from source, from dist/ and under jest.
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The folder that holds our package.json. */
export const ROOT: string = (() => {
  let folder = __dirname;
  while (!existsSync(join(folder, 'package.json')) || !existsSync(join(folder, 'storage'))) {
    const parent = dirname(folder);
    if (parent === folder) throw new Error('This installation is incomplete: no package.json above the code.');
    folder = parent;
  }
  return folder;
})();

export const VERSION: string = (JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string }).version;

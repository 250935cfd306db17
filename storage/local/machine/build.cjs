// Compiles when something was changed since the last time, so that a warm start does not wait for the compiler.
'use strict';
const { spawnSync } = require('node:child_process');
const { createHash } = require('node:crypto');
const { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } = require('node:fs');
const { join } = require('node:path');

const ROOT = join(__dirname, '..', '..', '..');
const MARKER = join(ROOT, 'dist', '.built-from');
const LEFT_OUT = new Set(['node_modules', 'dist', '.local', '.git']);

/** Names, sizes and times of everything the compiler reads of ours, and of what says which compiler it is. */
function signature() {
  const hash = createHash('sha256');
  const add = (path) => {
    const { size, mtimeMs } = statSync(path);
    hash.update(`${path}\0${size}\0${mtimeMs}\n`);
  };
  const walk = (folder) => {
    for (const entry of readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) {
        if (!LEFT_OUT.has(entry.name)) walk(path);
      } else if (/\.(ts|json)$/.test(entry.name)) add(path);
    }
  };
  walk(ROOT);
  add(join(ROOT, 'node_modules', 'typescript', 'package.json'));
  return hash.digest('hex');
}

function builtFrom() {
  try {
    return readFileSync(MARKER, 'utf8');
  } catch {
    return undefined;
  }
}

const now = signature();
if (builtFrom() !== now) {
  rmSync(MARKER, { force: true });
  const { status, error } = spawnSync(process.execPath, [join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', join(ROOT, 'tsconfig.json')], { stdio: 'inherit' });
  if (error) throw error;
  if (status !== 0) process.exit(status ?? 1);
  mkdirSync(join(ROOT, 'dist'), { recursive: true });
  writeFileSync(MARKER, now);
}

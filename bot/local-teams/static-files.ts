// The files of the page and the two libraries it uses, read from this installation; nothing else on disk is reachable.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../../storage/process/root';

interface StaticFile { readonly path: string; readonly type: string }

const page = (name: string, type: string): StaticFile => ({ path: join(ROOT, 'bot', 'local-teams', 'page', name), type });
const SCRIPT = 'text/javascript; charset=utf-8';

const FILES: Readonly<Record<string, StaticFile>> = {
  '/': page('index.html', 'text/html; charset=utf-8'),
  '/favicon.ico': page('icon.svg', 'image/svg+xml'),
  '/icon.svg': page('icon.svg', 'image/svg+xml'),
  '/style.css': page('style.css', 'text/css; charset=utf-8'),
  '/cards.css': page('cards.css', 'text/css; charset=utf-8'),
  '/app.js': page('app.js', SCRIPT),
  '/server.js': page('server.js', SCRIPT),
  '/messages.js': page('messages.js', SCRIPT),
  '/cards.js': page('cards.js', SCRIPT),
  '/card-state.js': page('card-state.js', SCRIPT),
  '/host-config.js': page('host-config.js', SCRIPT),
  '/compose.js': page('compose.js', SCRIPT),
  '/dialog.js': page('dialog.js', SCRIPT),
  '/element.js': page('element.js', SCRIPT),
  '/library/adaptivecards.js': { path: join(ROOT, 'node_modules', 'adaptivecards', 'dist', 'adaptivecards.min.js'), type: SCRIPT },
  '/library/markdown-it.js': { path: join(ROOT, 'node_modules', 'markdown-it', 'dist', 'markdown-it.min.js'), type: SCRIPT },
};

/** The bytes and type of a file of the page; null when there is none of that name. */
export function staticFile(pathname: string): { readonly bytes: Buffer; readonly type: string } | null {
  const file = Object.hasOwn(FILES, pathname) ? FILES[pathname] : undefined;
  return file ? { bytes: readFileSync(file.path), type: file.type } : null;
}

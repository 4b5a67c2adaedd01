/** The files of this repository as tests read them: paths relative to its root, with `/`. */

import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..', '..');

const NOT_OURS = new Set(['node_modules', 'dist', 'data', 'coverage', '.git', '.tmp']);

/** Every file below the given folders or files (default: all) that we wrote, sorted. `test/**\/data` is included. */
export function sourceTree(below: readonly string[] = ['.']): string[] {
  return below.flatMap((folder) => walk(join(ROOT, folder))).sort();
}

export function readRepositoryFile(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}

function walk(folder: string): string[] {
  const found: string[] = [];
  let entries: import('node:fs').Dirent[];
  try {
    entries = readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
  for (const entry of entries) {
    const path = join(folder, entry.name);
    const name = relative(ROOT, path);
    if (entry.isDirectory()) {
      if (!NOT_OURS.has(entry.name) || (entry.name === 'data' && name.includes('/'))) found.push(...walk(path));
    } else if (entry.isFile()) found.push(name);
  }
  return found;
}

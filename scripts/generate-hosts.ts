/** Writes what the integrations take from `src/hosts/`, or with `--check` says which file is not up to date. */

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ansibleFiles } from './hosts/ansible.ts';
import { bytechefFiles } from './hosts/bytechef.ts';
import { flogoFiles } from './hosts/flogo.ts';
import { homeAssistantFiles } from './hosts/home-assistant.ts';
import { soarFiles } from './hosts/soar.ts';

/** For each host: path below `integrations/` → text. */
const GENERATORS: ReadonlyArray<() => Record<string, string>> = [
  ansibleFiles,
  bytechefFiles,
  flogoFiles,
  homeAssistantFiles,
  soarFiles,
];

const INTEGRATIONS = fileURLToPath(new URL('../integrations/', import.meta.url));

function generated(): Array<[path: string, text: string]> {
  return GENERATORS.flatMap((files) => Object.entries(files()));
}

/** Paths of files that are missing or differ from what would be written. */
export function staleFiles(): string[] {
  return generated().flatMap(([path, text]) => (read(path) === text ? [] : path));
}

function read(path: string): string | null {
  try {
    return readFileSync(join(INTEGRATIONS, path), 'utf8');
  } catch {
    return null;
  }
}

function main(check: boolean): void {
  if (!check) {
    for (const [path, text] of generated()) {
      mkdirSync(dirname(join(INTEGRATIONS, path)), { recursive: true });
      writeFileSync(join(INTEGRATIONS, path), text);
    }
    return;
  }
  const stale = staleFiles();
  if (stale.length === 0) return;
  console.error(`Not up to date in integrations: ${stale.join(', ')}. Run \`npm run hosts\` and commit the result.`);
  process.exitCode = 1;
}

if (import.meta.main) main(process.argv.includes('--check'));

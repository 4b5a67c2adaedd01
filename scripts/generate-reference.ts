/** Writes `docs/reference/` from the product's own tables, or with `--check` says which page is not up to date. */

import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { apiPage } from './reference/api.ts';
import { cliReference } from './reference/cli.ts';
import { configurationReference } from './reference/configuration.ts';
import { errorsReference } from './reference/errors.ts';
import { metricsReference } from './reference/metrics.ts';
import { parametersReference } from './reference/parameters.ts';
import { templatesReference } from './reference/templates.ts';

/** Page name (without `.md`) → its text. */
export const PAGES: Record<string, () => string | Promise<string>> = {
  api: apiPage,
  cli: cliReference,
  configuration: configurationReference,
  errors: errorsReference,
  metrics: metricsReference,
  parameters: parametersReference,
  templates: templatesReference,
};

/** Pages written by hand, each compared with the product by a test of its own. */
const WRITTEN: readonly string[] = ['simulator'];

export const REFERENCE = fileURLToPath(new URL('../docs/reference/', import.meta.url));

/** Names of pages that are missing, differ from what would be written, or have no source. */
export async function stalePages(): Promise<string[]> {
  const known = [...Object.keys(PAGES), ...WRITTEN].map((name) => `${name}.md`);
  const stale = readdirSync(REFERENCE).filter((file) => !known.includes(file));
  for (const [name, page] of Object.entries(PAGES)) {
    if (read(`${name}.md`) !== (await page())) stale.push(`${name}.md`);
  }
  return stale;
}

function read(file: string): string | null {
  try {
    return readFileSync(join(REFERENCE, file), 'utf8');
  } catch {
    return null;
  }
}

async function main(check: boolean): Promise<void> {
  if (!check) {
    mkdirSync(REFERENCE, { recursive: true });
    for (const [name, page] of Object.entries(PAGES)) writeFileSync(join(REFERENCE, `${name}.md`), await page());
    return;
  }
  const stale = await stalePages();
  if (stale.length === 0) return;
  console.error(`Not up to date in docs/reference: ${stale.join(', ')}. Run \`npm run docs\` and commit the result.`);
  process.exitCode = 1;
}

if (import.meta.main) await main(process.argv.includes('--check'));

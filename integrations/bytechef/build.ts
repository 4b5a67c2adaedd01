/** Builds what ByteChef runs itself: the component of one file, and the workflow whose step holds the same as a script. */

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'tsdown';
import { scriptWorkflow } from '../../src/hosts/bytechef/workflows.ts';

const HERE = fileURLToPath(new URL('.', import.meta.url));

/** ByteChef takes the completion value of the file as the component. */
export function buildComponent(): Promise<string> {
  return bundle('component', 'tollboardTwilio;');
}

/** ByteChef calls the function `perform` of the step's script. */
export async function buildScriptWorkflow(): Promise<string> {
  const call = 'function perform(input, context) { return tollboardTwilio.perform(input, context); }';
  return `${JSON.stringify(scriptWorkflow(await bundle('script', call)), null, 2)}\n`;
}

/** One script without imports that GraalJS runs: no module, no Node, no browser. `ending` is its last statement. */
async function bundle(source: string, ending: string): Promise<string> {
  const bundles = await build({
    config: false,
    entry: { twilio: join(HERE, `${source}.ts`) },
    format: 'iife',
    globalName: 'tollboardTwilio',
    platform: 'neutral',
    target: 'es2022',
    dts: false,
    write: false,
    clean: false,
    report: false,
    logLevel: 'error',
    plugins: [withoutRemedies],
    banner: { js: "// Tollboard's Send SMS for ByteChef, bundled from its sources (Apache-2.0)." },
    footer: { js: ending },
  });
  const [chunk] = bundles.flatMap(({ chunks }) => chunks);
  if (chunk === undefined || !('code' in chunk)) throw new Error(`${source}.ts gave no bundle`);
  return chunk.code;
}

/** What a step fails with is Twilio's own words, so the table of causes and remedies would only be weight. */
const withoutRemedies = {
  name: 'without-remedies',
  load: (id: string) => (id.endsWith('/twilio-errors.json') ? { code: '[]', moduleType: 'json' as const } : null),
};

if (import.meta.main) {
  const folder = fileURLToPath(new URL('../../dist/bytechef/', import.meta.url));
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'twilio.js'), await buildComponent());
  writeFileSync(join(folder, 'send-sms-script.json'), await buildScriptWorkflow());
}

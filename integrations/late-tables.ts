/** For bundles that start often: tables that few runs need, which as literals would be compiled at every start. */

import { readFileSync } from 'node:fs';

const ASSET = 'numbering-plans.json';

interface Emitting {
  emitFile(file: { type: 'asset'; fileName: string; source: string }): string;
}

/**
 * The numbering plans of libphonenumber, read when the first number outside North America asks for them: from a file of
 * their own beside the bundle, or out of the bundle itself where it has to be one file.
 */
export function lateNumberingPlans(where: 'beside' | 'inside') {
  return {
    name: 'late-numbering-plans',
    load(this: Emitting, id: string) {
      if (!id.endsWith('/metadata.max.json.js')) return null;
      const source = readFileSync(id.slice(0, -'.js'.length), 'utf8');
      if (where === 'inside') return lateObject(source, '', JSON.stringify(source));
      this.emitFile({ type: 'asset', fileName: ASSET, source });
      const read = `readFileSync(new URL('./${ASSET}', import.meta.url), 'utf8')`;
      return lateObject(source, `import { readFileSync } from 'node:fs';`, read);
    },
  };
}

/** Twilio's codes, for bundles that no compile cache keeps: parsing a text takes a quarter of compiling a literal. */
export const parsedTwilioErrors = {
  name: 'parsed-twilio-errors',
  load(id: string) {
    if (!id.endsWith('/twilio-errors.json')) return null;
    const source = JSON.stringify(JSON.parse(readFileSync(id, 'utf8')));
    return { code: `export default JSON.parse(${JSON.stringify(source)});`, moduleType: 'js' as const };
  },
};

/** An object with the members of the JSON text `source`, which is got and parsed when the first of them is asked for. */
function lateObject(source: string, imports: string, text: string): { code: string; moduleType: 'js' } {
  const members = Object.keys(JSON.parse(source) as object).map((name) => `get ${name}() { return all().${name}; }`);
  const code = `${imports}
let parsed;
const all = () => (parsed ??= JSON.parse(${text}));
export default { ${members.join(', ')} };`;
  return { code, moduleType: 'js' };
}

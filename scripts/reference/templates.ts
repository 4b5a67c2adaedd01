/** The page of what templates may use, from the tables that the engine is given. */

import { BUILT_IN, createFunctions, refusalOf } from '../../src/automation/template/functions.ts';
import { CONSTANTS } from '../../src/automation/template/numbers.ts';
import { table } from './markdown.ts';

export function templatesReference(): string {
  const own = createFunctions(() => 0);
  const row = (kind: keyof typeof BUILT_IN, form: string): string[] => {
    const names = [...new Set([...Object.keys(own[kind]), ...BUILT_IN[kind]])];
    return [
      kind,
      form,
      names
        .filter((name) => refusalOf(name) === null)
        .sort()
        .map((name) => `\`${name}\``)
        .join(' '),
    ];
  };
  return `# Templates

What the templates of [automations](../guide/automations.md) may use, as in Home Assistant (2025.4 to 2026.11). Its own
[documentation](https://www.home-assistant.io/docs/configuration/templating/) says what each does; where a gateway differs stands in
[what differs](../guide/automations.md#what-differs-from-home-assistant).

${table(
  ['kind', 'written', 'names'],
  [
    row('filters', '`x | name`'),
    row('functions', '`name(x)`'),
    row('tests', '`x is name`'),
    row('methods', '`x.name()`'),
    [
      'constants',
      '`name`',
      Object.keys(CONSTANTS)
        .sort()
        .map((name) => `\`${name}\``)
        .join(' '),
    ],
  ],
)}

A datetime has the members \`year\` \`month\` \`day\` \`hour\` \`minute\` \`second\` \`microsecond\` \`tzinfo\`, a timedelta
\`days\` \`seconds\` \`microseconds\`. Times are added, subtracted, multiplied and compared with \`+ - * / // % < <= > >= == !=\` as in
Python: \`now() - timedelta(hours=1)\`.
`;
}

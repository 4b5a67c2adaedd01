/** The documented bodies of a create and the check of the gateway are made from one table: neither refuses alone. */

import { describe, expect, test } from 'vitest';
import { parametersOf } from '../../src/core/form.ts';
import { checkParameters } from '../../src/core/message.ts';
import { openapiDocument } from '../../src/server/app.ts';
import { faultsOf, type OpenapiDocument } from '../support/openapi.ts';

const document = (await openapiDocument('0')) as unknown as OpenapiDocument;

const VALUES = ['x', 'x'.repeat(5000), 'true', '7', 0, 1, -1, 1.5, 7, 1e6, true, false, null, ['x'], [7], [], { a: 1 }];

/** Texts whose form only the gateway checks; so it does that maxPrice is more than 0. */
const FORMS: ReadonlySet<string> = new Set(['sid', 'url', 'datetime', 'json', 'list']);
/** The faults that a schema can name. */
const SAID_BY_SCHEMAS = new Set(['CHOICE', 'LENGTH', 'RANGE', 'TYPE'].map((what) => `TOLLBOARD_PARAMETER_${what}`));

describe.each([
  ['message', 'MessageCreateInput'],
  ['call', 'CallCreateInput'],
] as const)('%s', (kind, component) => {
  const rows = parametersOf(kind).filter(({ wire }) => wire !== 'To');
  const schema = { $ref: `#/components/schemas/${component}` };

  test.each(rows.map((row) => [row.name, row] as const))('%s', (name, row) => {
    const values = [...VALUES, ...(row.choices ?? []), row.choices?.slice(), row.max, (row.max ?? 0) + 1, row.min];
    for (const value of values) {
      if (value === undefined) continue;
      const documented = faultsOf(document, schema, { to: '+15551230001', [name]: value });
      const checked = checkParameters(kind, { [name]: value as never });
      const what = `${name} = ${JSON.stringify(value).slice(0, 40)}: ${documented} / ${checked?.message}`;
      if (documented !== null) expect(checked, what).not.toBeNull();
      const form = name === 'maxPrice' || (FORMS.has(row.type) && typeof value === 'string');
      if (checked !== null && SAID_BY_SCHEMAS.has(checked.code) && !form) expect(documented, what).not.toBeNull();
    }
  });
});

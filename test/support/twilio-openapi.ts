/** Judges answers of Twilio's 2010 API against Twilio's own OpenAPI: shape, types, formats, and exactly its members. */

import type { ValidateFunction } from 'ajv';
import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import { expect } from 'vitest';

interface Schema {
  $ref?: string;
  type?: string;
  properties?: Record<string, Schema>;
  items?: Schema;
}
interface Operation {
  responses: Record<string, { content?: { 'application/json'?: { schema: Schema } } }>;
}

const document = JSON.parse(
  readFileSync(new URL('../contract/data/twilio-openapi-subset.json', import.meta.url), 'utf8'),
) as { paths: Record<string, Record<string, Operation>>; components: unknown };

const ajv = new Ajv({ strict: false, allErrors: true });
ajv.addFormat(
  'date-time-rfc-2822',
  /^(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} \+0000$/,
);
ajv.addFormat('currency', /^[A-Z]{3}$/);
ajv.addFormat('http-method', /^(GET|POST)$/);
// Twilio's own examples put relative URIs, blank URLs and channel addresses under these formats.
for (const format of ['uri', 'uri-map', 'phone-number', 'phone-number-capabilities']) ajv.addFormat(format, true);
ajv.addSchema({ $id: 'twilio', components: document.components });

const templates = Object.keys(document.paths).map((path) => ({
  path,
  form: new RegExp(`^${path.replaceAll('.', '\\.').replaceAll(/\{\w+\}/g, '[^/.]+')}$`),
}));
const compiled = new Map<string, ValidateFunction>();

/**
 * Fails unless the answer is one that Twilio's OpenAPI documents for this request, or an error of Twilio's form. Returns
 * `METHOD template`, the operation that was judged.
 */
export function expectTwilioAnswer(method: string, path: string, status: number, body: string): string {
  const bare = path.split('?', 1)[0] as string;
  const template = templates.find(({ form }) => form.test(bare))?.path;
  if (template === undefined || status >= 400) {
    expectError(status, body);
    return `${method} ${template ?? bare}`;
  }
  const operation = document.paths[template]?.[method.toLowerCase()];
  expect(operation, `${method} ${template} is not in Twilio's OpenAPI`).toBeDefined();
  const response = operation?.responses[status];
  expect(response, `${method} ${template} does not answer ${status}`).toBeDefined();
  const schema = response?.content?.['application/json']?.schema;
  if (schema === undefined) expect(body).toBe('');
  else expectSchema(`${method} ${template} ${status}`, schema, JSON.parse(body));
  return `${method} ${template}`;
}

/** Twilio's four members in Twilio's order; code and more_info may be absent together. */
function expectError(status: number, body: string): void {
  const error = JSON.parse(body) as Record<string, unknown>;
  const withCode = ['code', 'message', 'more_info', 'status'];
  expect([withCode, ['message', 'status']]).toContainEqual(Object.keys(error));
  expect(error.status).toBe(status);
  if (error.code !== undefined)
    expect(error.more_info).toBe(`https://www.twilio.com/docs/errors/${String(error.code)}`);
}

function expectSchema(key: string, schema: Schema, value: unknown): void {
  let validate = compiled.get(key);
  if (validate === undefined) {
    validate = ajv.compile(rebase(schema) as object);
    compiled.set(key, validate);
  }
  validate(value);
  expect(validate.errors ?? [], `${key}: ${JSON.stringify(value).slice(0, 400)}`).toEqual([]);
  expectMembers(schema, value, key);
}

/** No member that the schema does not have, and none missing. */
function expectMembers(schema: Schema, value: unknown, where: string): void {
  const resolved = resolve(schema);
  if (resolved.items !== undefined && Array.isArray(value)) {
    for (const item of value) expectMembers(resolved.items, item, `${where}[]`);
  }
  if (resolved.properties === undefined || typeof value !== 'object' || value === null) return;
  expect(Object.keys(value).sort(), where).toEqual(Object.keys(resolved.properties).sort());
  for (const [name, member] of Object.entries(resolved.properties)) {
    expectMembers(member, (value as Record<string, unknown>)[name], `${where}.${name}`);
  }
}

function resolve(schema: Schema): Schema {
  if (schema.$ref === undefined) return schema;
  const name = schema.$ref.split('/').at(-1) as string;
  return (document.components as { schemas: Record<string, Schema> }).schemas[name] as Schema;
}

/** References into the document that ajv knows as `twilio`. */
function rebase(schema: unknown): unknown {
  return JSON.parse(JSON.stringify(schema).replaceAll('"#/components', '"twilio#/components'));
}

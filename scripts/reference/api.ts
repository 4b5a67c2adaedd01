/** The API page: every route of the gateway, from its own OpenAPI document. */

import { openapiDocument } from '../../src/server/app.ts';
import { table } from './markdown.ts';

interface Schema {
  $ref?: string;
  type?: string | string[];
  format?: string;
  enum?: unknown[];
  const?: unknown;
  anyOf?: Schema[];
  items?: Schema;
  properties?: Record<string, Schema>;
  required?: string[];
  additionalProperties?: Schema | boolean;
  minimum?: number;
  maximum?: number;
  minLength?: number;
  maxLength?: number;
  minItems?: number;
  maxItems?: number;
  pattern?: string;
  default?: unknown;
  description?: string;
}

interface Operation {
  summary: string;
  description?: string;
  tags: string[];
  security?: unknown[];
  parameters?: Array<{ in: string; name: string; required: boolean; schema: Schema; description?: string }>;
  requestBody?: { required?: boolean; content: Record<string, { schema: Schema }> };
  responses: Record<string, { description: string; content?: Record<string, { schema: Schema }> }>;
}

interface Document {
  tags: Array<{ name: string; description: string }>;
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, Schema> };
}

/** The parameters page has these; here only what is beside Twilio's own parameters. */
const CREATES: Record<string, string> = { MessageCreateInput: 'messages', CallCreateInput: 'calls' };
const OWN = new Set(['to', 'notBefore', 'onUnknown', 'account', 'say']);

/** Page text of the document of the version at hand. */
export async function apiPage(): Promise<string> {
  return apiReference(await openapiDocument('0'));
}

export function apiReference(openapi: Record<string, unknown>): string {
  const document = openapi as unknown as Document;
  const parts = document.tags.map(({ name, description }) => section(document, name, description));
  const shapes = Object.entries(document.components.schemas);
  return `${INTRODUCTION}
${parts.join('\n')}
## Shapes

${shapes.map(([name, schema]) => shape(name, schema)).join('\n')}`;
}

const INTRODUCTION = `# HTTP API

The gateway listens on \`http://127.0.0.1:8655\` and describes itself at \`/openapi.json\` (OpenAPI 3.1), from which this
page is written. JSON in, JSON out; times are ISO 8601 in UTC; names are twilio-node's.

**Access.** Everything under \`/api/v1\` takes \`Authorization: Bearer <token>\`: the local token of \`gateway.json\` in the
data directory, or a named one (\`tollboard config token create\`). A \`Host\` other than a loopback name, the one of
\`public_url\` and those of \`listen.hosts\` is refused with 421; a request that would change something and comes from a web
page of another origin with 403. There are no CORS headers.

**Accepted means on disk.** A create answers 202 once everything is stored, with one entry per recipient in input order.
One invalid recipient alone is refused with 422 and nothing is stored; among several that one is stored as \`rejected\`. A
number repeated within one request is sent once, its result repeated with \`duplicate: true\`.

**Repeating.** With the header \`Idempotency-Key\` (1 to 255 printable characters) the same request gives the stored answer
again, with the header \`Idempotency-Replayed: true\`; another request under the same key is refused. 503 says that nothing
was accepted: repeat after \`Retry-After\`.

**Errors.** \`{"error": {code, kind, message, remedy, details, requestId}}\`; the [errors page](errors.md) lists every code.
\`requestId\` is also the header \`X-Request-Id\`, and in the log.

**Limits.** JSON bodies 1 MiB, callbacks 64 KiB, headers 16 KiB; headers must come within 10 seconds and the whole request
within 30; 2,048 connections (a further one takes the place of an idle one), 100 live streams.
`;

function section(document: Document, tag: string, description: string): string {
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods)
      .filter(([, operation]) => operation.tags.includes(tag))
      .map(([method, operation]) => operationText(`${method.toUpperCase()} ${path}`, operation)),
  );
  return `## ${tag}\n\n${description}\n\n${operations.join('\n')}`;
}

function operationText(title: string, operation: Operation): string {
  const { summary, description, parameters = [], requestBody, responses } = operation;
  const parts = [`### \`${title}\``, `${summary}.${description === undefined ? '' : ` ${description}`}`];
  if (parameters.length > 0) {
    const rows = parameters.map(({ in: place, name, schema, description: what = '' }) => [
      `\`${name}\``,
      place,
      typeText(schema),
      what,
    ]);
    parts.push(table(['parameter', 'in', 'type', 'meaning'], rows));
  }
  for (const [type, { schema }] of Object.entries(requestBody?.content ?? {})) {
    const optional = requestBody?.required === false ? ' (may be left out)' : '';
    parts.push(`Body${optional}: ${type === 'application/json' ? '' : `\`${type}\`, `}${bodyText(schema)}`);
  }
  // Refusals have one form, told at the top of the page.
  const [good, refusals] = [answers(responses, true), answers(responses, false)];
  parts.push(good.map(([status, text]) => `${status}: ${text}`).join('\\\n'));
  if (refusals.length > 0) parts.push(`Refusals: ${refusals.map(([status]) => status).join(', ')}.`);
  return `${parts.join('\n\n')}\n`;
}

function answers(responses: Operation['responses'], good: boolean): Array<[status: string, text: string]> {
  const isError = ({ content }: Operation['responses'][string]) =>
    content?.['application/json']?.schema.$ref === '#/components/schemas/Error';
  return Object.entries(responses)
    .filter(([, response]) => isError(response) !== good)
    .map(([status, { description, content = {} }]) => {
      const [type, media] = Object.entries(content)[0] ?? [];
      const body =
        type === undefined || media === undefined
          ? ''
          : type === 'application/json'
            ? typeText(media.schema)
            : `\`${type}\``;
      return [status, `${description}${body === '' ? '' : ` ${body}`}`];
    });
}

function bodyText(schema: Schema): string {
  const name = nameOf(schema);
  const page = name === null ? undefined : CREATES[name];
  if (page === undefined) return typeText(schema);
  return `the [create parameters of ${page}](parameters.md#${page}) by name, and [these](#${name?.toLowerCase()}).`;
}

function shape(name: string, schema: Schema): string {
  const page = CREATES[name];
  const more = page === undefined ? '' : ` Beside the [create parameters](parameters.md#${page}):`;
  return `### ${name}\n\n${schema.description ?? ''}${more}\n\n${membersTable(schema, page === undefined ? undefined : OWN)}\n`;
}

function membersTable({ properties = {}, required = [] }: Schema, only?: ReadonlySet<string>): string {
  const rows = Object.entries(properties)
    .filter(([name]) => only?.has(name) ?? true)
    .map(([name, member]) => [
      `\`${name}\`${required.includes(name) ? '' : ' (optional)'}`,
      typeText(member),
      member.description ?? '',
    ]);
  return table(['member', 'type', 'meaning'], rows);
}

function nameOf({ $ref }: Schema): string | null {
  return $ref?.split('/').at(-1) ?? null;
}

/** A schema in a few words: `text`, `list of [Entry](#entry)`, `one of …`. */
function typeText(schema: Schema): string {
  const name = nameOf(schema);
  if (name !== null) return `[${name}](#${name.toLowerCase()})`;
  if (schema.enum !== undefined)
    return schema.enum.map((word) => `\`${String(word)}\``).join(schema.enum.length > 3 ? ', ' : ' or ');
  if (schema.const !== undefined) return `\`${String(schema.const)}\``;
  if (schema.anyOf !== undefined) return schema.anyOf.map(typeText).join(' or ');
  const types = [schema.type ?? 'object'].flat();
  return types.map((type) => plainType(type, schema)).join(' or ');
}

function plainType(type: string, schema: Schema): string {
  switch (type) {
    case 'string':
      return schema.format === 'date-time'
        ? 'time'
        : schema.maxLength === undefined
          ? 'text'
          : `text of at most ${schema.maxLength}`;
    case 'integer':
    case 'number':
      return schema.minimum === undefined ? type : `${schema.minimum} to ${schema.maximum}`;
    case 'array':
      return `list of ${schema.items === undefined ? 'anything' : typeText(schema.items)}`;
    case 'object':
      return objectType(schema);
    default:
      return type === 'null' ? '`null`' : type;
  }
}

function objectType({ properties, required = [], additionalProperties }: Schema): string {
  if (properties !== undefined) {
    const members = Object.entries(properties).map(
      ([name, member]) => `${name}${required.includes(name) ? '' : '?'}: ${typeText(member)}`,
    );
    return `{${members.join(', ')}}`;
  }
  const values = typeof additionalProperties === 'object' ? typeText(additionalProperties) : 'anything';
  return values === 'object' || values === 'anything' ? 'object' : `object of ${values}`;
}

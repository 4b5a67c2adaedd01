/** A fetch that fails the test when an answer is not what `/openapi.json` of the same server documents. */

import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';

export interface OpenapiDocument {
  openapi: string;
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, unknown> };
}

interface Operation {
  operationId: string;
  responses: Record<string, { description: string; content?: Record<string, { schema: unknown }> }>;
}

export interface CheckedOptions {
  /** Sent with every request unless the request has its own. */
  headers?: Record<string, string>;
}

export type CheckedFetch = (path: string, init?: RequestInit) => Promise<Response>;

const ERROR = { $ref: '#/components/schemas/Error' };

/**
 * Reads the document at the first call. Each answer must have a documented status, content type and body; what is not
 * documented at all must be refused with an error of the one form. Bodies of streams are not read.
 */
export function checkedFetch(baseUrl: string, options: CheckedOptions = {}): CheckedFetch {
  let documented: Promise<OpenapiDocument> | null = null;
  return async (path, init = {}) => {
    documented ??= fetch(`${baseUrl}/openapi.json`).then((answer) => answer.json() as Promise<OpenapiDocument>);
    const document = await documented;
    const headers = { ...options.headers, ...(init.headers as Record<string, string> | undefined) };
    const response = await fetch(`${baseUrl}${path}`, { ...init, headers });
    return checkResponse(document, init.method ?? 'GET', path, response);
  };
}

/** Throws what differs; otherwise gives an equal response whose body is still to be read. */
export async function checkResponse(
  document: OpenapiDocument,
  method: string,
  path: string,
  response: Response,
): Promise<Response> {
  const what = `${method} ${path} answered ${response.status}`;
  const type = response.headers.get('content-type')?.split(';', 1)[0] ?? null;
  if (method === 'HEAD' || method === 'OPTIONS') return response;
  const operation = operationOf(document, method, path);
  const answer = operation?.responses[String(response.status)];
  if (operation !== null && answer === undefined) throw new Error(`${what}, which is not documented`);
  if (operation === null && ![404, 405, 421].includes(response.status))
    throw new Error(`${what}, but has no operation`);
  const content = answer === undefined ? { 'application/json': { schema: ERROR } } : answer.content;
  if (type === 'text/event-stream' && content?.[type] !== undefined) return response;
  const text = await response.text();
  if (content === undefined) {
    if (text !== '') throw new Error(`${what} with a body, where none is documented: ${text}`);
    return copyOf(response, null);
  }
  const schema = type === null ? undefined : content[type]?.schema;
  if (schema === undefined) throw new Error(`${what} as ${type}; documented is ${Object.keys(content).join(', ')}`);
  const value: unknown = type === 'application/json' ? JSON.parse(text) : text;
  const faults = faultsOf(document, schema, value);
  if (faults !== null) throw new Error(`${what} with a body that is not the documented one: ${faults}\n${text}`);
  return copyOf(response, text);
}

function operationOf(document: OpenapiDocument, method: string, path: string): Operation | null {
  const [bare = ''] = path.split('?', 1);
  for (const [template, operations] of Object.entries(document.paths)) {
    const pattern = new RegExp(`^${template.replaceAll('.', '\\.').replaceAll(/\{\w+\}/g, '[^/]+')}$`);
    if (pattern.test(bare)) return operations[method.toLowerCase()] ?? null;
  }
  return null;
}

const compiled = new WeakMap<object, Map<string, ReturnType<Ajv2020['compile']>>>();

/** What is wrong with a value by a schema of the document; null when nothing is. */
export function faultsOf(document: OpenapiDocument, schema: unknown, value: unknown): string | null {
  const known = compiled.get(document) ?? new Map();
  compiled.set(document, known);
  const key = JSON.stringify(schema);
  const validate = known.get(key) ?? compile(document, schema);
  known.set(key, validate);
  return validate(value) ? null : JSON.stringify(validate.errors);
}

function compile(document: OpenapiDocument, schema: unknown) {
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  addFormats.default(ajv);
  return ajv.compile({ ...(schema as object), components: document.components });
}

function copyOf({ status, headers }: Response, body: string | null): Response {
  return new Response(body, { status, headers });
}

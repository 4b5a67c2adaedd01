/** `/openapi.json`: OpenAPI 3.1, made from the schemas of the routes. */

import type { Api } from './context.ts';
import swagger from '@fastify/swagger';
import { jsonSchemaTransform, jsonSchemaTransformObject } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { answers, jsonAnswer } from './answers.ts';

const TAGS = [
  { name: 'messages', description: 'Texts: send, follow, resolve.' },
  { name: 'calls', description: 'Calls: place, follow, resolve.' },
  { name: 'events', description: 'What Twilio told, stored and live.' },
  { name: 'automations', description: 'What happens on events, and what became of it.' },
  { name: 'sinks', description: 'Where events are handed on to.' },
  { name: 'account', description: 'What the Twilio account has.' },
  { name: 'numbers', description: 'Numbers, and where what comes in on them goes.' },
  { name: 'hosts', description: "The five tools' own inputs and outputs." },
  { name: 'tokens', description: 'Access for other programs.' },
  { name: 'webhooks', description: 'What Twilio calls.' },
  { name: 'operation', description: 'Health, metrics and this document.' },
];

/** Before the routes: collects their schemas. */
export async function registerOpenapi(app: Api, version: string): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Tollboard',
        version,
        description: 'The gateway: every message has a ticket, every recipient a result.',
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' } as never,
      },
      servers: [{ url: 'http://127.0.0.1:8655' }],
      tags: TAGS,
      components: {
        securitySchemes: {
          bearer: { type: 'http', scheme: 'bearer', description: 'The local token, or a named one.' },
          basic: { type: 'http', scheme: 'basic', description: 'A configured account and its token, or a named key.' },
        },
      },
    },
    transform: jsonSchemaTransform,
    transformObject: jsonSchemaTransformObject,
  });
}

export function openapiRoutes(app: Api): void {
  let text: string | null = null;
  app.get(
    '/openapi.json',
    {
      schema: {
        operationId: 'openapi',
        tags: ['operation'],
        summary: 'This document',
        response: answers({ 200: jsonAnswer('OpenAPI 3.1.', z.record(z.string(), z.unknown())) }),
      },
    },
    (_request, reply) => {
      text ??= JSON.stringify(document(app));
      return reply.type('application/json').serializer(String).send(text);
    },
  );
}

/** The document, without the components that nothing refers to and the bounds that every JSON number has. */
export function document(app: Api): Record<string, unknown> {
  const whole = JSON.parse(JSON.stringify(app.swagger(), withoutSafeBounds)) as Whole;
  const { schemas } = whole.components;
  for (const operation of Object.values(whole.paths).flatMap((path) => Object.values(path))) allowNoBody(operation);
  const used = new Set<string>();
  const waiting = [JSON.stringify(whole.paths)];
  for (let text = waiting.pop(); text !== undefined; text = waiting.pop()) {
    for (const [, name = ''] of text.matchAll(/"#\/components\/schemas\/([^"]+)"/g)) {
      if (!used.has(name)) waiting.push(JSON.stringify(schemas[name]));
      used.add(name);
    }
  }
  const kept = [...used].sort(byName).map((name) => [name, schemas[name]]);
  return { ...whole, components: { ...whole.components, schemas: Object.fromEntries(kept) } };
}

interface Operation {
  requestBody?: { required?: boolean; content: Record<string, { schema: { anyOf?: Array<{ type?: string }> } }> };
}

interface Whole {
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, unknown> };
}

/** A body that may be null is, in OpenAPI's words, not required. */
function allowNoBody({ requestBody }: Operation): void {
  for (const media of Object.values(requestBody?.content ?? {})) {
    const some = media.schema.anyOf?.filter(({ type }) => type !== 'null') ?? [];
    if (requestBody === undefined || some.length !== 1 || some.length === media.schema.anyOf?.length) continue;
    requestBody.required = false;
    media.schema = some[0] as typeof media.schema;
  }
}

function byName(a: string, b: string): number {
  return a < b ? -1 : 1;
}

function withoutSafeBounds(_key: string, value: unknown): unknown {
  return value === Number.MAX_SAFE_INTEGER || value === Number.MIN_SAFE_INTEGER ? undefined : value;
}

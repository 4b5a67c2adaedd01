/** The OpenAPI document of Send SMS on a gateway, for ByteChef's API connectors and its generator. */

import type { OutputProperty, Property } from '../../src/hosts/bytechef/definition.ts';
import { BYTECHEF } from '../../src/hosts/bytechef/definition.ts';

type Json = Readonly<Record<string, unknown>>;

const { title, description, action, fields, outputs } = BYTECHEF;

/** OpenAPI 3.0, the version that importers know best. */
export function openapiDocument(): Json {
  return {
    openapi: '3.0.3',
    info: { title, description, version: '1.0.0', license: { name: 'Apache-2.0' } },
    servers: [{ url: 'http://127.0.0.1:8655', description: 'A Tollboard gateway.' }],
    security: [{ basic: [] }, { bearer: [] }],
    paths: { '/hosts/bytechef': { post: operation() } },
    components: {
      securitySchemes: {
        basic: {
          type: 'http',
          scheme: 'basic',
          description: 'Account SID and Auth Token of an account that the gateway is configured for.',
        },
        bearer: { type: 'http', scheme: 'bearer', description: 'A token of the gateway.' },
      },
    },
  };
}

function operation(): Json {
  return {
    operationId: action.name,
    summary: action.title,
    description: action.description,
    parameters: [
      {
        name: 'Idempotency-Key',
        in: 'header',
        required: false,
        description: 'Repeating the same request with the same key sends nothing twice.',
        schema: { type: 'string', maxLength: 200 },
      },
    ],
    requestBody: {
      required: true,
      content: {
        'application/json': {
          schema: {
            type: 'object',
            required: ['connectionParameters', 'inputParameters'],
            properties: {
              connectionParameters: objectOf(fields.connection),
              inputParameters: objectOf(fields['Send SMS']),
            },
          },
        },
      },
    },
    responses: {
      200: {
        description: 'The message as Twilio took it; or `error` where it was refused, failed, or may have been sent.',
        content: {
          'application/json': { schema: { type: 'object', properties: { ...members(outputs), error: FAILURE } } },
        },
      },
      401: { description: 'The request lacks credentials that the gateway knows.' },
    },
  };
}

function objectOf(properties: readonly Property[]): Json {
  const always = properties.filter(({ required, condition }) => required && condition === undefined);
  return {
    type: 'object',
    ...(always.length === 0 ? {} : { required: always.map(({ name }) => name) }),
    properties: Object.fromEntries(properties.map((property) => [property.name, schemaOf(property)])),
  };
}

/** ByteChef's types → those of JSON Schema. */
const TYPES: Readonly<Record<string, Json>> = {
  STRING: { type: 'string' },
  INTEGER: { type: 'integer' },
  NUMBER: { type: 'number' },
  BOOLEAN: { type: 'boolean' },
  DATE_TIME: { type: 'string' },
  '[STRING]': { type: 'array', items: { type: 'string' } },
};

function schemaOf(property: Property): Json {
  const { label, type, description: text, maxLength, min, max, choices, condition, properties, secret } = property;
  const list = type === '[STRING]';
  const shown = choices?.every(({ label: own, value }) => own === undefined || own === String(value)) === true;
  const words = [
    text,
    shown || choices === undefined || type === 'BOOLEAN' || properties !== undefined || choices.length > 5
      ? ''
      : `${choices.map(({ value, label: own }) => `${value}: ${own}`).join(', ')}.`,
    condition === undefined ? '' : `Only where ${condition.field} is ${condition.equals}.`,
  ].filter((sentence) => sentence !== '');
  return {
    ...(properties === undefined ? (TYPES[type] ?? { type: 'string' }) : objectOf(properties)),
    ...(label === undefined ? {} : { title: label }),
    ...(words.length === 0 ? {} : { description: words.join(' ') }),
    ...(secret === true ? { format: 'password' } : {}),
    ...(property.default === undefined ? {} : { default: property.default }),
    ...(maxLength === undefined ? {} : list ? { maxItems: maxLength } : { maxLength }),
    ...(min === undefined ? {} : { minimum: min }),
    ...(max === undefined ? {} : { maximum: max }),
    ...(choices === undefined || type === 'BOOLEAN' ? {} : { enum: choices.map(({ value }) => value) }),
  };
}

function members(properties: readonly OutputProperty[]): Json {
  return Object.fromEntries(
    properties.map(({ name, type, properties: own }) => [
      name,
      own === undefined
        ? type === '{}'
          ? { type: 'object', nullable: true, additionalProperties: { type: 'string' } }
          : { ...TYPES[type], nullable: true }
        : { type: 'object', nullable: true, properties: members(own) },
    ]),
  );
}

const FAILURE: Json = {
  type: 'object',
  required: ['message', 'status', 'code', 'twilioCode', 'remedy', 'to', 'id', 'at', 'mayHaveBeenSent'],
  properties: {
    message: { type: 'string', description: "`<status>: <Twilio's body>` for a refusal, else a sentence." },
    status: { type: 'integer', nullable: true, description: "Twilio's HTTP status." },
    code: { type: 'string' },
    twilioCode: { type: 'integer', nullable: true },
    remedy: { type: 'string' },
    to: { type: 'string' },
    id: { type: 'string', nullable: true, description: 'What the gateway knows it by.' },
    at: { type: 'string', nullable: true, description: 'When it was asked for, ISO 8601.' },
    mayHaveBeenSent: { type: 'boolean', description: 'True: do not send it again.' },
  },
};

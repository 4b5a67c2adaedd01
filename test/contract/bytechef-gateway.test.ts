/** ByteChef's OpenAPI document and its workflow with the HTTP step, against a real gateway over the simulator. */

import type { OpenapiDocument } from '../support/openapi.ts';
import { Validator } from '@seriousme/openapi-schema-validator';
import { describe, expect, onTestFinished, test } from 'vitest';
import { parse } from 'yaml';
import workflow from '../../integrations/bytechef/workflows/send-sms-http.json' with { type: 'json' };
import { BYTECHEF } from '../../src/hosts/bytechef/definition.ts';
import { startTestGateway, startWorld } from '../support/messenger-world.ts';
import { faultsOf } from '../support/openapi.ts';
import { readRepositoryFile } from '../support/tree.ts';

interface Operation {
  operationId: string;
  requestBody: { content: { 'application/json': { schema: Schema } } };
  responses: { 200: { content: { 'application/json': { schema: Schema } } } };
}
interface Schema {
  properties: Record<string, Schema>;
  title?: string;
}

const SID = `AC${'0'.repeat(32)}`;
const TOKEN = '1'.repeat(32);
const BASIC = `Basic ${Buffer.from(`${SID}:${TOKEN}`).toString('base64')}`;
const document = parse(readRepositoryFile('integrations/bytechef/openapi.yaml')) as OpenapiDocument;
const path = '/hosts/bytechef';
const sendSms = document.paths[path]?.post as unknown as Operation;

async function startGateway() {
  let url = '';
  const world = await startWorld(
    {
      async start(settings, clock) {
        const { gateway, tried } = await startTestGateway(settings, clock);
        url = gateway.url;
        return { messenger: gateway.messenger, tried, close: () => gateway.stop() };
      },
    },
    {},
  );
  onTestFinished(() => world.close());
  return { world, url };
}

async function post(url: string, body: unknown, headers: Record<string, string> = {}) {
  const response = await fetch(url, {
    method: 'POST',
    headers: { authorization: BASIC, 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
  const value = (await response.json()) as Record<string, unknown>;
  expect(faultsOf(document, sendSms.responses[200].content['application/json'].schema, value)).toBeNull();
  return { status: response.status, value };
}

describe('the OpenAPI document', () => {
  const input = sendSms.requestBody.content['application/json'].schema;
  const connectionParameters = { accountSid: SID, authToken: TOKEN };

  test('is valid, and its one operation has the 26 properties in their order and words', async () => {
    const { valid, errors } = await new Validator().validate(structuredClone(document) as never);
    expect(errors ?? []).toEqual([]);
    expect(valid).toBe(true);
    expect(sendSms.operationId).toBe('sendSMS');
    const properties = input.properties.inputParameters?.properties ?? {};
    const own = BYTECHEF.fields['Send SMS'];
    expect(Object.entries(properties).map(([name, { title }]) => [name, title])).toEqual(
      own.map(({ name, label }) => [name, label]),
    );
  });

  test('describes a request that sends, and both answers', async () => {
    const { world, url } = await startGateway();
    const inputParameters = {
      to: '+15551230001',
      source: 1,
      from: '+15550000001',
      content: 1,
      body: 'The build is green.',
    };
    const body = { connectionParameters, inputParameters };
    expect(faultsOf(document, input, body)).toBeNull();
    const good = await post(url + path, body);
    expect(good).toMatchObject({ status: 200, value: { to: '+15551230001', from: { rawNumber: '+15550000001' } } });
    const bad = await post(url + path, {
      connectionParameters,
      inputParameters: { ...inputParameters, to: '15551230001' },
    });
    expect(bad).toMatchObject({ status: 200, value: { error: { twilioCode: 21211, mayHaveBeenSent: false } } });
    expect(world.taken().map(({ to, body: text }) => [to, text])).toEqual([['+15551230001', 'The build is green.']]);
  });

  test('repeats nothing for a request that comes again with its Idempotency-Key', async () => {
    const { world, url } = await startGateway();
    const inputParameters = { to: '+15551230001', source: 1, from: '+15550000001', body: 'The build is green.' };
    const again = { 'idempotency-key': 'build 7' };
    const first = await post(url + path, { connectionParameters, inputParameters }, again);
    const second = await post(url + path, { connectionParameters, inputParameters }, again);
    expect(second.value.sid).toBe(first.value.sid);
    expect(world.taken()).toHaveLength(1);
  });

  test('a wrong token is told in the same form, and is not told again', async () => {
    const { world, url } = await startGateway();
    const secret = 'a-wrong-token-0123456789';
    const inputParameters = { to: '+15551230001', source: 1, from: '+15550000001', body: 'Hello' };
    const { value } = await post(url + path, {
      connectionParameters: { accountSid: SID, authToken: secret },
      inputParameters,
    });
    expect(value).toMatchObject({ error: { status: 401, twilioCode: 20003 } });
    expect(JSON.stringify(value)).not.toContain(secret);
    expect(world.taken()).toEqual([]);
  });
});

describe('the workflow with the HTTP step', () => {
  const [step] = workflow.tasks;

  /** ByteChef's placeholders: `${name}` is an input of the workflow. */
  function filled<T>(value: T, inputs: Record<string, string>): T {
    return JSON.parse(JSON.stringify(value).replaceAll(/\$\{(\w+)\}/g, (whole, name: string) => inputs[name] ?? whole));
  }

  test('has the members that an importer asks for', () => {
    expect(workflow.triggers).toMatchObject([{ name: 'trigger_1', type: 'manual/v1/manual' }]);
    expect(workflow.tasks.map(({ type }) => type)).toEqual(['httpClient/v1/post', 'script/v1/javascript']);
    const names = workflow.inputs.map(({ name }) => name);
    const used = [...JSON.stringify(step).matchAll(/\$\{(\w+)\}/g)].map(([, name]) => name);
    expect(new Set(used)).toEqual(new Set(names));
  });

  test('sends what it says', async () => {
    const { world, url } = await startGateway();
    const request = filled(step?.parameters, { gatewayUrl: url, accountSid: SID, authToken: TOKEN });
    expect(request?.body?.bodyContentType).toBe('JSON');
    const { value } = await post(request?.uri ?? '', request?.body?.bodyContent);
    expect(value).toMatchObject({ to: '+15551112222', body: 'The build is green.' });
    expect(world.taken()).toHaveLength(1);
  });
});

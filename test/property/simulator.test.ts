/** The simulator under random requests and random time: never a fault of its own, never a status that goes back. */

import type { Simulator } from '../../src/simulator/server.ts';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { MESSAGE_STATUSES } from '../../src/core/message.ts';
import { startReceiver } from '../support/callback-receiver.ts';
import { SEED } from '../support/property.ts';
import { ask, FROM, PHONE, pass, startSimulator } from '../support/simulator.ts';

const SERVICE = `MG${'a'.repeat(32)}`;

/** `holds` for properties that wait. */
async function holdsAsync<T>(property: fc.IAsyncProperty<T>, numRuns: number): Promise<void> {
  await fc.assert(property, { seed: SEED, numRuns });
}

test('any form of known fields with odd values is created or refused in the form of Twilio', async () => {
  const simulator = await startSimulator();
  const names = [
    'To',
    'From',
    'MessagingServiceSid',
    'Body',
    'MediaUrl',
    'StatusCallback',
    'ValidityPeriod',
    'MaxPrice',
    'SendAt',
    'ScheduleType',
    'ContentSid',
    'ContentVariables',
    'SmartEncoded',
    'Url',
    'Twiml',
    'Timeout',
    'StatusCallbackEvent',
    'SendDigits',
    'Status',
    'PhoneNumber',
    'Outcome',
  ];
  const odd = fc.constantFrom(
    PHONE,
    FROM,
    SERVICE,
    'ACME',
    '12345',
    'whatsapp:+15551112222',
    'http://h.example/',
    '2026-07-02T12:00:00Z',
    'fixed',
    '-1',
    '1e400',
    '{}',
    '[',
    'true',
    '\u0000',
    '😀',
    '',
  );
  const form = fc.array(fc.tuple(fc.constantFrom(...names), fc.oneof(odd, fc.string({ unit: 'grapheme' }))), {
    maxLength: 8,
  });
  const path = fc.constantFrom(
    'Messages.json',
    'Calls.json',
    'OutgoingCallerIds.json',
    'IncomingPhoneNumbers.json',
    `Messages/SM${'0'.repeat(32)}.json`,
  );
  const account = fc.constantFrom(0, 1, 3);
  await holdsAsync(
    fc.asyncProperty(path, form, account, async (target, fields, which) => {
      // Every answer is judged by Twilio's OpenAPI inside.
      const { status } = await ask(simulator, 'POST', target, { form: fields, account: which });
      expect([200, 201, 400, 403, 404, 409]).toContain(status);
    }),
    300,
  );
});

test('any query of a list is answered in the form of Twilio', async () => {
  const simulator = await startSimulator();
  for (let index = 0; index < 5; index += 1) await create(simulator, [['From', FROM]]);
  const name = fc.constantFrom(
    'To',
    'From',
    'DateSent',
    'DateSent<',
    'DateSent>',
    'Page',
    'PageSize',
    'PageToken',
    'Status',
    'StartTime',
  );
  const value = fc.oneof(
    fc.constantFrom(PHONE, FROM, '2026-07-01', '1', '2', '1001', '-1', 'PASM1'),
    fc.string({ unit: 'grapheme' }),
  );
  const list = fc.constantFrom('Messages', 'Calls', 'OutgoingCallerIds', 'IncomingPhoneNumbers');
  await holdsAsync(
    fc.asyncProperty(list, fc.array(fc.tuple(name, value), { maxLength: 4 }), async (resource, query) => {
      const { status } = await ask(simulator, 'GET', `${resource}.json?${new URLSearchParams(query).toString()}`);
      expect([200, 400]).toContain(status);
    }),
    200,
  );
});

test('statuses that callbacks tell only rise, each once, whatever is canceled and however time passes', async () => {
  const action = fc.oneof(
    fc.record({
      do: fc.constant('text' as const),
      deliver: fc.constantFrom('delivered', 'undelivered', 'failed', 'sent', 'read'),
    }),
    fc.record({ do: fc.constant('schedule' as const) }),
    fc.record({ do: fc.constant('cancel' as const) }),
    fc.record({ do: fc.constant('pass' as const), ms: fc.constantFrom(1, 49, 60, 150, 400, 4_000_000) }),
  );
  await holdsAsync(
    fc.asyncProperty(fc.array(action, { minLength: 3, maxLength: 12 }), async (actions) => {
      const simulator = await startSimulator();
      const receiver = await startReceiver();
      const sids: string[] = [];
      for (const step of actions) {
        if (step.do === 'pass') await pass(simulator, step.ms);
        else if (step.do === 'cancel')
          await ask(simulator, 'POST', `Messages/${sids.at(-1) ?? 'SM0'}.json`, { form: [['Status', 'canceled']] });
        else {
          if (step.do === 'text') simulator.control.scenarios.add({ to: PHONE, deliver: step.deliver });
          const at = new Date(simulator.control.clock.state().now).getTime() + 1_000_000;
          const when: Array<[string, string]> = [
            ['ScheduleType', 'fixed'],
            ['SendAt', new Date(at).toISOString()],
          ];
          const sender: Array<[string, string]> =
            step.do === 'text' ? [['From', FROM]] : [['MessagingServiceSid', SERVICE], ...when];
          sids.push(await create(simulator, [...sender, ['StatusCallback', receiver.url]]));
        }
      }
      await pass(simulator, 10_000_000);
      for (const sid of sids) {
        const told = receiver.received
          .filter(({ fields }) => fields.MessageSid === sid)
          .map(({ fields }) => fields.MessageStatus as keyof typeof MESSAGE_STATUSES);
        const ranks = told.map((status) => MESSAGE_STATUSES[status].rank);
        expect(ranks, told.join(' ')).toEqual([...new Set(ranks)].sort((a, b) => a - b));
        const { json } = await ask(simulator, 'GET', `Messages/${sid}.json`);
        expect(json.status).toBe(told.at(-1));
      }
      await simulator.stop();
    }),
    25,
  );
});

async function create(simulator: Simulator, fields: Array<[string, string]>): Promise<string> {
  const { json } = await ask(simulator, 'POST', 'Messages.json', { form: [['To', PHONE], ['Body', 'x'], ...fields] });
  return json.sid;
}

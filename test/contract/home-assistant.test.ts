/** Home Assistant's notifiers against its document, and the defects of the originals that must not come back. */

import { describe, expect, test } from 'vitest';
import { homeAssistant } from '../../src/hosts.ts';
import { createManualClock } from '../support/manual-clock.ts';
import { startTestGateway, startWorld } from '../support/messenger-world.ts';
import seed from './data/seed-home-assistant.json' with { type: 'json' };

const { definition } = homeAssistant;

describe("the definition says what the document says of Home Assistant's configuration", () => {
  test.each(seed.configuration)('$name', (row) => {
    const field = definition.fields.twilio?.find(({ name }) => name === row.name);
    expect(field).toMatchObject(row);
  });

  test('no key of the twilio block is missing or added', () => {
    const own = definition.fields.twilio?.filter(({ added }) => added !== true);
    expect(own?.map(({ name }) => name)).toEqual(seed.configuration.map(({ name }) => name));
  });

  test('title, introduction and the facts about trial accounts are its own', () => {
    expect(definition.title).toBe(seed.title);
    expect(definition.description).toBe(seed.introduction);
    expect(definition.notes).toEqual(seed.trial);
  });
});

describe('defects of the originals', () => {
  const input = (platform: string, target: readonly string[], from = '+15550000001') => ({
    twilio: { account_sid: `AC${'0'.repeat(32)}`, auth_token: '1'.repeat(32) },
    notify: { platform, from_number: from },
    data: { message: 'The door is open.', target },
  });

  const REFUSED = { target: '12', status: 'rejected', error: { message: expect.stringContaining("'12'") } };

  async function run(body: unknown) {
    const way = {
      async start(...[settings, clock]: Parameters<typeof startTestGateway>) {
        const { gateway, tried } = await startTestGateway(settings, clock);
        return { messenger: gateway.messenger, tried, close: () => gateway.stop() };
      },
    };
    const world = await startWorld(way, {});
    try {
      const output = await homeAssistant.run(body, world.messenger, { clock: createManualClock() });
      const calls = world.simulator.control.calls().calls.map(({ to }) => to);
      const asked = world.simulator.control.coverage().endpoints;
      return { output, texts: world.taken().map(({ to }) => to), calls, asked };
    } finally {
      await world.close();
    }
  }

  test('S6: a sender that is no sender at all is refused, whatever the pattern of the original took', async () => {
    for (const garbage of ['', 'not a sender!', '+12', 'ABCDEFGHIJKLMNOP']) {
      const { output, asked } = await run(input('twilio_sms', ['+15551230001'], garbage));
      // By the check, not by Twilio, which is not asked.
      const code = garbage === '' ? 'TOLLBOARD_MESSAGE_SENDER_MISSING' : 'TOLLBOARD_MESSAGE_FROM_INVALID';
      expect(output, garbage).toMatchObject({ results: [{ status: 'rejected', error: { code } }] });
      expect(asked, garbage).toEqual([]);
    }
  });

  test('S7: a bad target stops no other target, and the caller learns of it: texts', async () => {
    const { output, texts } = await run(input('twilio_sms', ['+15551230001', '12', '+15551230002']));
    expect(output).toMatchObject({ results: [{ error: null }, REFUSED, { error: null }] });
    expect([...texts].sort()).toEqual(['+15551230001', '+15551230002']);
  });

  test('S7: a bad target stops no other target, and the caller learns of it: calls', async () => {
    const { output, calls } = await run(input('twilio_call', ['+15551230001', '12', '+15551230002']));
    expect(output).toMatchObject({ results: [{ error: null }, REFUSED, { error: null }] });
    expect([...calls].sort()).toEqual(['+15551230001', '+15551230002']);
  });
});

/** What users of the original connector complained of (S4), and the defects beside it, do not come back. */

import type { SoarOutput } from '../../src/hosts/soar/result.ts';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createDirectMessenger } from '../../src/direct.ts';
import { soar } from '../../src/hosts.ts';
import { createHttpsTransport } from '../../src/twilio/https-transport.ts';
import { type Implementation, SENDER, startTestGateway, startWorld, type World } from '../support/messenger-world.ts';

const PHONE = '+15551230001';

const DIRECT: Pick<Implementation, 'start'> = {
  async start(settings, clock) {
    const messenger = createDirectMessenger(settings, { clock, transport: createHttpsTransport({ clock }) });
    return { messenger, tried: async (entry) => entry, close: () => messenger.close() };
  },
};
const GATEWAY: Pick<Implementation, 'start'> = {
  async start(settings, clock) {
    const { gateway, tried } = await startTestGateway(settings, clock);
    return { messenger: gateway.messenger, tried, close: () => gateway.stop() };
  },
};

async function world(way = DIRECT): Promise<World> {
  const started = await startWorld(way, {});
  onTestFinished(() => started.close());
  started.clock.run(20);
  return started;
}

async function run({ simulator, messenger, clock }: World, action: object, asset: object = {}): Promise<SoarOutput> {
  const { sid, authToken } = simulator.accounts[0] ?? { sid: '', authToken: '' };
  const config = { base_url: simulator.url, account_sid: sid, auth_token: authToken, from_phone: SENDER, ...asset };
  return (await soar.run({ config, parameters: [{}], ...action }, messenger, { clock })) as SoarOutput;
}

const sendText = { identifier: 'send_text', parameters: [{ to_phone: PHONE, message: 'The build is red.' }] };

describe('S4: the connector', () => {
  test.each(['undelivered', 'failed'])(
    'tells %s as a failure, with the code and the message itself',
    async (deliver) => {
      const ground = await world();
      ground.simulator.control.scenarios.replace([{ to: PHONE, deliver, errorCode: 30003 }]);
      const { status, result_data: results, result_summary: counts } = await run(ground, sendText);
      expect([status, counts.total_objects_successful]).toEqual(['failed', 0]);
      expect(results[0]?.message).toMatch(
        new RegExp(`^Message delivery failed with status: ${deliver}, error code: 30003`),
      );
      expect(results[0]?.data).toMatchObject([{ status: deliver, error_code: 30003, to: PHONE }]);
      expect(results[0]?.summary).toEqual({ message_delivery_status: deliver });
    },
  );

  test('ends at the final status, and does not wait out the minute', async () => {
    const ground = await world();
    const begun = ground.clock.now();
    await run(ground, sendText);
    expect(ground.clock.now() - begun).toBeLessThan(30_000);
  });

  test('looks for about a minute, also where every look hangs', async () => {
    const ground = await world();
    ground.simulator.control.faults.add({ fault: 'half_open', method: 'GET' });
    const begun = ground.clock.now();
    const { result_data: results } = await run(ground, sendText);
    expect(results[0]).toMatchObject({ status: 'success', summary: { message_delivery_status: 'queued' } });
    expect(ground.clock.now() - begun).toBeLessThan(180_000);
  });

  test('sends no text for test connectivity unless the asset has a to_phone', async () => {
    const ground = await world();
    const passed = await run(ground, { identifier: 'test_connectivity' });
    expect([passed.result_data[0]?.message, ground.taken()]).toEqual(['Test connectivity Passed', []]);
    await run(ground, { identifier: 'test_connectivity' }, { to_phone: PHONE });
    expect(ground.taken().map(({ to, body }) => [to, body])).toEqual([
      [PHONE, 'Testing connectivity from Phantom to Twilio'],
    ]);
  });

  test('keeps the SID of a sent message when every later look fails', async () => {
    const ground = await world();
    ground.simulator.control.faults.add({ fault: 'server_error', method: 'GET' });
    const { result_data: results } = await run(ground, sendText);
    expect(results[0]).toMatchObject({ status: 'success', data: [{ sid: ground.taken()[0]?.sid, status: 'queued' }] });
  });

  test('tells a text whose answer is lost only after the gateway had accepted it as one that may have been sent', async () => {
    const ground = await world(GATEWAY);
    const { faults } = ground.simulator.control;
    faults.add({ fault: 'half_open', accept: true, method: 'POST', count: 1 });
    faults.add({ fault: 'server_error', method: 'GET' });
    faults.add({ fault: 'callback_lost' });
    const { status, result_data: results } = await run(ground, sendText);
    expect(ground.taken().map(({ to }) => to)).toEqual([PHONE]);
    expect([status, results[0]?.data]).toEqual(['failed', []]);
    expect(results[0]?.message).toMatch(
      /The message SM[0-9a-f]{32} to \+15551230001 may have been sent: do not send it/,
    );
  });
});

/** What only the simulator does of Twilio's API; what a gateway does alike is in twilio-api.ts. */

import { describe, expect, test } from 'vitest';
import { startReceiver } from '../support/callback-receiver.ts';
import { ask, FROM, PHONE, pass, startSimulator } from '../support/simulator.ts';
import { sdkFor } from '../support/twilio-sdk.ts';
import { twilioApi } from './twilio-api.ts';

const TWIML = '<Response><Say>Hi</Say></Response>';

twilioApi('the simulator', startSimulator, { authToken: '1'.repeat(32) });

describe('only the simulator', () => {
  test('other formats than JSON, other methods and other paths are refused', async () => {
    const simulator = await startSimulator();
    expect((await ask(simulator, 'GET', 'Messages')).status).toBe(406);
    expect((await ask(simulator, 'GET', 'Messages.xml')).status).toBe(406);
    expect((await ask(simulator, 'DELETE', 'Messages.json')).json).toMatchObject({ status: 405, code: 20004 });
    expect((await ask(simulator, 'GET', 'Sandbox.json')).json).toMatchObject({ status: 404, code: 20404 });
    expect((await ask(simulator, 'GET', '/2008-08-01/Accounts.json')).status).toBe(404);
    expect((await ask(simulator, 'GET', '/')).status).toBe(404);
  });

  test('a paced sender sends at its pace and refuses with 21611 what its queue does not hold', async () => {
    const simulator = await startSimulator();
    simulator.control.scenarios.add({ from: FROM, perSecond: 1, queueLimit: 2 });
    const client = sdkFor(simulator);
    const send = () => client.messages.create({ to: PHONE, from: FROM, body: 'Hi' });
    const first = await send();
    const second = await send();
    await expect(send()).rejects.toMatchObject({ code: 21611, status: 400 });
    await pass(simulator, 100);
    expect((await client.messages(first.sid).fetch()).status).toBe('sent');
    expect((await client.messages(second.sid).fetch()).status).toBe('queued');
    await pass(simulator, 1000);
    expect((await client.messages(second.sid).fetch()).status).toBe('sent');
  });

  test('the magic sender whose queue is full is refused with 21611', async () => {
    const simulator = await startSimulator();
    const form: Array<[string, string]> = [
      ['To', PHONE],
      ['From', '+15005550008'],
      ['Body', 'x'],
    ];
    const { status, json } = await ask(simulator, 'POST', 'Messages.json', { form, account: 3 });
    expect([status, json.code]).toEqual([400, 21611]);
  });

  test('canceled while queued are silent; hung up while in progress are completed', async () => {
    const simulator = await startSimulator();
    const receiver = await startReceiver();
    const client = sdkFor(simulator);
    const options = { to: PHONE, from: FROM, twiml: TWIML, statusCallback: receiver.url };
    const first = await client.calls.create(options);
    expect((await client.calls(first.sid).update({ status: 'canceled' })).status).toBe('canceled');
    const second = await client.calls.create(options);
    await pass(simulator, 300);
    await expect(client.calls(second.sid).update({ status: 'canceled' })).rejects.toMatchObject({ code: 21220 });
    expect((await client.calls(second.sid).update({ status: 'completed' })).status).toBe('completed');
    await pass(simulator, 5000);
    expect(receiver.values('CallSid')).toEqual([second.sid]);
    await expect(client.calls(second.sid).update({ twiml: TWIML })).rejects.toMatchObject({ code: 21220 });
  });
});

/** ByteChef's Send SMS over the real Messenger, judged by the form that arrives in Twilio's place. */

import type { Clock } from '../../src/core/ports.ts';
import { describe, expect, onTestFinished, test } from 'vitest';
import vectors from '../../integrations/bytechef/vectors.json' with { type: 'json' };
import { createDirectMessenger } from '../../src/direct.ts';
import { BYTECHEF } from '../../src/hosts/bytechef/definition.ts';
import { bytechef } from '../../src/hosts.ts';
import { systemClock } from '../../src/system.ts';
import { createHttpsTransport } from '../../src/twilio/https-transport.ts';
import { type ScriptedAnswer, startScriptedTwilio } from '../support/scripted-twilio.ts';

const NOW = Date.UTC(2026, 6, 1, 12);
const SID = `AC${'0'.repeat(32)}`;
const TOKEN = 'a-token-of-the-test';
const SERVICE = `MG${'0'.repeat(32)}`;
const TAKEN = {
  status: 201,
  body: { sid: `SM${'a'.repeat(32)}`, status: 'queued', to: '+15551112222', body: 'Hello' },
};

/** Time passes as fast as the requests do: a lost answer is sought for a minute that takes no time. */
function hurriedClock(): Clock {
  let now = NOW;
  return {
    now: () => now,
    steady: () => now,
    async sleep(ms) {
      now += ms;
    },
  };
}

/** Straight to the scripted Twilio, with the credentials of the input. */
async function send(input: unknown, answers: readonly ScriptedAnswer[]) {
  const twilio = await startScriptedTwilio(answers);
  const credentials = bytechef.credentials(input);
  const { accountSid = SID, username = SID, password = TOKEN } = credentials ?? {};
  const key = username === accountSid ? null : username;
  const account = {
    name: 'default',
    accountSid,
    authTokens: key === null ? [password] : [],
    apiKey: key,
    apiSecret: key === null ? null : password,
    baseUrl: twilio.url,
    simulated: false,
  };
  const transport = createHttpsTransport({ clock: systemClock });
  const messenger = createDirectMessenger({ accounts: [account], sender: null }, { clock: hurriedClock(), transport });
  onTestFinished(() => messenger.close());
  const output = await bytechef.run(input, messenger, { clock: hurriedClock() });
  return { output, creates: twilio.creates };
}

describe('S10: each of the 26 properties reaches Twilio', () => {
  const connectionParameters = { accountSid: SID, authToken: TOKEN };
  const text = { to: '+15551112222', source: 1, from: '+15550000001', content: 1, body: 'Hello' };
  const service = { ...text, source: 2, from: undefined, messagingServiceSid: SERVICE };
  const sub = `AC${'5'.repeat(32)}`;
  const template = `HX${'7'.repeat(32)}`;
  const rows: Record<string, { given: Record<string, unknown>; fields: Array<[string, string]> }> = {
    accountSid: { given: { ...text, accountSid: sub }, fields: [] },
    to: { given: text, fields: [['To', '+15551112222']] },
    source: { given: { ...service, from: '+15550000001' }, fields: [['MessagingServiceSid', SERVICE]] },
    from: { given: text, fields: [['From', '+15550000001']] },
    messagingServiceSid: { given: service, fields: [['MessagingServiceSid', SERVICE]] },
    content: { given: { ...text, content: 2, contentSid: template }, fields: [['ContentSid', template]] },
    body: { given: text, fields: [['Body', 'Hello']] },
    mediaUrl: {
      given: { ...text, mediaUrl: ['https://example.com/a.png', 'https://example.com/b.png?x=1,2'] },
      fields: [
        ['MediaUrl', 'https://example.com/a.png'],
        ['MediaUrl', 'https://example.com/b.png?x=1,2'],
      ],
    },
    statusCallback: alone('statusCallback', 'https://example.com/status'),
    applicationSid: alone('applicationSid', `AP${'0'.repeat(32)}`),
    maxPrice: alone('maxPrice', 0.0075),
    provideFeedback: alone('provideFeedback', true),
    attempt: alone('attempt', 2),
    validityPeriod: alone('validityPeriod', 36_000),
    forceDelivery: alone('forceDelivery', false),
    contentRetention: alone('contentRetention', 'discard'),
    addressRetention: alone('addressRetention', 'obfuscate'),
    smartEncoded: alone('smartEncoded', true),
    persistentAction: {
      given: { ...text, persistentAction: ['geo:37.787890,-122.391664|375 Beale St'] },
      fields: [['PersistentAction', 'geo:37.787890,-122.391664|375 Beale St']],
    },
    shortenUrls: alone('shortenUrls', true),
    scheduleType: schedule('ScheduleType', 'fixed'),
    sendAt: schedule('SendAt', '2026-07-02T17:00:00Z'),
    sendAsMms: alone('sendAsMms', true),
    contentVariables: {
      given: { ...text, content: 2, contentSid: template, contentVariables: '{"1": "Ada"}' },
      fields: [['ContentVariables', '{"1": "Ada"}']],
    },
    riskCheck: alone('riskCheck', 'disable'),
    contentSid: { given: { ...text, content: 2, contentSid: template }, fields: [['ContentSid', template]] },
  };

  function alone(name: string, value: string | number | boolean) {
    const wire = BYTECHEF.fields['Send SMS'].find((property) => property.name === name)?.twilio ?? '';
    return { given: { ...text, [name]: value }, fields: [[wire, String(value)]] as Array<[string, string]> };
  }

  function schedule(wire: string, value: string) {
    const sendAt = { dateTime: '2026-07-02T12:00:00', zoneId: 'Etc/GMT+5' };
    const fields: Array<[string, string]> = [[wire, value]];
    return { given: { ...service, scheduleType: 'fixed', sendAt }, fields };
  }

  test('the rows are the properties', () => {
    expect(Object.keys(rows)).toEqual(BYTECHEF.fields['Send SMS'].map(({ name }) => name));
  });

  test.each(Object.entries(rows))('%s', async (name, { given, fields }) => {
    const { output, creates } = await send({ connectionParameters, inputParameters: given }, [TAKEN]);
    expect(output).toMatchObject({ sid: TAKEN.body.sid });
    const account = name === 'accountSid' ? sub : SID;
    expect(creates).toHaveLength(1);
    expect(creates[0]?.path).toBe(`/2010-04-01/Accounts/${account}/Messages.json`);
    for (const field of fields) expect(creates[0]?.form).toContainEqual(field);
    const names = new Set(creates[0]?.form.map(([wire]) => wire));
    if (name === 'content' || name === 'contentSid') expect(names).not.toContain('Body');
    if (name === 'to') expect([...names]).toEqual(['To', 'From', 'Body']);
  });

  test('an API key connects, and the property Account SID then names the account', async () => {
    const key = `SK${'1'.repeat(32)}`;
    const input = {
      connectionParameters: { username: key, password: 'api-secret' },
      inputParameters: { ...text, accountSid: SID },
    };
    const { creates } = await send(input, [TAKEN]);
    expect(creates[0]).toMatchObject({
      basic: `${key}:api-secret`,
      path: `/2010-04-01/Accounts/${SID}/Messages.json`,
    });
  });
});

describe('the vectors of the component hold in TypeScript', () => {
  test.each(vectors)('$name', async ({ input, answers, requests, output }) => {
    const told = await send(input, answers as ScriptedAnswer[]);
    expect(told.creates.map(({ path, basic, form }) => ({ path, basic, form }))).toEqual(requests);
    if ('error' in output) expect(told.output).toMatchObject(output);
    else expect(told.output).toEqual(output);
  });
});

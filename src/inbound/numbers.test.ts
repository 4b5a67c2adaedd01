import type { NumberClient, NumbersOptions, OwnedNumber } from './numbers.ts';
import { expect, it } from 'vitest';
import { createMemoryStore } from '../store/memory.ts';
import { systemRandom } from '../system.ts';
import { connectNumber, listNumbers, restoreNumber } from './numbers.ts';

const URL = 'https://gateway.example.com/api/webhook/1';
const NUMBER: OwnedNumber = {
  sid: 'PN1',
  phoneNumber: '+15550000001',
  friendlyName: 'Home',
  smsUrl: 'https://example.com/sms',
  smsMethod: 'GET',
  smsApplicationSid: null,
  voiceUrl: null,
  voiceMethod: null,
  voiceApplicationSid: 'AP1',
  trunkSid: null,
};

it('what stood there is on disk before Twilio is asked to change it, and a kill at either side of that can be put right', async () => {
  const store = createMemoryStore({ random: systemRandom });
  const number = { ...NUMBER };
  let killed: 'before' | 'after' | 'never' = 'before';
  let changes = 0;
  const client: NumberClient = {
    accountSid: 'AC1',
    incomingPhoneNumbers: async () => [{ ...number }],
    async updateIncomingPhoneNumber(_sid, form) {
      expect((await store.record('numbers', 'AC1/PN1'))?.value).toMatchObject({ smsUrl: NUMBER.smsUrl });
      changes += 1;
      if (killed === 'before') throw new Error('killed');
      for (const [name, value] of form)
        Object.assign(number, { [name.charAt(0).toLowerCase() + name.slice(1)]: value === '' ? null : value });
      if (killed === 'after') throw new Error('killed');
    },
  };
  const options: NumbersOptions = { store, client, webhookUrl: () => URL, isWebhook: (url) => url === URL };
  const connected = async () => (await listNumbers(options, URL))[0]?.connected;

  await expect(connectNumber('PN1', options)).rejects.toThrow('killed');
  expect(await connected()).toBe(false);
  await restoreNumber('PN1', options, URL);
  expect([number, changes]).toEqual([NUMBER, 1]);

  killed = 'after';
  await expect(connectNumber('PN1', options)).rejects.toThrow('killed');
  expect(await connected()).toBe(true);
  // Put back at Twilio, and killed before that was kept.
  await expect(restoreNumber('PN1', options, URL)).rejects.toThrow('killed');
  killed = 'never';
  await restoreNumber('PN1', options, URL);
  expect([number, changes]).toEqual([NUMBER, 3]);
  await expect(restoreNumber('PN1', options, URL)).rejects.toMatchObject({ code: 'TOLLBOARD_NUMBER_NOT_CONNECTED' });
});

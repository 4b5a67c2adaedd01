import { expect, it } from 'vitest';
import { createMemoryStore } from '../store/memory.ts';
import { systemClock, systemRandom } from '../system.ts';
import { createInboundGateway, type WebhookAccount } from './inbound-gateway.ts';

const account = (accountSid: string, ...authTokens: string[]): WebhookAccount => {
  return { accountSid, simulated: false, authTokens };
};

function webhook(...accounts: [WebhookAccount, ...WebhookAccount[]]) {
  const silent = () => undefined;
  const inbound = createInboundGateway({
    store: createMemoryStore({ random: systemRandom }),
    clock: systemClock,
    logger: { debug: silent, info: silent, warn: silent, error: silent },
    webhookId: 'f'.repeat(64),
    accounts,
    chooseAccount: () => accounts[0],
    clients: new Map(),
    addressOf: () => ({ base: 'https://gateway.example.com', reachable: true }),
    verify: () => null,
    replier: null,
    onReceived: silent,
  });
  return inbound.webhook();
}

it('the webhook names the accounts that nothing can be verified for, and how to change that', () => {
  expect(webhook(account('AC1', 'token'), account('AC2', 'token'))).toMatchObject({
    message: 'What Twilio sends there for these accounts is verified and stored.',
    remedy: null,
  });
  expect(webhook(account('AC1', 'token'), account('AC2'))).toEqual({
    url: `https://gateway.example.com/api/webhook/${'f'.repeat(64)}`,
    ready: true,
    message:
      'What Twilio sends there for AC1 is verified and stored. Nothing that comes in for account AC2 could be verified: it has an API key and no auth token.',
    remedy: 'Add auth_token to the account in tollboard.yaml.',
  });
  expect(webhook(account('AC2'), account('AC1', 'token'))).toMatchObject({ ready: false });
});

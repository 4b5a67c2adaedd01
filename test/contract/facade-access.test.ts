/** Who may ask a gateway's own Twilio API, for what, and how a request is named by a key. */

import { describe, expect, test } from 'vitest';
import { type Facade, startFacade } from '../support/facade.ts';
import { ask, FROM, PHONE } from '../support/simulator.ts';

type Form = Array<[string, string]>;
const text = (to: string, body: string): Form => [
  ['To', to],
  ['From', FROM],
  ['Body', body],
];

describe('a key in the headers', () => {
  const post = (facade: Facade, headers: Record<string, string>, form: Form, account = 0) => {
    const { sid, authToken } = facade.accounts[account] ?? { sid: '', authToken: '' };
    return fetch(`${facade.url}/2010-04-01/Accounts/${sid}/Messages.json`, {
      method: 'POST',
      headers: { authorization: `Basic ${btoa(`${sid}:${authToken}`)}`, ...headers },
      body: new URLSearchParams(form),
    });
  };

  test.each(['Idempotency-Key', 'I-Twilio-Idempotency-Token'])('%s joins repeated requests', async (name) => {
    const facade = await startFacade();
    const once = () => post(facade, { [name]: 'build 7' }, text(PHONE, 'Build 7'));
    const answers = await Promise.all([once(), once(), once()]);
    const shown = await Promise.all(
      answers.map(async (answer) => [answer.status, ((await answer.json()) as { sid: string }).sid]),
    );
    expect(new Set(shown.map(String)).size).toBe(1);
    expect(shown[0]?.[0]).toBe(201);
    expect((await once()).status).toBe(201);
    expect(facade.control.messages().messages).toHaveLength(1);
    const other = await post(facade, { [name]: 'build 7' }, text(PHONE, 'Build 8'));
    expect(other.status).toBe(422);
    expect(await other.text()).toContain('used before with another request');
  });

  test('belongs to its account, and meets no key of the API', async () => {
    const facade = await startFacade();
    const key = { 'Idempotency-Key': 'k' };
    const sending = { kind: 'message', to: PHONE, params: { from: FROM, body: 'api' }, host: 'api' } as const;
    await facade.gateway.api.send(sending, { idempotencyKey: 'k' });
    expect((await post(facade, key, text('+15550100001', 'full'))).status).toBe(201);
    expect((await post(facade, key, text('+15550100001', 'trial'), 1)).status).toBe(201);
  });

  test('that is none is refused', async () => {
    const facade = await startFacade();
    const answer = await post(facade, { 'Idempotency-Key': 'x'.repeat(256) }, text(PHONE, 'x'));
    expect(answer.status).toBe(422);
    expect(await answer.json()).toMatchObject({ status: 422, message: expect.stringContaining('Idempotency-Key') });
  });
});

describe('access', () => {
  const basic = (user: string, password: string) => ({ authorization: `Basic ${btoa(`${user}:${password}`)}` });

  test('an issued key acts for every configured account, reads none of them, and ends when it is revoked', async () => {
    const facade = await startFacade();
    const { sid, secret } = await facade.gateway.api.issueToken('night shift');
    for (const account of [0, 1]) {
      const { json } = await ask(facade, 'GET', 'Messages.json', { account, ...basic(sid, secret) });
      expect(json.messages).toEqual([]);
    }
    for (const path of ['/2010-04-01/Accounts.json', `/2010-04-01/Accounts/${facade.accounts[0]?.sid}.json`])
      expect((await ask(facade, 'GET', path, basic(sid, secret))).status).toBe(401);
    expect((await ask(facade, 'GET', 'Messages.json', basic(sid, 'wrong'))).status).toBe(401);
    await facade.gateway.api.revokeToken(sid);
    expect((await ask(facade, 'GET', 'Messages.json', basic(sid, secret))).status).toBe(401);
  });

  test('both auth tokens are taken while they are rotated, and the local token is none', async () => {
    const [old, fresh] = ['1'.repeat(32), '2'.repeat(32)];
    const facade = await startFacade({ account: { authTokens: [old, fresh] } });
    const sid = facade.accounts[0]?.sid ?? '';
    for (const token of [old, fresh])
      expect((await ask(facade, 'GET', 'Messages.json', basic(sid, token))).status).toBe(200);
    for (const token of [facade.gateway.token, '', old.slice(1)])
      expect((await ask(facade, 'GET', 'Messages.json', basic(sid, token))).status).toBe(401);
    const bearer = await ask(facade, 'GET', 'Messages.json', { authorization: `Bearer ${facade.gateway.token}` });
    expect(bearer.status).toBe(401);
  });

  test('an account without an auth token opens to issued keys only', async () => {
    const [apiKey, apiSecret] = [`SK${'1'.repeat(32)}`, 'key-secret'];
    const sid = `AC${'e'.repeat(32)}`;
    const accounts = {
      accounts: [{ sid, auth_token: 'x', api_keys: [{ sid: apiKey, secret: apiSecret }] }],
      defaults: false,
    };
    const facade = await startFacade({ simulator: { accounts }, account: { authTokens: [] } });
    for (const own of [basic(apiKey, apiSecret), basic(sid, 'x'), basic(sid, '')])
      expect((await ask(facade, 'GET', 'Messages.json', own)).status).toBe(401);
    const issued = await facade.gateway.api.issueToken('facade');
    expect((await ask(facade, 'GET', 'Messages.json', basic(issued.sid, issued.secret))).status).toBe(200);
  });

  test('a foreign Host or Origin is refused in Twilio’s form, and nothing is sent', async () => {
    const facade = await startFacade();
    const { sid, authToken } = facade.accounts[0] ?? { sid: '', authToken: '' };
    const answer = await fetch(`${facade.url}/2010-04-01/Accounts/${sid}/Messages.json`, {
      method: 'POST',
      headers: { ...basic(sid, authToken), origin: 'https://evil.example' },
      body: new URLSearchParams(text(PHONE, 'x')),
    });
    expect(answer.status).toBe(403);
    expect(await answer.json()).toMatchObject({ status: 403, message: expect.stringMatching(/origin/i) });
    expect(facade.control.messages().messages).toEqual([]);
  });

  test('another content type is refused with what was expected', async () => {
    const facade = await startFacade();
    const { sid, authToken } = facade.accounts[0] ?? { sid: '', authToken: '' };
    const answer = await fetch(`${facade.url}/2010-04-01/Accounts/${sid}/Messages.json`, {
      method: 'POST',
      headers: { ...basic(sid, authToken), 'content-type': 'application/json' },
      body: JSON.stringify({ To: PHONE }),
    });
    expect(answer.status).toBe(415);
    expect(await answer.json()).toMatchObject({
      status: 415,
      message: expect.stringContaining('x-www-form-urlencoded'),
    });
  });

  test('resources that the gateway does not serve are not asked of Twilio', async () => {
    const facade = await startFacade();
    for (const [method, path] of [
      ['POST', 'Keys.json'],
      ['GET', 'Recordings.json'],
      ['POST', 'Calls/..%2FKeys/Recordings.json'],
      ['POST', 'Messages/%2e%2e.json'],
    ] as const) {
      const { status, json } = await ask(facade, method, path, method === 'GET' ? {} : { form: [] });
      expect([404, 501], path).toContain(status);
      expect(json.message).toMatch(/does not go through a Tollboard gateway; nothing was done|was not found/);
    }
    expect(facade.control.coverage().endpoints).toEqual([]);
  });
});

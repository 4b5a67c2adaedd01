/** `/hosts/<host>` of a running gateway: who may ask, whose credentials count, and what is answered. */

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestGateway, startWorld, type World } from '../support/messenger-world.ts';

const SENDER = '+15550000001';
const ANN = '+15551230001';
const SIDS = [`AC${'7'.repeat(32)}`, `AC${'8'.repeat(32)}`];
const TOKENS = ['the first secret token', 'the second secret token'];

let world: World;
let url: string;
let token: string;

beforeAll(async () => {
  const accounts = SIDS.map((sid, index) => ({ sid, auth_token: TOKENS[index], numbers: [SENDER] }));
  const way = {
    async start(...[settings, clock]: Parameters<typeof startTestGateway>) {
      const { gateway, tried } = await startTestGateway(settings, clock);
      ({ url, token } = gateway);
      return { messenger: gateway.messenger, tried, close: () => gateway.stop() };
    },
  };
  const account = { accountSid: SIDS[0] ?? '', authTokens: [TOKENS[0] ?? ''] };
  world = await startWorld(way, { simulator: { accounts: { accounts } }, account });
});
afterAll(() => world.close());

const input = (change: { sid?: string; token?: string; to?: string } = {}) => ({
  twilio: { account_sid: change.sid ?? SIDS[0], auth_token: change.token ?? TOKENS[0] },
  notify: { platform: 'twilio_sms', from_number: SENDER },
  data: { message: 'The build is green.', target: change.to ?? ANN },
});

const basic = (username = '', password = '') => `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;

async function post(host: string, body: unknown, headers: Record<string, string> = {}) {
  const response = await fetch(`${url}/hosts/${host}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  const text = await response.text();
  return { status: response.status, ending: response.headers.get('tollboard-ending'), text, json: JSON.parse(text) };
}

const sentSince = (before: number) => world.taken().slice(before);

describe('who may ask', () => {
  test('a Bearer token, a configured account, and nobody else', async () => {
    const [unknown, wrong] = ['TOLLBOARD_ACCOUNT_UNKNOWN', 'TOLLBOARD_ACCOUNT_CREDENTIALS'];
    const nobody = 'TOLLBOARD_HTTP_TOKEN_INVALID';
    const cases: Array<[authorization: string, status: number, code?: string, twilioCode?: number]> = [
      [`Bearer ${token}`, 200],
      [basic(SIDS[0], TOKENS[0]), 200],
      [basic(SIDS[0], 'wrong'), 401, wrong, 20003],
      [basic(`AC${'f'.repeat(32)}`, TOKENS[0]), 404, unknown, 20404],
      [basic(`SK${'f'.repeat(32)}`, TOKENS[0]), 401, nobody],
      [basic('', ''), 401, nobody],
      ['Basic %%%', 401, nobody],
      ['Bearer wrong', 401, nobody],
      ['', 401, nobody],
    ];
    for (const [authorization, status, code, twilioCode] of cases) {
      const answer = await post('home-assistant', input(), { authorization });
      expect([authorization, answer.status]).toEqual([authorization, status]);
      if (status === 200) continue;
      expect(answer.json.error).toMatchObject({ code, remedy: expect.stringMatching(/\w/) });
      expect(answer.json.error.details.twilioCode).toBe(twilioCode);
      // Which accounts there are is nobody's business who has not proved to be one of them.
      for (const sid of SIDS)
        if (!authorization.includes(basic(sid).slice(6, 40))) expect(answer.text).not.toContain(sid);
    }
  });

  test('a host that does not exist is told with those that do', async () => {
    const { status, json } = await post('puppet', input());
    expect([status, json.error.code]).toEqual([404, 'TOLLBOARD_HOST_UNKNOWN']);
    expect(json.error.message).toContain('home-assistant');
  });

  test('what is no JSON is refused before any host sees it', async () => {
    const { status, json } = await post('home-assistant', '{"twilio": ');
    expect([status, json.error.code]).toEqual([400, 'TOLLBOARD_HTTP_BODY_MALFORMED']);
  });
});

describe('the credentials of the input', () => {
  test('may be left out by Home Assistant, where the Basic header names the account', async () => {
    const before = world.taken().length;
    const { twilio: _none, ...rest } = input();
    const authorized = await post('home-assistant', rest, { authorization: basic(SIDS[0], TOKENS[0]) });
    expect([authorized.ending, authorized.json.results[0].error]).toEqual(['ok', null]);
    expect(sentSince(before)).toMatchObject([{ accountSid: SIDS[0], to: ANN }]);
    const nobody = await post('home-assistant', rest);
    expect(nobody.ending).toBe('invalid');
    expect(nobody.json.results[0].error.message).toContain('twilio.account_sid is absent');
    const other = await post('home-assistant', input({ token: 'wrong' }), { authorization: basic(SIDS[0], TOKENS[0]) });
    expect([other.ending, other.json.results[0].error.code]).toEqual(['failed', 'TOLLBOARD_ACCOUNT_CREDENTIALS']);
    expect(sentSince(before + 1)).toEqual([]);
  });

  const cases: Array<[what: string, change: Parameters<typeof input>[0], code: string, twilioCode: number]> = [
    ['an account that is not configured', { sid: `AC${'f'.repeat(32)}` }, 'TOLLBOARD_ACCOUNT_UNKNOWN', 20404],
    ['a wrong token', { token: 'wrong' }, 'TOLLBOARD_ACCOUNT_CREDENTIALS', 20003],
    ["another account's token", { token: TOKENS[1] ?? '' }, 'TOLLBOARD_ACCOUNT_CREDENTIALS', 20003],
  ];
  test.each(cases)(
    '%s is refused in the form of the host, and nothing is sent',
    async (_what, change, code, twilio) => {
      const before = world.taken().length;
      const { status, ending, json, text } = await post('home-assistant', input(change));
      expect([status, ending]).toEqual([200, 'failed']);
      expect(json).toMatchObject({
        results: [{ target: ANN, id: null, status: 'rejected', error: { code, twilioCode: twilio } }],
      });
      for (const secret of TOKENS) expect(text).not.toContain(secret);
      expect(sentSince(before)).toEqual([]);
    },
  );
});

describe('an input', () => {
  test('is carried out durably: its ids are those of the API', async () => {
    const { ending, json } = await post('home-assistant', input());
    const [{ id }] = json.results as [{ id: string }];
    expect(ending).toBe('ok');
    const entry = await world.messenger.wait(id, 'final');
    expect(entry).toMatchObject({ host: 'home-assistant', status: 'delivered', to: ANN, account: SIDS[0] });
  });

  test('with faults is told in the form of the host', async () => {
    const { status, ending, json } = await post('home-assistant', { ...input(), notify: { platform: 'telegram' } });
    expect([status, ending]).toEqual([200, 'invalid']);
    expect(json.results).toMatchObject([{ target: ANN, error: { code: 'TOLLBOARD_HOST_INPUT_INVALID' } }]);
  });

  test('repeated with its Idempotency-Key sends nothing twice', async () => {
    const before = world.taken().length;
    const key = { 'idempotency-key': 'the same run' };
    const [first, again] = [
      await post('home-assistant', input(), key),
      await post('home-assistant', input(), key),
    ] as const;
    expect(again.json.results[0].id).toBe(first.json.results[0].id);
    await world.messenger.wait(first.json.results[0].id, 'final');
    expect(sentSince(before)).toHaveLength(1);
  });
});

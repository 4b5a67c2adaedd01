import type { SendRequest } from './ports.ts';
import type { PrepareContext } from './request.ts';
import { describe, expect, it } from 'vitest';
import { errorReport, isTollboardError } from './errors.ts';
import { MAX_RECIPIENTS, outcomes, prepareRequest } from './request.ts';

const NOW = Date.UTC(2026, 6, 1, 12);
const FROM = '+15550000001';
const TO = '+15551112222';

function context(changes: Partial<PrepareContext> = {}): PrepareContext {
  let minted = 0;
  return {
    now: NOW,
    random: { number: () => 0, hex: (length) => String(++minted).padStart(length, '0') },
    account: { accountSid: `AC${'0'.repeat(32)}`, simulated: true },
    defaultSender: FROM,
    onUnknown: 'resend',
    idempotencyKey: null,
    refusal: () => null,
    ...changes,
  };
}

function text(changes: Partial<SendRequest> = {}): SendRequest {
  return { kind: 'message', to: TO, params: { body: 'Hello' }, host: 'api', ...changes };
}

/** The code with which a request is refused as a whole. */
function refusal(request: SendRequest, changes: Partial<PrepareContext> = {}): string | null {
  try {
    prepareRequest(request, context(changes));
    return null;
  } catch (error) {
    if (isTollboardError(error)) return error.code;
    throw error;
  }
}

describe('one text to one number', () => {
  it('becomes an entry that is due at once, with sender, segments and its first decision', () => {
    const { entries, decisions } = prepareRequest(text(), context({ idempotencyKey: 'k' }));
    expect(entries).toHaveLength(1);
    expect(entries[0]).toMatchObject({
      id: expect.stringMatching(/^SM[0-9a-f]{32}$/),
      state: 'queued',
      to: TO,
      from: FROM,
      body: 'Hello',
      segments: 1,
      encoding: 'GSM-7',
      dueAt: NOW,
      attempts: 0,
      idempotencyKey: 'k',
      simulated: true,
    });
    expect(decisions).toEqual([{ at: NOW, what: 'accepted', why: expect.stringContaining('on disk') }]);
  });

  it.each<[string, Partial<SendRequest>, Record<string, unknown>]>([
    [
      'media make it an MM',
      { params: { mediaUrl: ['https://x.example/cat.png'] } },
      { id: expect.stringMatching(/^MM/), segments: 1 },
    ],
    [
      'SendAsMms too',
      { params: { body: 'Hello', sendAsMms: true } },
      { id: expect.stringMatching(/^MM/), segments: 1 },
    ],
    ['other alphabets are counted as UCS-2', { params: { body: 'Привет' } }, { encoding: 'UCS-2' }],
    [
      'look-alikes are counted as they will go out',
      { params: { body: '“Hello”', smartEncoded: true } },
      { encoding: 'GSM-7', body: '“Hello”' },
    ],
    [
      'a time ahead schedules it',
      { notBefore: NOW + 1000 },
      { state: 'scheduled', dueAt: NOW + 1000, notBefore: NOW + 1000 },
    ],
    ['a time past does not', { notBefore: NOW - 1000 }, { state: 'queued', dueAt: NOW }],
    ['its validity ends it', { params: { body: 'Hello', validityPeriod: 60 } }, { expiresAt: NOW + 60_000 }],
    [
      'its validity begins at its own time',
      { params: { body: 'Hello', validityPeriod: 60 }, notBefore: NOW + 1000 },
      { expiresAt: NOW + 61_000 },
    ],
    [
      'a Messaging Service leaves the sender open',
      { params: { body: 'Hello', messagingServiceSid: `MG${'3'.repeat(32)}` } },
      { from: null },
    ],
    ['its own choice about lost answers counts', { onUnknown: 'hold' }, { onUnknown: 'hold' }],
    ['blanks in the number do not matter', { to: ' +1 555 111 2222 ' }, { to: TO }],
  ])('%s', (_what, request, expected) => {
    expect(prepareRequest(text(request), context()).entries[0]).toMatchObject(expected);
  });

  it.each<[string, Partial<SendRequest>, Partial<PrepareContext>, string]>([
    ['no recipient', { to: [] }, {}, 'TOLLBOARD_REQUEST_NO_RECIPIENT'],
    ['too many recipients', { to: Array(MAX_RECIPIENTS + 1).fill(TO) }, {}, 'TOLLBOARD_REQUEST_TOO_MANY_RECIPIENTS'],
    ['no sender anywhere', {}, { defaultSender: null }, 'TOLLBOARD_SENDER_MISSING'],
    [
      'a recipient that said stop',
      {},
      { refusal: () => errorReport('TOLLBOARD_POLICY_OPTED_OUT') },
      'TOLLBOARD_POLICY_OPTED_OUT',
    ],
  ])('with %s is refused as a whole', (_what, request, changes, code) => {
    expect(refusal(text(request), changes)).toBe(code);
  });

  it('refuses a number that cannot be one', () => {
    expect(refusal(text({ to: '12' }))).toMatch(/^TOLLBOARD_/);
  });
});

describe('one text to several numbers', () => {
  it('has an outcome for each, in input order, a repeated number told as such', () => {
    const request = text({ to: ['+15551110001', 'nonsense', '+1 555 111 0001', '+15551110002'] });
    const prepared = prepareRequest(request, context());
    expect(prepared.entries.map(({ to, state }) => [to, state])).toEqual([
      ['+15551110001', 'queued'],
      ['nonsense', 'rejected'],
      ['+15551110002', 'queued'],
    ]);
    expect(prepared.entries[1]).toMatchObject({ dueAt: null, error: { remedy: expect.any(String) } });
    const told = outcomes(prepared, prepared.entries);
    expect(told.map(({ to, duplicate }) => [to, duplicate ?? false])).toEqual([
      ['+15551110001', false],
      ['nonsense', false],
      ['+15551110001', true],
      ['+15551110002', false],
    ]);
    expect(told[2]?.id).toBe(told[0]?.id);
  });

  it('is refused as a whole for a fault that all of them share', () => {
    const code = refusal(text({ to: ['+15551110001', '+15551110002'], params: { body: 'x'.repeat(1601) } }));
    expect(code).toMatch(/^TOLLBOARD_MESSAGE_/);
  });

  it('rejects only the one that said stop', () => {
    const stop = errorReport('TOLLBOARD_POLICY_OPTED_OUT', { twilioCode: 21610 });
    const refused = (_from: string | null, to: string) => (to === '+15551110002' ? stop : null);
    const { entries } = prepareRequest(text({ to: ['+15551110001', '+15551110002'] }), context({ refusal: refused }));
    expect(entries.map(({ state }) => state)).toEqual(['queued', 'rejected']);
  });
});

describe('a call', () => {
  it('with say becomes TwiML, its words are the body', () => {
    const call: SendRequest = { kind: 'call', to: TO, params: { say: { text: 'Fire & flood' } }, host: 'api' };
    const { entries } = prepareRequest(call, context());
    expect(entries[0]).toMatchObject({
      id: expect.stringMatching(/^CA/),
      kind: 'call',
      body: 'Fire & flood',
      segments: null,
    });
    expect(String(entries[0]?.params.twiml)).toContain('Fire &amp; flood');
    expect(entries[0]?.params).not.toHaveProperty('say');
  });

  it.each([
    ['url', 'https://example.org/voice.xml'],
    ['twiml', '<Response/>'],
    ['applicationSid', `AP${'0'.repeat(32)}`],
  ])('with say beside %s is refused: one of the two would never be heard', (name, value) => {
    const params = { say: { text: 'Fire' }, [name]: value };
    const call: SendRequest = { kind: 'call', to: TO, params, host: 'api' };
    expect(() => prepareRequest(call, context())).toThrow(
      expect.objectContaining({ code: 'TOLLBOARD_CALL_SAY_BESIDE', message: expect.stringContaining(` ${name}`) }),
    );
  });
});

import type { Entry } from '../../src/core/entry.ts';
import type { Acceptance, History } from './history.ts';
import { describe, expect, it } from 'vitest';
import { errorReport } from '../../src/core/errors.ts';
import { contradictions } from './history.ts';

const ID = `SM${'1'.repeat(32)}`;
const SID = `SM${'a'.repeat(32)}`;
const OTHER_SID = `SM${'b'.repeat(32)}`;
const TO = '+15551110001';
const LOST = errorReport('TOLLBOARD_DELIVERY_LOST_ANSWER', { stage: 'unknown' });

function entry(changes: Partial<Entry> = {}): Entry {
  return {
    id: ID,
    sid: SID,
    kind: 'message',
    state: 'done',
    status: 'delivered',
    to: TO,
    from: '+15550000001',
    body: 'one',
    host: 'api',
    account: 'AC1',
    idempotencyKey: 'k1',
    segments: 1,
    encoding: 'GSM-7',
    attempts: 1,
    error: null,
    resolution: null,
    simulated: false,
    createdAt: '2026-07-01T12:00:00.000Z',
    updatedAt: '2026-07-01T12:00:00.000Z',
    ...changes,
  };
}

function acceptance(changes: Partial<Acceptance> = {}): Acceptance {
  return {
    sid: SID,
    to: TO,
    body: 'one',
    status: 'delivered',
    ...changes,
  };
}

function event(status: string) {
  return { data: { entryId: ID, MessageStatus: status } };
}

/** One text, asked for once, told of, taken once and delivered. */
const TRUE: History = {
  asked: [{ key: 'k1', to: [TO], body: 'one', acknowledged: [ID] }],
  entries: [entry()],
  events: [event('queued'), event('sent'), event('delivered')],
  acceptances: [acceptance()],
};

const FORGED: ReadonlyArray<[what: string, changes: Partial<History>, kind: string]> = [
  ['an acknowledged entry that is gone', { entries: [], acceptances: [] }, 'lost'],
  [
    'an acknowledged recipient that is missing',
    { asked: [{ key: 'k1', to: [TO, '+15551110002'], body: 'one', acknowledged: [ID] }] },
    'lost',
  ],
  ['a delivery that never happened', { acceptances: [] }, 'lost'],
  ['two copies of one text', { acceptances: [acceptance(), acceptance({ sid: OTHER_SID })] }, 'doubled'],
  [
    'a text that nobody asked for',
    { acceptances: [acceptance(), acceptance({ sid: OTHER_SID, body: 'two' })] },
    'unexplained',
  ],
  [
    'two entries for one request',
    { entries: [entry(), entry({ id: `SM${'2'.repeat(32)}`, sid: null, state: 'canceled' })] },
    'repeated',
  ],
  ['an expired entry that Twilio took', { entries: [entry({ state: 'expired', sid: null, status: null })] }, 'false'],
  [
    'a rejected entry that Twilio took',
    { entries: [entry({ state: 'rejected', sid: null, status: null, error: LOST })] },
    'false',
  ],
  ['an end that is not the end', { acceptances: [acceptance({ status: 'undelivered' })] }, 'false'],
  [
    'a bad end without an error',
    { entries: [entry({ status: 'undelivered' })], acceptances: [acceptance({ status: 'undelivered' })] },
    'false',
  ],
  ['a SID of another text', { acceptances: [acceptance({ body: 'two' })] }, 'false'],
  ['a SID that Twilio does not have', { entries: [entry({ sid: OTHER_SID })] }, 'false'],
  [
    'one SID for two entries',
    {
      asked: [...TRUE.asked, { key: 'k2', to: [TO], body: 'one', acknowledged: null }],
      entries: [entry(), entry({ id: `SM${'2'.repeat(32)}`, idempotencyKey: 'k2' })],
    },
    'false',
  ],
  ['a done entry without a SID', { entries: [entry({ sid: null })] }, 'false'],
  ['an altered text', { entries: [entry({ body: 'two' })] }, 'altered'],
  ['another recipient', { entries: [entry({ to: '+15551110009' })] }, 'altered'],
  ['an entry that never ended', { entries: [entry({ state: 'sent', status: 'sent' })] }, 'unfinished'],
  [
    'a needless hold',
    {
      entries: [entry({ state: 'held', sid: null, status: null, error: LOST, resolution: { choices: ['drop'] } })],
      acceptances: [],
    },
    'held',
  ],
  ['a status that went backwards', { events: [event('delivered'), event('sent')] }, 'backwards'],
  ['a status told twice', { events: [event('sent'), event('sent')] }, 'backwards'],
];

describe('the history checker', () => {
  it('finds nothing in a true history', () => {
    expect(contradictions(TRUE)).toEqual([]);
  });

  it.each(FORGED)('complains of %s', (_what, changes, kind) => {
    const found = contradictions({ ...TRUE, ...changes });
    expect(found.map((sentence) => sentence.split(':')[0])).toContain(kind);
  });

  it('lets an unanswered request be stored or not', () => {
    const asked = [{ key: 'k1', to: [TO], body: 'one', acknowledged: null }];
    expect(contradictions({ ...TRUE, asked })).toEqual([]);
    expect(contradictions({ asked, entries: [], events: [], acceptances: [] })).toEqual([]);
  });

  it('takes a hold where it may be, but never one without choices', () => {
    const held = entry({
      state: 'held',
      sid: null,
      status: null,
      error: LOST,
      resolution: { choices: ['sent', 'resend', 'drop'] },
    });
    expect(contradictions({ ...TRUE, entries: [held] }, { mayHold: true })).toEqual([]);
    expect(contradictions({ ...TRUE, entries: [{ ...held, resolution: null }] }, { mayHold: true })).toHaveLength(1);
  });

  it('does not care which of two equal texts got which SID', () => {
    const twin = `SM${'2'.repeat(32)}`;
    const history: History = {
      asked: [...TRUE.asked, { key: 'k2', to: [TO], body: 'one', acknowledged: [twin] }],
      entries: [entry({ sid: OTHER_SID }), entry({ id: twin, idempotencyKey: 'k2' })],
      events: [],
      acceptances: [acceptance(), acceptance({ sid: OTHER_SID })],
    };
    expect(contradictions(history)).toEqual([]);
  });
});

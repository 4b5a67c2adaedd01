import type { Entry } from '../../src/core/entry.ts';
import type { Acceptance, Asked, Circumstances, History } from './history-facts.ts';
import { describe, expect, it } from 'vitest';
import { errorReport } from '../../src/core/errors.ts';
import { contradictions } from './history.ts';

const ID = `SM${'1'.repeat(32)}`;
const SID = `SM${'a'.repeat(32)}`;
const OTHER_SID = `SM${'b'.repeat(32)}`;
const TO = '+15551110001';
const NOON = Date.UTC(2026, 6, 1, 12);
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
    account: 'AC1',
    kind: 'message',
    to: TO,
    body: 'one',
    media: 0,
    status: 'delivered',
    calledBack: true,
    at: NOON,
    ...changes,
  };
}

function asks(changes: Partial<Asked> = {}): Asked {
  const given = { key: 'k1', kind: 'message', account: 'AC1', to: [TO], body: 'one', acknowledged: [ID] } as const;
  return { ...given, notBefore: null, refused: null, canceled: [], ...changes };
}

/** Nothing is refused, no clock jumps, callbacks go out, no pace. */
const PLAIN: Circumstances = { refusals: () => [], clockJumps: false, callbacks: true, perSecond: null };

function event(status: string) {
  return { data: { entryId: ID, MessageStatus: status } };
}

/** One text, asked for once, told of, taken once and delivered. */
const TRUE: History = {
  asked: [asks()],
  entries: [entry()],
  events: [event('queued'), event('sent'), event('delivered')],
  acceptances: [acceptance()],
  claims: [],
};

const FORGED: ReadonlyArray<[what: string, changes: Partial<History>, kind: string]> = [
  ['an acknowledged entry that is gone', { entries: [], acceptances: [] }, 'lost'],
  ['an acknowledged recipient that is missing', { asked: [asks({ to: [TO, '+15551110002'] })] }, 'lost'],
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
      asked: [...TRUE.asked, asks({ key: 'k2', acknowledged: null })],
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
    expect(contradictions(TRUE, PLAIN)).toEqual([]);
  });

  it.each(FORGED)('complains of %s', (_what, changes, kind) => {
    const found = contradictions({ ...TRUE, ...changes }, PLAIN);
    expect(found.map((sentence) => sentence.split(':')[0])).toContain(kind);
  });

  it('lets an unanswered request be stored or not', () => {
    const asked = [asks({ acknowledged: null })];
    expect(contradictions({ ...TRUE, asked }, PLAIN)).toEqual([]);
    expect(contradictions({ asked, entries: [], events: [], acceptances: [], claims: [] }, PLAIN)).toEqual([]);
  });

  const held = entry({
    state: 'held',
    sid: null,
    status: null,
    error: LOST,
    resolution: { choices: ['sent', 'resend', 'drop'] },
  });

  it('takes a hold of what has a twin, but never one without choices', () => {
    const asked = [asks(), asks({ key: 'k2', acknowledged: null })];
    expect(contradictions({ ...TRUE, asked, entries: [held] }, PLAIN)).toEqual([]);
    expect(contradictions({ ...TRUE, asked, entries: [{ ...held, resolution: null }] }, PLAIN)).toHaveLength(1);
  });

  it('takes a hold of what must not be repeated and was never taken, and of nothing that was', () => {
    const asked = [asks({ onUnknown: 'hold' })];
    expect(contradictions({ ...TRUE, asked, entries: [held], acceptances: [] }, PLAIN)).toEqual([]);
    expect(contradictions({ ...TRUE, asked, entries: [held] }, PLAIN)).toHaveLength(1);
  });

  const ended = (state: Entry['state'], changes: Partial<Entry> = {}): Partial<History> => ({
    entries: [entry({ state, sid: null, status: null, ...changes })],
    events: [],
    acceptances: [],
  });
  const refusal = errorReport('TOLLBOARD_TWILIO_RECIPIENT', { twilioCode: 21614 });
  const refusing: Circumstances = { ...PLAIN, refusals: () => [21614] };
  const later = '2026-07-01T12:02:00.000Z';

  it.each<[what: string, changes: Partial<History>, circumstances: Circumstances]>([
    ['a refusal of Twilio', ended('rejected', { error: refusal }), refusing],
    [
      'a validity that is over',
      { ...ended('expired', { updatedAt: later }), asked: [asks({ validityPeriod: 120 })] },
      PLAIN,
    ],
    ['a change of mind', { ...ended('canceled'), asked: [asks({ cancelAfterMs: 10, canceled: [ID] })] }, PLAIN],
    [
      'a refusal at once',
      { ...ended('done'), entries: [], asked: [asks({ acknowledged: [], refused: 21614 })] },
      refusing,
    ],
  ])('takes the end that is called for by %s', (_what, changes, circumstances) => {
    expect(contradictions({ ...TRUE, ...changes }, circumstances)).toEqual([]);
  });

  it.each<[what: string, kind: string, changes: Partial<History>, circumstances: Circumstances]>([
    ['rejected for nothing', 'groundless', ended('rejected', { error: refusal }), PLAIN],
    ['rejected for another reason', 'groundless', ended('rejected', { error: LOST }), refusing],
    ['expired without a validity', 'groundless', ended('expired', { updatedAt: later }), PLAIN],
    [
      'expired before its time',
      'groundless',
      { ...ended('expired', { updatedAt: later }), asked: [asks({ validityPeriod: 121 })] },
      PLAIN,
    ],
    ['canceled by nobody', 'groundless', ended('canceled'), PLAIN],
    [
      'refused at once for nothing',
      'false',
      { ...ended('done'), entries: [], asked: [asks({ refused: 21614 })] },
      PLAIN,
    ],
    [
      'canceled, and ended otherwise',
      'false',
      {
        ...ended('expired', { updatedAt: later }),
        asked: [asks({ validityPeriod: 120, cancelAfterMs: 1, canceled: [ID] })],
      },
      PLAIN,
    ],
    ['sent before its time', 'early', { asked: [asks({ notBefore: NOON + 60_000 })] }, PLAIN],
    ['sent with other media', 'false', { acceptances: [acceptance({ media: 1 })] }, PLAIN],
    ['sent by another account', 'false', { acceptances: [acceptance({ account: 'AC2' })] }, PLAIN],
    ['a call instead of a text', 'unexplained', { acceptances: [acceptance({ kind: 'call' })] }, PLAIN],
    ['an entry that nobody asked for', 'unexplained', { asked: [] }, PLAIN],
    ['sent without a callback URL', 'callback', { acceptances: [acceptance({ calledBack: false })] }, PLAIN],
    ['sent with one although statuses are polled', 'callback', {}, { ...PLAIN, callbacks: false }],
    [
      'sent faster than the pace',
      'hasty',
      { claims: [0, 900].map((ms) => ({ account: 'AC1', at: NOON + ms })) },
      { ...PLAIN, perSecond: 1 },
    ],
  ])('complains of an entry %s', (_what, kind, changes, circumstances) => {
    const found = contradictions({ ...TRUE, ...changes }, circumstances);
    expect(found.map((sentence) => sentence.split(':')[0])).toContain(kind);
  });

  it('does not care which of two equal texts got which SID', () => {
    const twin = `SM${'2'.repeat(32)}`;
    const history: History = {
      asked: [...TRUE.asked, asks({ key: 'k2', acknowledged: [twin] })],
      entries: [entry({ sid: OTHER_SID }), entry({ id: twin, idempotencyKey: 'k2' })],
      events: [],
      acceptances: [acceptance(), acceptance({ sid: OTHER_SID })],
      claims: [],
    };
    expect(contradictions(history, PLAIN)).toEqual([]);
  });
});

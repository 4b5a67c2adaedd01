import type { EntryRecord, EntryState } from './entry.ts';
import type { Fact, Transition } from './outbox.ts';
import { describe, expect, it } from 'vitest';
import { entryRecord } from '../../test/support/entries.ts';
import { ENTRY_STATES, FINAL_STATES } from './entry.ts';
import { errorReport } from './errors.ts';
import { moved, transition } from './outbox.ts';

const NOW = 1_700_000_000_000;
const SID = `SM${'a'.repeat(32)}`;
const LOST = errorReport('TOLLBOARD_DELIVERY_LOST_ANSWER', { stage: 'unknown' });

/** What an entry of each state looks like in a store. */
const LOOKS: Record<EntryState, Partial<EntryRecord>> = {
  scheduled: { dueAt: NOW + 60_000, notBefore: NOW + 60_000, attempts: 0 },
  queued: { dueAt: NOW, attempts: 0 },
  sending: { dueAt: null, sendingAt: NOW },
  unknown: { dueAt: NOW, error: LOST },
  held: { dueAt: null, error: LOST, resolution: { choices: ['sent', 'resend', 'drop'] } },
  sent: { sid: SID, status: 'sent', dueAt: NOW, polls: 1 },
  done: { sid: SID, status: 'delivered', dueAt: null },
  rejected: { dueAt: null, error: errorReport('TOLLBOARD_TWILIO_RECIPIENT') },
  expired: { dueAt: null, attempts: 0, error: errorReport('TOLLBOARD_DELIVERY_EXPIRED') },
  canceled: { dueAt: null, attempts: 0 },
};

function entry(state: EntryState, changes: Partial<EntryRecord> = {}): EntryRecord {
  const looks = { state, attempts: 1, callbackMode: 'own' as const, dueAt: null, createdAt: NOW, ...LOOKS[state] };
  return entryRecord({ ...looks, ...changes });
}

const told = (status: string, errorCode: number | null = null) => ({ sid: SID, status, errorCode, errorMessage: null });
const status = (word: string, errorCode: number | null = null): Fact => ({
  type: 'status',
  source: 'callback',
  fields: [['MessageStatus', word]],
  ...told(word, errorCode),
});

/** One fact of each type, and the states that take it. */
const FACTS: Record<Fact['type'], { fact: Fact; takenBy: readonly EntryState[] }> = {
  claimed: { fact: { type: 'claimed', callbackMode: 'own' }, takenBy: ['scheduled', 'queued'] },
  postponed: { fact: { type: 'postponed', until: NOW + 500, why: 'Pace.' }, takenBy: ['scheduled', 'queued'] },
  accepted: { fact: { type: 'accepted', ...told('queued') }, takenBy: ['sending', 'unknown', 'held', 'sent', 'done'] },
  rejected: {
    fact: { type: 'rejected', error: errorReport('TOLLBOARD_TWILIO_REQUEST') },
    takenBy: ['scheduled', 'queued', 'sending'],
  },
  retry: {
    fact: { type: 'retry', error: errorReport('TOLLBOARD_DELIVERY_RATE_LIMITED'), at: NOW + 500 },
    takenBy: ['sending'],
  },
  restored: {
    fact: { type: 'restored', copiedAt: NOW - 60_000 },
    takenBy: ['queued', 'sending', 'unknown'],
  },
  lost: { fact: { type: 'lost', error: LOST }, takenBy: ['sending'] },
  interrupted: { fact: { type: 'interrupted' }, takenBy: ['sending'] },
  status: { fact: status('read'), takenBy: ['sending', 'unknown', 'held', 'sent', 'done', 'rejected'] },
  polled: { fact: { type: 'polled', why: 'No news.' }, takenBy: ['sent'] },
  listed: { fact: { type: 'listed', complete: true, windowMs: 120_000, why: 'Not there.' }, takenBy: ['unknown'] },
  found: { fact: { type: 'found', why: 'Listed.', ...told('sent') }, takenBy: ['queued', 'unknown', 'held'] },
  absent: { fact: { type: 'absent', why: 'Three listings lack it.' }, takenBy: ['unknown'] },
  ambiguous: {
    fact: { type: 'ambiguous', error: errorReport('TOLLBOARD_DELIVERY_AMBIGUOUS'), why: 'Two alike.' },
    takenBy: ['scheduled', 'queued', 'sending', 'unknown'],
  },
  chosen: { fact: { type: 'chosen', choice: 'resend', sid: null }, takenBy: ['unknown', 'held'] },
  canceled: { fact: { type: 'canceled', why: 'By a person.' }, takenBy: ['scheduled', 'queued'] },
  expired: { fact: { type: 'expired' }, takenBy: ['scheduled', 'queued'] },
  redacted: { fact: { type: 'redacted' }, takenBy: ['done', 'rejected', 'expired', 'canceled'] },
  idGiven: { fact: { type: 'idGiven' }, takenBy: ENTRY_STATES.filter((state) => state !== 'sent' && state !== 'done') },
  deleted: { fact: { type: 'deleted' }, takenBy: ['done', 'rejected', 'expired', 'canceled'] },
};

describe.each(Object.entries(FACTS))('%s', (_type, { fact, takenBy }) => {
  it.each(ENTRY_STATES.filter((state) => takenBy.includes(state)))(
    'is taken by an entry in %s, which stays legal',
    (state) => {
      const before = entry(state);
      const move = taken(transition(before, fact, NOW));
      const after = { ...before, ...move.patch };
      expect(ENTRY_STATES).toContain(after.state);
      if (FINAL_STATES.has(after.state)) expect(after.dueAt).toBeNull();
      expect(after.resolution === null).toBe(after.state !== 'held');
      if (after.state === 'held') expect(after.dueAt).toBeNull();
      if (['queued', 'scheduled', 'unknown'].includes(after.state)) expect(after.dueAt).not.toBeNull();
      if (['rejected', 'expired', 'held', 'unknown'].includes(after.state)) expect(after.error).not.toBeNull();
      expect(move.why.length).toBeGreaterThan(0);
    },
  );

  const refusing = ENTRY_STATES.filter((state) => !takenBy.includes(state));
  it.each(refusing)('is refused by an entry in %s', (state) => {
    expect(transition(entry(state), fact, NOW)).toMatchObject({ ok: false, refused: expect.stringMatching(/\.$/) });
  });
});

describe('a send', () => {
  it('that is claimed counts its try and keeps no due time, so that nobody claims it again', () => {
    const { patch } = taken(transition(entry('queued', { attempts: 2 }), FACTS.claimed.fact, NOW));
    expect(patch).toMatchObject({ state: 'sending', attempts: 3, sendingAt: NOW, dueAt: null, callbackMode: 'own' });
  });

  it('remembers since when by Twilio’s clock its first request may have been taken, also through later tries', () => {
    const claimed = (leftAfter?: number): Fact => ({
      type: 'claimed',
      callbackMode: 'own',
      ...(leftAfter === undefined ? {} : { leftAfter }),
    });
    const patchOf = (before: EntryRecord, fact: Fact) => taken(transition(before, fact, NOW)).patch;
    expect(patchOf(entry('queued'), claimed(NOW - 700))).toMatchObject({ leftAfter: NOW - 700 });
    expect(patchOf(entry('queued'), claimed())).toMatchObject({ leftAfter: null });
    const again = entry('queued', { attempts: 1, leftAfter: NOW - 90_000 });
    expect(patchOf(again, claimed(NOW - 700))).toMatchObject({ leftAfter: NOW - 90_000 });
    const blind = entry('queued', { attempts: 1, leftAfter: null });
    expect(patchOf(blind, claimed(NOW - 700))).toMatchObject({ leftAfter: null });
  });

  it('whose answer was lost is looked for before anything else', () => {
    const { patch } = taken(transition(entry('sending'), FACTS.lost.fact, NOW));
    expect(patch).toMatchObject({ state: 'unknown', dueAt: NOW + 2000, listings: [], lookups: 0 });
  });

  it('that complete listings lack is repeated under resend and held under hold', () => {
    expect(taken(transition(entry('unknown'), FACTS.absent.fact, NOW)).patch).toMatchObject({
      state: 'queued',
      dueAt: NOW,
    });
    expect(taken(transition(entry('unknown', { onUnknown: 'hold' }), FACTS.absent.fact, NOW)).patch).toMatchObject({
      state: 'held',
      error: { code: 'TOLLBOARD_DELIVERY_HELD_ABSENT' },
      resolution: { choices: ['sent', 'resend', 'drop'] },
    });
  });

  it('is sent when its answer came, and loses the error of earlier tries', () => {
    const { patch } = taken(transition(entry('sending', { error: LOST }), FACTS.accepted.fact, NOW));
    expect(patch).toMatchObject({ state: 'sent', sid: SID, status: 'queued', error: null });
  });

  it('keeps the SID that came first, and takes no status of another', () => {
    const other = { ...told('delivered'), sid: `SM${'b'.repeat(32)}` };
    const status: Fact = { type: 'status', source: 'callback', fields: [], ...other };
    expect(transition(entry('sent'), status, NOW)).toMatchObject({ ok: false });
    const answer = taken(transition(entry('sent'), { type: 'accepted', ...other }, NOW));
    expect(answer.patch).toEqual({});
    expect(answer.why).toContain('twice');
  });
});

describe('a listing', () => {
  it('that is complete is remembered, one that is not only counts as a try', () => {
    expect(taken(transition(entry('unknown'), FACTS.listed.fact, NOW)).patch).toMatchObject({
      listings: [NOW],
      lookups: 1,
      dueAt: NOW + 60_000,
    });
    const byTwilio: Fact = {
      type: 'listed',
      complete: true,
      windowMs: 120_000,
      why: 'Not there.',
      at: NOW - 3_600_000,
    };
    expect(taken(transition(entry('unknown'), byTwilio, NOW)).patch).toMatchObject({
      listings: [NOW - 3_600_000],
      dueAt: NOW + 60_000,
    });
    const partial: Fact = { type: 'listed', complete: false, windowMs: 120_000, why: 'Page two failed.' };
    expect(taken(transition(entry('unknown'), partial, NOW)).patch).toMatchObject({
      listings: [],
      lookups: 1,
      dueAt: NOW + 5000,
    });
  });
});

describe('a choice', () => {
  const choices = [
    ['sent', SID, { state: 'sent', sid: SID, dueAt: NOW }],
    ['sent', null, { state: 'done', dueAt: null, error: null }],
    ['resend', null, { state: 'queued', dueAt: NOW, error: null }],
    ['drop', null, { state: 'canceled', dueAt: null }],
  ] as const;
  it.each(choices)('of %s with SID %s ends the wait', (choice, sid, expected) => {
    const { patch } = taken(transition(entry('held'), { type: 'chosen', choice, sid }, NOW));
    expect(patch).toMatchObject({ ...expected, resolution: null });
  });
});

describe('a status', () => {
  it.each(['queued', 'sending', 'sent', 'delivered', 'undelivered', 'failed'])(
    'of %s after delivered changes nothing',
    (word) => {
      expect(transition(entry('done'), status(word), NOW)).toMatchObject({ ok: false });
    },
  );

  it('of read follows delivered', () => {
    expect(taken(transition(entry('done'), status('read'), NOW)).patch).toMatchObject({
      state: 'done',
      status: 'read',
    });
  });

  it('of a bad end carries the error of its code, as something that happened after the send', () => {
    const { patch } = taken(transition(entry('sent'), status('undelivered', 30005), NOW));
    expect(patch).toMatchObject({
      state: 'done',
      error: { twilioCode: 30005, stage: 'after_send', code: 'TOLLBOARD_TWILIO_RECIPIENT' },
    });
  });

  it('of canceled is final and no failure', () => {
    expect(taken(transition(entry('sent', { status: 'scheduled' }), status('canceled'), NOW)).patch).toMatchObject({
      state: 'done',
      error: null,
    });
  });

  it('becomes an event with the fields of Twilio and the id of the entry', () => {
    const { event } = taken(transition(entry('sent'), status('delivered'), NOW));
    expect(event).toEqual({
      type: 'twilio_message_status',
      data: { MessageStatus: 'delivered', entryId: `SM${'1'.repeat(32)}` },
    });
  });

  it('of an entry that never left is refused', () => {
    expect(transition(entry('queued', { attempts: 0 }), status('sent'), NOW)).toMatchObject({ ok: false });
  });

  it('proves that a dropped or expired entry got through after all', () => {
    expect(taken(transition(entry('canceled', { attempts: 1 }), status('sent'), NOW)).patch).toMatchObject({
      state: 'sent',
      sid: SID,
    });
    expect(taken(transition(entry('expired', { attempts: 1 }), status('delivered'), NOW)).patch).toMatchObject({
      state: 'done',
      error: null,
    });
  });

  it('that came before the answer stays when the answer comes: state, error and no more polls', () => {
    const failed = errorReport('TOLLBOARD_TWILIO_RECIPIENT', { stage: 'after_send', twilioCode: 30005 });
    const before = entry('done', { status: 'undelivered', error: failed });
    const { patch } = taken(transition(before, FACTS.accepted.fact, NOW));
    expect({ ...before, ...patch }).toMatchObject({ state: 'done', status: 'undelivered', error: failed, dueAt: null });
  });

  it('of a call follows the ranks of calls', () => {
    const call = entry('sent', { kind: 'call', status: 'in-progress' });
    expect(transition(call, status('ringing'), NOW)).toMatchObject({ ok: false });
    expect(taken(transition(call, status('busy'), NOW))).toMatchObject({
      patch: { state: 'done', error: { stage: 'after_send' } },
      event: { type: 'twilio_call_status' },
    });
  });
});

describe('the event initiated of a call', () => {
  it('is taken without a new status, so that its caller can be told', () => {
    const before = entry('sent', { kind: 'call', status: 'queued' });
    const sid = before.sid ?? '';
    const told = { type: 'status', source: 'callback', errorCode: null, errorMessage: null } as const;
    const move = taken(transition(before, { ...told, fields: [], sid, status: 'initiated' }, NOW));
    expect([move.patch, move.event]).toEqual([{}, undefined]);
  });
});

describe('redaction', () => {
  it('removes text, media and variables, and keeps the rest', () => {
    const before = entry('done', {
      params: { from: 'A', body: 'x', mediaUrl: ['u'], contentVariables: '{}', attempt: 2 },
    });
    expect(taken(transition(before, { type: 'redacted' }, NOW)).patch).toEqual({
      body: '',
      params: { from: 'A', attempt: 2 },
    });
  });
});

function taken(result: Transition): Extract<Transition, { ok: true }> {
  if (!result.ok) throw new Error(`Refused: ${result.refused}`);
  return result;
}

describe('a poll', () => {
  const polled = (before: EntryRecord, fact: Partial<Fact> = {}) =>
    taken(transition(before, { type: 'polled', why: 'For a test.', ...fact } as Fact, NOW)).patch;

  it('that failed takes no step of the schedule; the look is due again after longer and longer waits', () => {
    let sent = entry('sent', { callbackMode: 'none', polls: 1, failedPolls: 0 });
    const waits: number[] = [];
    for (let failures = 0; failures < 12; failures += 1) {
      sent = { ...sent, ...polled(sent, { failed: true }) };
      waits.push((sent.dueAt ?? 0) - NOW);
    }
    expect(waits.slice(0, 4)).toEqual([5000, 10_000, 20_000, 40_000]);
    expect(Math.max(...waits)).toBe(30 * 60_000);
    expect(sent).toMatchObject({ polls: 1, failedPolls: 12 });
    expect(polled(sent)).toEqual({ polls: 2, failedPolls: 0, dueAt: NOW + 15_000 });
  });
});

describe('an entry of a copied database', () => {
  const restored: Fact = { type: 'restored', copiedAt: NOW - 60_000 };

  it('that was due may have been sent since: it is looked for, and its callback is believed', () => {
    const before = entry('queued', { attempts: 0 });
    const after = moved(before, restored, NOW);
    expect(after).toMatchObject({ state: 'unknown', attempts: 1, sendingAt: NOW - 60_000, dueAt: NOW + 2000 });
    expect(moved(after, status('delivered'), NOW)).toMatchObject({ state: 'done', status: 'delivered', error: null });
  });

  it('that was being looked for is looked for anew', () => {
    const before = entry('unknown', { listings: [NOW - 200_000, NOW - 100_000], lookups: 2, sendingAt: NOW - 300_000 });
    expect(moved(before, restored, NOW)).toMatchObject({
      listings: [],
      lookups: 0,
      attempts: 1,
      sendingAt: NOW - 300_000,
    });
  });

  it('that waits for a time still to come goes on waiting, and one whose time has passed does not', () => {
    expect(transition(entry('scheduled', { notBefore: NOW + 1 }), restored, NOW)).toMatchObject({ ok: false });
    expect(moved(entry('scheduled', { notBefore: NOW }), restored, NOW)).toMatchObject({ state: 'unknown' });
  });
});

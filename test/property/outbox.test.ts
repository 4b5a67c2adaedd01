import type { EntryRecord } from '../../src/core/entry.ts';
import type { Fact } from '../../src/core/outbox.ts';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CALL_STATUSES, callStatus } from '../../src/core/call.ts';
import { FINAL_STATES } from '../../src/core/entry.ts';
import { errorReport } from '../../src/core/errors.ts';
import { MESSAGE_STATUSES, messageStatus } from '../../src/core/message.ts';
import { moved } from '../../src/core/outbox.ts';
import { entryRecord } from '../support/entries.ts';
import { holds } from '../support/property.ts';

const NOW = 1_700_000_000_000;
const SID = `SM${'a'.repeat(32)}`;

const KINDS = [
  { kind: 'message', words: Object.keys(MESSAGE_STATUSES), rank: (word: string) => messageStatus(word).rank },
  { kind: 'call', words: Object.keys(CALL_STATUSES), rank: (word: string) => callStatus(word).rank },
] as const;

describe.each(KINDS)('a $kind', ({ kind, words, rank }) => {
  it('never moves to a lower status, and ends at the highest that was told, in any order of callbacks, polls and answer', () => {
    const news = fc.array(
      fc.record({ word: fc.constantFrom(...words), by: fc.constantFrom('callback', 'poll', 'answer') }),
      { minLength: 1, maxLength: 20 },
    );
    holds(
      fc.property(news, (told) => {
        let entry: EntryRecord = { ...START, kind, state: 'sending', attempts: 1 };
        for (const { word, by } of told) {
          const next = moved(entry, by === 'answer' ? answer(word) : status(word, by as 'callback' | 'poll'), NOW);
          if (entry.status !== null) expect(rank(next.status ?? '')).toBeGreaterThanOrEqual(rank(entry.status));
          entry = next;
        }
        expect(rank(entry.status ?? '')).toBe(Math.max(...told.map(({ word }) => rank(word))));
      }),
      { numRuns: 300 },
    );
  });

  it('ends alike for every order of the same callbacks of one life', () => {
    const life =
      kind === 'call' ? ['initiated', 'ringing', 'in-progress', 'completed'] : ['queued', 'sent', 'delivered', 'read'];
    const orders = fc.shuffledSubarray([...life, ...life], { minLength: life.length * 2 });
    holds(
      fc.property(orders, (order) => {
        let entry: EntryRecord = { ...START, kind, state: 'sending', attempts: 1 };
        for (const word of order) entry = moved(entry, status(word, 'callback'), NOW);
        expect(entry).toMatchObject({ state: 'done', status: life.at(-1), error: null, dueAt: null, sid: SID });
      }),
    );
  });

  it('stays legal whatever happens to it', () => {
    const fact = fc.oneof(
      fc.constantFrom<Fact>(...EVENTS),
      fc.constantFrom(...words).map((word) => status(word, 'callback')),
      fc.constantFrom(...words).map(answer),
    );
    holds(
      fc.property(fc.array(fact, { maxLength: 40 }), (facts) => {
        let entry: EntryRecord = { ...START, kind };
        for (const next of facts) {
          const before = entry;
          entry = moved(before, next, NOW);
          if (FINAL_STATES.has(entry.state) || entry.state === 'held') expect(entry.dueAt).toBeNull();
          expect(entry.resolution !== null).toBe(entry.state === 'held');
          expect(entry.attempts - before.attempts).toBe(next.type === 'claimed' && entry !== before ? 1 : 0);
          if (before.sid !== null) expect(entry.sid).toBe(before.sid);
          if (before.status !== null) expect(rank(entry.status ?? '')).toBeGreaterThanOrEqual(rank(before.status));
          // Once Twilio has it, nothing puts it back into the queue.
          if (before.sid !== null) expect(['queued', 'scheduled', 'sending']).not.toContain(entry.state);
        }
      }),
      { numRuns: 500 },
    );
  });
});

function status(word: string, source: 'callback' | 'poll'): Fact {
  return { type: 'status', source, fields: [], sid: SID, status: word, errorCode: null, errorMessage: null };
}

function answer(word: string): Fact {
  return { type: 'accepted', sid: SID, status: word, errorCode: null, errorMessage: null };
}

const EVENTS: Fact[] = [
  { type: 'claimed', callbackMode: 'own' },
  { type: 'claimed', callbackMode: 'none' },
  { type: 'postponed', until: NOW + 1000, why: 'Pace.' },
  { type: 'rejected', error: errorReport('TOLLBOARD_TWILIO_REQUEST') },
  { type: 'retry', error: errorReport('TOLLBOARD_DELIVERY_RATE_LIMITED'), at: NOW + 1000 },
  { type: 'lost', error: errorReport('TOLLBOARD_DELIVERY_LOST_ANSWER') },
  { type: 'interrupted' },
  { type: 'polled', why: 'No news.' },
  { type: 'listed', complete: true, windowMs: 120_000, why: 'Not there.' },
  { type: 'listed', complete: false, windowMs: 120_000, why: 'Failed.' },
  { type: 'found', why: 'Listed.', sid: SID, status: 'sent', errorCode: null, errorMessage: null },
  { type: 'absent', why: 'Not there.' },
  { type: 'ambiguous', error: errorReport('TOLLBOARD_DELIVERY_AMBIGUOUS'), why: 'Two alike.' },
  { type: 'chosen', choice: 'sent', sid: SID },
  { type: 'chosen', choice: 'sent', sid: null },
  { type: 'chosen', choice: 'resend', sid: null },
  { type: 'chosen', choice: 'drop', sid: null },
  { type: 'canceled', why: 'By a person.' },
  { type: 'expired' },
  { type: 'redacted' },
  { type: 'idGiven' },
  { type: 'deleted' },
];

const START = entryRecord({ callbackMode: 'own', createdAt: NOW });

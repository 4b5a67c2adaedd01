/** The states page draws what `core/outbox.ts` does: every move, no other. */

import type { EntryRecord, EntryState } from '../../src/core/entry.ts';
import type { Fact, StatusFact } from '../../src/core/outbox.ts';
import { expect, test } from 'vitest';
import { ENTRY_STATES } from '../../src/core/entry.ts';
import { errorReport } from '../../src/core/errors.ts';
import { transition } from '../../src/core/outbox.ts';
import { entryRecord } from '../support/entries.ts';
import { readRepositoryFile } from '../support/tree.ts';

const page = readRepositoryFile('docs/guide/states.md');
const NOW = 1_800_000_000_000;
const error = errorReport('TOLLBOARD_INTERNAL');

const told = (status: string): StatusFact => ({
  sid: `SM${'a'.repeat(32)}`,
  status,
  errorCode: null,
  errorMessage: null,
});
const why = 'for a test';

/** Every fact, with each choice in it that may lead elsewhere. */
const FACTS: Fact[] = [
  { type: 'claimed', callbackMode: 'own' },
  { type: 'postponed', until: NOW, why },
  ...['queued', 'delivered'].map((status): Fact => ({ type: 'accepted', ...told(status) })),
  { type: 'rejected', error },
  { type: 'retry', error, at: NOW },
  { type: 'lost', error },
  { type: 'interrupted' },
  { type: 'restored', copiedAt: NOW - 60_000 },
  ...['sent', 'delivered', 'read'].map((word): Fact => ({ type: 'status', source: 'poll', fields: [], ...told(word) })),
  { type: 'polled', why },
  { type: 'listed', complete: true, windowMs: 1000, why },
  ...['sent', 'delivered'].map((status): Fact => ({ type: 'found', why, ...told(status) })),
  { type: 'absent', why },
  { type: 'ambiguous', error, why },
  { type: 'chosen', choice: 'sent', sid: null },
  { type: 'chosen', choice: 'sent', sid: told('').sid },
  { type: 'chosen', choice: 'resend', sid: null },
  { type: 'chosen', choice: 'drop', sid: null },
  { type: 'canceled', why },
  { type: 'expired' },
  { type: 'redacted' },
  { type: 'idGiven' },
  { type: 'deleted' },
];

/** Compiles only while every type of fact is named, so that a new one must be drawn too. */
const TYPES = {
  claimed: 1,
  postponed: 1,
  accepted: 1,
  rejected: 1,
  retry: 1,
  lost: 1,
  interrupted: 1,
  restored: 1,
  status: 1,
  polled: 1,
  listed: 1,
  found: 1,
  absent: 1,
  ambiguous: 1,
  chosen: 1,
  canceled: 1,
  expired: 1,
  redacted: 1,
  idGiven: 1,
  deleted: 1,
} satisfies Record<Fact['type'], 1>;

function entries(state: EntryState): EntryRecord[] {
  const taken = state === 'sent' || state === 'done';
  const base = entryRecord({
    state,
    sid: taken ? told('').sid : null,
    status: state === 'done' ? 'delivered' : state === 'sent' ? 'queued' : null,
    attempts: 1,
    callbackMode: 'own',
    dueAt: null,
    sendingAt: NOW,
    createdAt: NOW,
  });
  return [base, { ...base, onUnknown: 'hold' }];
}

/** `fact: from -> to` for everything that is not refused, also where the state stays. */
const moves = new Set<string>();
for (const state of ENTRY_STATES)
  for (const entry of entries(state))
    for (const fact of FACTS) {
      const result = transition(entry, fact, NOW);
      if (result.ok) moves.add(`${fact.type}: ${state} -> ${result.patch.state ?? state}`);
    }

test('the table of the states page has every move of the outbox and no other', () => {
  const drawn = new Set<string>();
  for (const [, fact, cells = ''] of page.matchAll(/^\| `(\w+)` \| [^|]+ \| ((?:`\w+` -> [^|]+)) \|$/gm))
    for (const [, from, targets = ''] of cells.matchAll(/`(\w+)` -> ((?:`\w+`(?: or )?)+)/g))
      for (const [, to] of targets.matchAll(/`(\w+)`/g)) drawn.add(`${fact}: ${from} -> ${to}`);
  expect([...drawn].sort()).toEqual([...moves].sort());
});

test('every type of fact is tried on every state', () => {
  expect([...new Set(FACTS.map((fact) => fact.type))].sort()).toEqual(Object.keys(TYPES).sort());
});

test('the diagram of the states page draws every state, and only moves that exist', () => {
  const drawn = [...page.matchAll(/^ {4}(\w+) --> (\w+): (\w+)$/gm)].map(
    ([, from, to, fact]) => `${fact}: ${from} -> ${to}`,
  );
  expect(drawn.length).toBeGreaterThan(15);
  expect(drawn.filter((move) => !moves.has(move))).toEqual([]);
  for (const state of ENTRY_STATES) expect(page).toMatch(new RegExp(`--> ${state}: `));
});

test('the states page explains every state', () => {
  for (const state of ENTRY_STATES) expect(page).toMatch(new RegExp(`^\\| \`${state}\` \\| `, 'm'));
});

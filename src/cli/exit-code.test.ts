import type { Entry, EntryKind, EntryState } from '../core/entry.ts';
import { describe, expect, it } from 'vitest';
import { errorReport } from '../core/errors.ts';
import { errorExitCode, exitCode } from './exit-code.ts';

function entry(state: EntryState, status: string | null = null, kind: EntryKind = 'message'): Entry {
  return {
    id: 'SM0',
    sid: null,
    kind,
    state,
    status,
    to: '+15550000009',
    from: null,
    body: null,
    host: 'cli',
    account: null,
    idempotencyKey: null,
    segments: null,
    encoding: null,
    attempts: 0,
    error: null,
    resolution: null,
    simulated: true,
    createdAt: '',
    updatedAt: '',
  };
}

const SITUATIONS: Array<[what: string, entries: Entry[], without: number, waited: number]> = [
  ['accepted, not yet with Twilio', [entry('queued')], 0, 4],
  ['scheduled for later', [entry('scheduled')], 0, 4],
  ['under way', [entry('sending')], 0, 4],
  ['with Twilio, not final', [entry('sent', 'sent')], 0, 0],
  ['delivered and read', [entry('done', 'delivered'), entry('done', 'read')], 0, 0],
  ['undelivered alone', [entry('done', 'undelivered')], 1, 1],
  ['one of two failed', [entry('done', 'delivered'), entry('done', 'failed')], 3, 3],
  ['all refused', [entry('rejected'), entry('rejected')], 1, 1],
  ['one refused among accepted', [entry('sent', 'queued'), entry('rejected')], 3, 3],
  ['expired alone', [entry('expired')], 1, 1],
  ['canceled beside delivered', [entry('canceled'), entry('done', 'delivered')], 3, 3],
  ['a lost answer beats a failure', [entry('unknown'), entry('rejected'), entry('sent')], 4, 4],
  ['held alone', [entry('held')], 4, 4],
  ['a completed call', [entry('done', 'completed', 'call')], 0, 0],
  ['a ringing call', [entry('sent', 'ringing', 'call')], 0, 4],
  ['a busy call', [entry('done', 'busy', 'call')], 1, 1],
  ['a canceled call', [entry('done', 'canceled', 'call')], 1, 1],
];

describe('exit codes', () => {
  it.each(SITUATIONS)('follow from the outcomes: %s', (_what, entries, without, waited) => {
    expect(exitCode(entries, false)).toBe(without);
    expect(exitCode(entries, true)).toBe(waited);
  });

  it('of an error follow from its kind, and a lost answer is 4', () => {
    expect(errorExitCode(errorReport('TOLLBOARD_CLI_USAGE'))).toBe(2);
    expect(errorExitCode(errorReport('TOLLBOARD_INTERNAL', { stage: 'before_send' }))).toBe(1);
    expect(errorExitCode(errorReport('TOLLBOARD_INTERNAL', { stage: 'unknown' }))).toBe(4);
  });
});

/** Looks in Twilio's list for requests whose answer was lost, without a store: for a minute, then it says what was seen. */

import type { EntryRecord } from '../core/entry.ts';
import type { Clock, TwilioAccount } from '../core/ports.ts';
import { errorReport } from '../core/errors.ts';
import { moved } from '../core/outbox.ts';
import { conclude, unrecognisable } from '../core/resolution.ts';

/** How long a lost answer is looked for; after that the outcome is `unknown`. */
const SEEK_MS = 60_000;
/** A listing right after the loss would miss a record that appears late. */
const SEEK_PAUSES_MS = [2000, 4000, 8000, 15_000];
const NO_COPY = 'no copy';
const NOT_READ = "Twilio's list could not be read";

/** Looks for what may have been taken, for at most {@link SEEK_MS}; nothing is ever sent again. */
export async function seekLost(
  records: EntryRecord[],
  twilio: TwilioAccount,
  { clock, signal }: { clock: Clock; signal: AbortSignal | undefined },
): Promise<EntryRecord[]> {
  const found = new Map<string, EntryRecord>();
  /** Of the last complete listing in which it was not found; absent where there was none. */
  const verdicts = new Map<string, string>();
  const lost = records.filter((record) => record.state === 'unknown');
  const since = clock.now();
  const until = since + SEEK_MS;
  const open = () => lost.filter((record) => !found.has(record.id) && !unrecognisable(record));
  for (let round = 0; open().length > 0 && clock.now() < until && signal?.aborted !== true; round++) {
    const pause = SEEK_PAUSES_MS[Math.min(round, SEEK_PAUSES_MS.length - 1)] ?? 0;
    await clock.sleep(Math.min(pause, until - clock.now()), signal).catch(() => undefined);
    for (const to of new Set(open().map((record) => record.to))) {
      const group = open().filter((record) => record.to === to);
      const listing = await listFor(group, to, twilio, signal);
      if (listing === null) continue;
      const taken = [...records, ...found.values()].flatMap(({ sid }) => sid ?? []);
      const evidence = { lost: group, underWay: [], explained: new Set(taken), now: clock.now(), ...listing };
      for (const [id, conclusion] of conclude(evidence)) {
        const record = group.find((one) => one.id === id);
        if (conclusion.verdict === 'ambiguous') verdicts.set(id, conclusion.why.replace(/\.$/, ''));
        if (conclusion.verdict === 'absent') verdicts.set(id, NO_COPY);
        if (conclusion.verdict !== 'found' || record === undefined) continue;
        const why = 'Twilio lists it.';
        found.set(id, moved(record, { ...conclusion.resource, type: 'found', why }, clock.now()));
      }
    }
  }
  const seconds = Math.round((clock.now() - since) / 1000);
  return records.map((record) => {
    if (record.state !== 'unknown') return record;
    const verdict = verdicts.get(record.id);
    const search =
      verdict === NO_COPY
        ? `for ${seconds} seconds Twilio listed no copy`
        : (verdict ?? (unrecognisable(record) ? "a copy could not be told in Twilio's list" : NOT_READ));
    return (
      found.get(record.id) ?? {
        ...record,
        error: errorReport('TOLLBOARD_DIRECT_ANSWER_LOST', {
          stage: 'unknown',
          details: { search, reason: record.error?.message ?? '' },
        }),
      }
    );
  });
}

/** Null when the list is not known to be whole. */
async function listFor(
  group: readonly EntryRecord[],
  to: string,
  twilio: TwilioAccount,
  signal: AbortSignal | undefined,
) {
  const since = Math.min(...group.map((record) => record.sendingAt ?? record.createdAt));
  const kind = group[0]?.kind ?? 'message';
  try {
    const listing = await twilio.list(kind, to, since, signal);
    return listing.complete ? listing : null;
  } catch {
    // Others were taken: a look that failed must not cost their outcomes.
    return null;
  }
}

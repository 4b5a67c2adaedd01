import type { Fact } from '../../core/outbox.ts';
import type { OperationName, Operations } from '../operations.ts';
import type { Mirrored, PackedAnswer } from './crossing.ts';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { batchOf, callback, claimQuery, NOON, newEntry, taken } from '../../../test/support/entries.ts';
import { errorReport } from '../../core/errors.ts';
import { perform } from '../operations.ts';
import { packAnswer, packInput, unpackAnswer, unpackInput } from './crossing.ts';
import { HotEntries } from './hot-entries.ts';
import { prepareDatabase } from './schema.ts';
import { SqliteTables } from './tables.ts';

const error = errorReport('TOLLBOARD_DELIVERY_LOST_ANSWER', { stage: 'unknown' });
const FACTS: ReadonlyArray<(sid: string) => Fact> = [
  (sid) => taken(sid),
  (sid) => callback(sid, 'delivered'),
  () => ({ type: 'lost', error }),
  () => ({ type: 'retry', error, at: NOON }),
  () => ({ type: 'rejected', error }),
];

type Step =
  | { do: 'accept'; entries: number }
  | { do: 'claim'; limit: number }
  | { do: 'tell'; which: number; fact: number }
  | { do: 'rebase' }
  | { do: 'roll back' };

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ do: fc.constant('accept'), entries: fc.integer({ min: 1, max: 5 }) }),
  fc.record({ do: fc.constant('claim'), limit: fc.integer({ min: 1, max: 5 }) }),
  fc.record({ do: fc.constant('tell'), which: fc.nat(9), fact: fc.nat(FACTS.length - 1) }),
  fc.record({ do: fc.constant('rebase') }),
  fc.record({ do: fc.constant('roll back') }),
);

describe('what crosses from the thread', () => {
  let dir: string;
  let db: DatabaseSync;
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'tollboard-crossing-'));
    await prepareDatabase(join(dir, 'a.sqlite'));
    db = new DatabaseSync(join(dir, 'a.sqlite'));
    db.exec('pragma synchronous = off');
  });
  afterEach(async () => {
    db.close();
    await rm(dir, { recursive: true });
  });

  /** Both sides of the writer in one thread, each with what it keeps. */
  class Sides {
    readonly tables = new SqliteTables(db);
    readonly mirror = new HotEntries<Mirrored>();
    readonly ids: string[] = [];
    crossed: PackedAnswer | null = null;

    /** The answer as it was made, and as it was put together on the other side. */
    run<N extends OperationName>(name: N, input: Operations[N]['input']) {
      const asked = unpackInput(name, JSON.parse(JSON.stringify(packInput(name, input)))) as typeof input;
      this.tables.begin();
      const performed = perform(this.tables, name, asked);
      const packed = packAnswer(name, performed, this.tables.patchOf);
      if (this.tables.tellCleared()) packed.cleared = true;
      this.tables.flushCounts();
      this.crossed = JSON.parse(JSON.stringify(packed)) as PackedAnswer;
      return { performed, unpacked: unpackAnswer(name, input, this.crossed, this.mirror) };
    }

    take({ do: what, ...given }: Step & Record<string, unknown>) {
      if (what === 'accept') {
        const entries = Array.from({ length: Number(given.entries) }, () => newEntry());
        this.ids.push(...entries.map(({ id }) => id));
        return this.run('accept', batchOf(entries));
      }
      if (what === 'claim') return this.run('claim', claimQuery({ limit: Number(given.limit) }));
      if (what === 'rebase') return this.run('rebase', { now: NOON - 1 });
      const id = this.ids[Number(given.which) % Math.max(1, this.ids.length)] ?? 'none';
      const fact = FACTS[Number(given.fact)]?.(`SM_of_${id}`) ?? ({ type: 'expired' } as const);
      return this.run('apply', { changes: [{ key: { id }, fact }], eventIds: ['EV1'], now: NOON });
    }

    /** What is lost with a transaction that failed is not kept on either side. */
    rollBack(): void {
      db.exec('begin');
      this.tables.begin();
      perform(this.tables, 'accept', batchOf([newEntry()]));
      perform(this.tables, 'claim', claimQuery());
      db.exec('rollback');
      this.tables.reload();
    }
  }

  it('is put together as it was, whatever was accepted, claimed, answered, moved or rolled back before', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        db.exec('delete from entries; delete from decisions; delete from events; update counts set entries = 0');
        const sides = new Sides();
        for (const one of steps) {
          if (one.do === 'roll back') {
            sides.rollBack();
            continue;
          }
          const { performed, unpacked } = sides.take(one);
          expect(unpacked).toEqual(performed);
        }
        for (const id of sides.ids) {
          const stored = new SqliteTables(db).entry({ id })?.record;
          expect(sides.tables.entry({ id })?.record).toEqual(stored);
          expect([undefined, stored]).toContainEqual(sides.mirror.byId(id)?.record);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('of an entry on its way is only what changed', () => {
    const sides = new Sides();
    sides.take({ do: 'accept', entries: 1 });
    sides.take({ do: 'claim', limit: 1 });
    expect(sides.crossed?.entries).toMatchObject([
      {
        seq: expect.any(Number),
        patch: { state: 'sending', attempts: 1, sendingAt: NOON, dueAt: null, callbackMode: 'own', updatedAt: NOON },
      },
    ]);
  });
});

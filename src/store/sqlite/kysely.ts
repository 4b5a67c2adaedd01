/** Kysely over a connection of node:sqlite. Loading Kysely takes tens of milliseconds: only what needs it imports this file. */

import type { DatabaseSync } from 'node:sqlite';
import type { Generated } from 'kysely';
import type { ENTRY_COLUMNS, SqlValue } from './rows.ts';
import { Kysely, SqliteDialect, sql } from 'kysely';

type EntryColumn = (typeof ENTRY_COLUMNS)[keyof typeof ENTRY_COLUMNS][0];

/** The tables that ordinary queries read. */
export interface Schema {
  entries: Record<Exclude<EntryColumn, 'seq'>, SqlValue> & {
    seq: Generated<number>;
    lane: string | null;
    decided: number;
  };
  events: {
    seq: Generated<number>;
    id: string;
    type: string;
    at: number;
    entry_id: string | null;
    data: string;
    simulated: number;
  };
}

/** Statuses that the index of bad ends covers. */
export const BAD_ENDS: ReadonlySet<string> = new Set(['failed', 'undelivered', 'busy', 'no-answer', 'canceled']);

/** Conditions of partial indexes, without parameters: SQLite must find them in the query word for word. */
export const BAD_END = sql<boolean>`status in ('failed', 'undelivered', 'busy', 'no-answer', 'canceled')`;
export const CALL = sql<boolean>`kind = 'call'`;
export const UNLESS_DONE = sql<boolean>`state <> 'done'`;

/** The connection stays the caller's: destroying the Kysely does not close it. */
export function kyselyOver(db: DatabaseSync): Kysely<Schema> {
  return new Kysely<Schema>({
    dialect: new SqliteDialect({
      database: {
        close() {},
        prepare(sql) {
          const statement = db.prepare(sql);
          const values = (parameters: readonly unknown[]) => parameters as SqlValue[];
          return {
            reader: statement.columns().length > 0,
            all: (parameters) => statement.all(...values(parameters)),
            run: (parameters) => statement.run(...values(parameters)),
            iterate: (parameters) => statement.iterate(...values(parameters)),
          };
        },
      },
    }),
  });
}

/** Prepared statements of one connection, made on first use and kept. */

import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Row, SqlValue, Values } from './rows.ts';

/**
 * A limit is written `limit ? + 0`: SQLite plans a statement for the value of a bare `limit ?`, and so would prepare it
 * again, thirty times the cost, each time that it runs.
 */
export class Statements {
  readonly #db: DatabaseSync;
  readonly #prepared = new Map<string, StatementSync>();

  constructor(db: DatabaseSync) {
    this.#db = db;
  }

  all(sql: string, ...values: SqlValue[]): Row[] {
    return this.#statement(sql).all(...values) as Row[];
  }

  /** Rows as arrays: without the cost of names. A statement is asked always this way or always by name. */
  values(sql: string, ...values: SqlValue[]): Values[] {
    return this.#statement(sql, true).all(...values) as unknown as Values[];
  }

  firstValues(sql: string, ...values: SqlValue[]): Values | undefined {
    return this.#statement(sql, true).get(...values) as unknown as Values | undefined;
  }

  get(sql: string, ...values: SqlValue[]): Row | undefined {
    return this.#statement(sql).get(...values) as Row | undefined;
  }

  /** Changed rows, and the rowid of the last insert. */
  run(sql: string, ...values: SqlValue[]): { changes: number; rowid: number } {
    const { changes, lastInsertRowid } = this.#statement(sql).run(...values);
    return { changes: Number(changes), rowid: Number(lastInsertRowid) };
  }

  #statement(sql: string, arrays = false): StatementSync {
    const known = this.#prepared.get(sql);
    if (known !== undefined) return known;
    const prepared = this.#db.prepare(sql);
    if (arrays) prepared.setReturnArrays(true);
    this.#prepared.set(sql, prepared);
    return prepared;
  }
}

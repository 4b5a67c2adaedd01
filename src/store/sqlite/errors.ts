/** SQLite's errors as ours. */

import type { ErrorCode } from '../../core/errors.ts';
import { isTollboardError, TollboardError } from '../../core/errors.ts';

/** By SQLite's primary result code (SQLite docs: result codes). */
const CODES: Readonly<Record<number, ErrorCode>> = {
  5: 'TOLLBOARD_STORE_BUSY',
  6: 'TOLLBOARD_STORE_BUSY',
  13: 'TOLLBOARD_STORE_FULL',
  // Read-only, I/O error, cannot open.
  8: 'TOLLBOARD_STORE_UNWRITABLE',
  10: 'TOLLBOARD_STORE_UNWRITABLE',
  14: 'TOLLBOARD_STORE_UNWRITABLE',
  11: 'TOLLBOARD_STORE_DAMAGED',
  26: 'TOLLBOARD_STORE_DAMAGED',
};

/** Errors whose text says which file, and what SQLite says of it. */
const NAMES_FILE: ReadonlySet<ErrorCode> = new Set(['TOLLBOARD_STORE_DAMAGED', 'TOLLBOARD_STORE_UNWRITABLE']);

/** Any error of the store as a `TollboardError`; what SQLite does not explain becomes `TOLLBOARD_INTERNAL`. */
export function storeError(error: unknown, file: string): TollboardError {
  if (isTollboardError(error)) return error;
  const result = (error as { errcode?: unknown } | null)?.errcode;
  const code = typeof result === 'number' ? CODES[result & 0xff] : undefined;
  if (code === undefined) return new TollboardError('TOLLBOARD_INTERNAL', { cause: error });
  const reason = String((error as { errstr?: unknown }).errstr ?? 'unknown');
  return new TollboardError(code, { cause: error, details: NAMES_FILE.has(code) ? { file, reason } : {} });
}

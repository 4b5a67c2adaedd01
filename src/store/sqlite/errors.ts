/** SQLite's errors as ours. */

import type { ErrorCode } from '../../core/errors.ts';
import { isTollboardError, TollboardError } from '../../core/errors.ts';

/** By SQLite's primary result code (SQLite docs: result codes). */
const CODES: Readonly<Record<number, ErrorCode>> = {
  5: 'TOLLBOARD_STORE_BUSY',
  6: 'TOLLBOARD_STORE_BUSY',
  // Read-only, I/O error, full, cannot open: the disk takes no writes.
  8: 'TOLLBOARD_STORE_FULL',
  10: 'TOLLBOARD_STORE_FULL',
  13: 'TOLLBOARD_STORE_FULL',
  14: 'TOLLBOARD_STORE_FULL',
  11: 'TOLLBOARD_STORE_DAMAGED',
  26: 'TOLLBOARD_STORE_DAMAGED',
};

/** Any error of the store as a `TollboardError`; what SQLite does not explain becomes `TOLLBOARD_INTERNAL`. */
export function storeError(error: unknown, file: string): TollboardError {
  if (isTollboardError(error)) return error;
  const result = (error as { errcode?: unknown } | null)?.errcode;
  const code = typeof result === 'number' ? CODES[result & 0xff] : undefined;
  if (code === undefined) return new TollboardError('TOLLBOARD_INTERNAL', { cause: error });
  const reason = String((error as { errstr?: unknown }).errstr ?? 'unknown');
  return new TollboardError(code, {
    cause: error,
    details: code === 'TOLLBOARD_STORE_DAMAGED' ? { file, reason } : {},
  });
}

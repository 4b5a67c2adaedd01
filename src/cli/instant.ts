/** Points in time on the command line. */

import { parseDuration, printDuration } from '../config/duration.ts';
import { usageError } from './command.ts';

/** A time, or how long ago, as ISO 8601. Throws `TOLLBOARD_CLI_USAGE`. */
export function instantOf(flag: string, text: string): string {
  const ago = parseDuration(text);
  if (ago !== undefined && ago <= Date.now()) return new Date(Date.now() - ago).toISOString();
  if (/^\d{4}-\d{2}-\d{2}/.test(text) && !Number.isNaN(Date.parse(text))) return new Date(text).toISOString();
  const example = printDuration(7_200_000);
  throw usageError(
    `${flag} is ${JSON.stringify(text)}; expected a time such as 2027-01-31T08:00:00Z, or how long ago, such as ${example}`,
  );
}

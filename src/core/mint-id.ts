/** Ids in Twilio's form, in the order of time. */

import type { Random } from './ports.ts';

/**
 * Two letters and 32 hex, so that it can stand in for a SID. It begins with the time in milliseconds (11 hex, good until
 * 2527), so that new ids lie side by side in the store's indexes; 84 random bits follow.
 */
export function mintId(prefix: string, now: number, random: Random): string {
  return prefix + Math.max(0, now).toString(16).padStart(11, '0') + random.hex(21);
}

/** Opt-out: the words by which a recipient leaves and comes back, and what a departure means for a send. */

import type { ErrorReport } from '../errors.ts';
import { errorReport } from '../errors.ts';

/**
 * Twilio's 21610 tells that a recipient opted out, but a later START reaches Twilio and may never reach us. So what was
 * learned this way is believed for an hour; the next text then asks Twilio again (a refusal is not charged).
 */
export const LEARNED_OPT_OUT_MS = 3_600_000;

export type OptOutEffect = 'stop' | 'start' | 'help';

/** Twilio docs: support for opt-out keywords (REVOKE and OPTOUT since the FCC rule of April 2025). */
const WORDS: Readonly<Record<OptOutEffect, readonly string[]>> = {
  stop: ['STOP', 'STOPALL', 'UNSUBSCRIBE', 'CANCEL', 'END', 'QUIT', 'REVOKE', 'OPTOUT'],
  start: ['START', 'YES', 'UNSTOP'],
  help: ['HELP', 'INFO'],
};

/** On toll-free numbers the network itself blocks, on fewer words (Twilio docs: toll-free opt-out). */
const TOLL_FREE_WORDS: Readonly<Record<OptOutEffect, readonly string[]>> = {
  stop: ['STOP'],
  start: ['START', 'UNSTOP'],
  help: WORDS.help,
};

/**
 * What an inbound text means: the whole message must be one word of the list, in any case, blanks around it aside.
 * Null for every other text.
 */
export function optOutWord(body: string, tollFree = false): OptOutEffect | null {
  const word = body.trim().toUpperCase();
  const words = tollFree ? TOLL_FREE_WORDS : WORDS;
  if (words.stop.includes(word)) return 'stop';
  if (words.start.includes(word)) return 'start';
  return words.help.includes(word) ? 'help' : null;
}

/**
 * The refusal of a send whose recipient opted out of this sender (`TOLLBOARD_POLICY_OPTED_OUT`, Twilio's 21610, nothing
 * sent). A block holds for the pair of sender number, or Messaging Service, and recipient.
 */
export function optedOutReport(sender: string, recipient: string): ErrorReport {
  return errorReport('TOLLBOARD_POLICY_OPTED_OUT', { stage: 'before_send', details: { sender, recipient } });
}

/** The check of an account's credentials, told alike by the gateway and straight to Twilio. */

import type { CheckReport } from './ports.ts';
import { isTollboardError, TollboardError } from './errors.ts';

/** `probe` asks Twilio for what the credentials must open, and sends nothing. */
export async function checkCredentials(
  { accountSid, probe }: { accountSid: string; probe(signal?: AbortSignal): Promise<void> },
  signal?: AbortSignal,
): Promise<CheckReport> {
  const name = 'credentials';
  try {
    await probe(signal);
    const message = `Twilio answers for account ${accountSid}.`;
    return { ok: true, checks: [{ name, ok: true, message, remedy: null, error: null }] };
  } catch (cause) {
    const { report } = isTollboardError(cause) ? cause : new TollboardError('TOLLBOARD_INTERNAL', { cause });
    const { message, remedy } = report;
    return { ok: false, checks: [{ name, ok: false, message, remedy, error: report }] };
  }
}

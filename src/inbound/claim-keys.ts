/** What makes two genuine webhooks the same one: keys from signed content only. */

/** A message is the same while Twilio's SID and its status are (a later status is news: Twilio docs, message status). */
const MESSAGE = /^(SM|MM)[0-9a-f]{32}$/;
const STATUS = /^[a-z][a-z_-]{0,31}$/;

/**
 * The digest of everything signed, and for messages SID and status. The second joins what Twilio repeats with other
 * fields (the fallback URL adds two); the first also stops what only looks new: Twilio signs names and values without
 * borders between them, so of a genuine request one can make another with the same signature whose SID reads otherwise.
 * Twilio's header `I-Twilio-Idempotency-Token` is not signed, and so counts for nothing.
 */
export function claimKeys(account: string, data: Readonly<Record<string, string>>, digest: string): string[] {
  const sid = data.MessageSid ?? '';
  const status = data.MessageStatus || data.SmsStatus || '';
  const keys = [digest];
  if (MESSAGE.test(sid) && STATUS.test(status)) keys.push(`${account}/${sid}/${status}`);
  return keys;
}

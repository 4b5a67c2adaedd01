/** Standard Webhooks (https://github.com/standard-webhooks/standard-webhooks, version 1.0.0): headers and body of an event. */

import type { EventRecord } from '../core/event.ts';
import { createHmac } from 'node:crypto';

/** `type`, `timestamp` and `data` as the specification proposes; `id` and `simulated` beside them. */
export function webhookBody({ id, type, at, data, simulated }: EventRecord): string {
  return JSON.stringify({ type, timestamp: new Date(at).toISOString(), data, id, simulated });
}

/**
 * The three headers. `webhook-id` is the event's id, the same on every try and replay: the receiver's idempotency key.
 * `at`: the time of the try, milliseconds; receivers refuse what is some minutes off.
 */
export function webhookHeaders(
  id: string,
  at: number,
  body: string,
  secrets: readonly string[],
): Record<string, string> {
  const timestamp = String(Math.floor(at / 1000));
  const signed = `${id}.${timestamp}.${body}`;
  const signatures = secrets.map(
    (secret) => `v1,${createHmac('sha256', keyOf(secret)).update(signed).digest('base64')}`,
  );
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signatures.join(' ') };
}

function keyOf(secret: string): Buffer {
  return Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
}

/** From a command's recipients to the requests that are sent: repeats joined over the whole input, chunked, keyed. */

import type { Entry } from '../core/entry.ts';
import type { ParameterValues } from '../core/parameter.ts';
import type { SendRequest } from '../core/ports.ts';

/** One recipient as the input named it. */
export interface PlannedRecipient {
  to: string;
  params: ParameterValues;
}

export interface Chunk {
  request: SendRequest & { to: readonly string[] };
  idempotencyKey: string | null;
}

export interface Plan {
  chunks: Chunk[];
  /** For each recipient of the input, in order: chunk, place in it, and whether it repeats an earlier one. */
  recipients: Array<{ chunk: number; place: number; duplicate: boolean }>;
  /** True when rows had parameters of their own: then a fault of parameters is a fault of that row. */
  individual: boolean;
  /** With this flag the same input sends nothing twice; null while no gateway is to take it. */
  idempotencyKey: string | null;
  /** True where each chunk has a key of its own, `<key>:<chunk>`. */
  numbered: boolean;
}

export const CHUNK_SIZE = 1000;

export interface PlanOptions {
  /** What all requests share; `params` and `to` come from the recipients. */
  common: Omit<SendRequest, 'to' | 'params'>;
  idempotencyKey: string | null;
  /** True for input from a stream: the key is then `<key>:<chunk>`, counted from 0. */
  streamed: boolean;
}

/** The same input always gives the same chunks, so that a repeat with the same key is answered from the stored ones. */
export function planRequests(recipients: readonly PlannedRecipient[], options: PlanOptions): Plan {
  const chunks: Array<{ to: string[]; params: ParameterValues; shape: string }> = [];
  const seen = new Map<string, { chunk: number; place: number }>();
  const places: Plan['recipients'] = [];
  for (const { to, params } of recipients) {
    const shape = JSON.stringify(params);
    const identity = JSON.stringify([to, shape]);
    const earlier = seen.get(identity);
    if (earlier !== undefined) {
      places.push({ ...earlier, duplicate: true });
      continue;
    }
    let chunk = chunks.at(-1);
    if (chunk === undefined || chunk.shape !== shape || chunk.to.length >= CHUNK_SIZE) {
      chunk = { to: [], params, shape };
      chunks.push(chunk);
    }
    const place = { chunk: chunks.length - 1, place: chunk.to.push(to) - 1 };
    seen.set(identity, place);
    places.push({ ...place, duplicate: false });
  }
  const { common, idempotencyKey, streamed } = options;
  const plan: Plan = {
    chunks: chunks.map(({ to, params }) => ({ request: { ...common, to, params }, idempotencyKey: null })),
    recipients: places,
    individual: new Set(chunks.map(({ shape }) => shape)).size > 1,
    idempotencyKey: null,
    numbered: streamed || chunks.length > 1,
  };
  return idempotencyKey === null ? plan : withKey(plan, idempotencyKey);
}

/** One key for the whole run: what a person can repeat the command with, whatever became of its chunks. */
export function withKey(plan: Plan, idempotencyKey: string): Plan {
  const chunks = plan.chunks.map(({ request }, index) => ({
    request,
    idempotencyKey: plan.numbered ? `${idempotencyKey}:${index}` : idempotencyKey,
  }));
  return { ...plan, chunks, idempotencyKey };
}

/** The outcomes in input order; the result of a repeated number is repeated and marked. */
export function inInputOrder(plan: Pick<Plan, 'recipients'>, outcomes: readonly (readonly Entry[])[]): Entry[] {
  return plan.recipients.map(({ chunk, place, duplicate }) => {
    const entry = outcomes[chunk]?.[place] as Entry;
    return duplicate ? { ...entry, duplicate: true } : entry;
  });
}

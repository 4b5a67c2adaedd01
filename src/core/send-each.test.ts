import type { Entry } from './entry.ts';
import type { SendRequest } from './ports.ts';
import { expect, it } from 'vitest';
import { TollboardError } from './errors.ts';
import { unstoredOutcome } from './refusal.ts';
import { sendEach } from './send-each.ts';

const requests = ['+1555', '+1556', '+1557'].map(
  (to): SendRequest => ({ kind: 'message', to, params: { body: 'x' }, host: 'api' }),
);
const taken = (request: SendRequest): Entry[] => [
  { ...unstoredOutcome(request, String(request.to), { state: 'queued', error: null, simulated: true }), id: 'SM1' },
];
const shown = (entries: readonly Entry[]) => entries.map(({ state, error }) => [state, error?.code, error?.stage]);

/** The second request throws this; the others are taken. */
async function withSecond(error: unknown, signal?: AbortSignal): Promise<unknown[]> {
  const send = async (request: SendRequest, index: number) => (index === 1 ? Promise.reject(error) : taken(request));
  return shown(await sendEach(requests, send, signal));
}

const TAKEN = ['queued', undefined, undefined];

it('a fault of one request stays its own', async () => {
  const fault = new TollboardError('TOLLBOARD_IDEMPOTENCY_MISMATCH', { details: { key: 'k' } });
  expect(await withSecond(fault)).toEqual([TAKEN, ['rejected', fault.code, null], TAKEN]);
});

it('what would meet the rest alike ends the send, and each of the rest is told', async () => {
  const full = new TollboardError('TOLLBOARD_STORE_FULL', { stage: 'before_send' });
  expect(await withSecond(full)).toEqual([
    TAKEN,
    ['rejected', full.code, 'before_send'],
    ['rejected', full.code, 'before_send'],
  ]);
});

it('a request that may have left is unknown, and those after it were certainly not sent', async () => {
  const lost = new TollboardError('TOLLBOARD_GATEWAY_ANSWER_LOST', { stage: 'unknown' });
  expect(await withSecond(lost)).toEqual([
    TAKEN,
    ['unknown', lost.code, 'unknown'],
    ['rejected', lost.code, 'before_send'],
  ]);
});

it('a fault of ours proves nothing about what left', async () => {
  expect(await withSecond(new Error('a bug'))).toEqual([
    TAKEN,
    ['unknown', 'TOLLBOARD_INTERNAL', 'unknown'],
    ['rejected', 'TOLLBOARD_INTERNAL', 'before_send'],
  ]);
});

it('an abort in the middle tells what was taken, what may have been, and what was not', async () => {
  const ended = new AbortController();
  const send = async (request: SendRequest, index: number) => {
    if (index === 1) ended.abort();
    ended.signal.throwIfAborted();
    return taken(request);
  };
  expect(shown(await sendEach(requests, send, ended.signal))).toEqual([
    TAKEN,
    ['unknown', 'TOLLBOARD_REQUEST_ABORTED', 'unknown'],
    ['rejected', 'TOLLBOARD_REQUEST_ABORTED', 'before_send'],
  ]);
});

it('an abort before the first request, or between two', async () => {
  const never = AbortSignal.abort();
  await expect(sendEach(requests, async (request) => taken(request), never)).rejects.toThrow(/abort/i);
  const ended = new AbortController();
  const send = async (request: SendRequest) => {
    ended.abort();
    return taken(request);
  };
  const between = shown(await sendEach(requests, send, ended.signal));
  expect(between).toEqual([TAKEN, ...Array(2).fill(['rejected', 'TOLLBOARD_CLI_INTERRUPTED', 'before_send'])]);
});

it('where nothing came of any request, the error that matters most is thrown', async () => {
  const mismatch = new TollboardError('TOLLBOARD_IDEMPOTENCY_MISMATCH', { details: { key: 'k' } });
  const lost = new TollboardError('TOLLBOARD_GATEWAY_ANSWER_LOST', { stage: 'unknown' });
  const errors = [mismatch, lost, mismatch];
  await expect(sendEach(requests, async (_request, index) => Promise.reject(errors[index]))).rejects.toBe(lost);
});

it('a single recipient that the check refuses is an outcome', async () => {
  const refused = new TollboardError('TOLLBOARD_MESSAGE_TO_INVALID', { twilioCode: 21211 });
  const [request] = requests as [SendRequest];
  expect(shown(await sendEach([request], async () => Promise.reject(refused)))).toEqual([
    ['rejected', refused.code, null],
  ]);
});

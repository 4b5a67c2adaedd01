import type { Entry } from '../core/entry.ts';
import type { ErrorCode } from '../core/errors.ts';
import type { Messenger, SendRequest } from '../core/ports.ts';
import { describe, expect, it } from 'vitest';
import { TollboardError } from '../core/errors.ts';
import { refusedOutcome } from '../core/refusal.ts';
import { handOver, waitForEnd } from './deliver.ts';
import { planRequests } from './plan.ts';

/** A messenger at the far end of a wire: answers each request as `answer` says. */
function messenger(answer: (request: SendRequest) => Entry[] | ErrorCode, seen: string[] = []): Messenger {
  const nothing = () => Promise.reject(new Error('not asked for in this test'));
  return {
    async send([request]) {
      const given = answer(request as SendRequest);
      seen.push(String((request as SendRequest).to));
      if (typeof given !== 'string') return given;
      throw new TollboardError(
        given,
        given === 'TOLLBOARD_GATEWAY_ANSWER_LOST' ? { stage: 'unknown' } : { stage: 'before_send' },
      );
    },
    fetch: nothing,
    wait: nothing,
    resource: nothing,
    recipients: nothing,
    check: nothing,
  };
}

function taken(request: SendRequest): Entry[] {
  const report = {
    code: '',
    kind: 'invalid',
    message: '',
    remedy: '',
    stage: null,
    twilioCode: 21211,
    twilioMessage: null,
    httpStatus: null,
    requestId: null,
    moreInfo: null,
  } as const;
  return [request.to].flat().map((to) => ({
    ...(refusedOutcome({ ...request, to }, report) as Entry),
    id: `SM${to}`,
    state: 'queued',
    error: null,
  }));
}

const plan = (rows: Array<[to: string, body: string]>) =>
  planRequests(
    rows.map(([to, body]) => ({ to, params: { body } })),
    { common: { kind: 'message', host: 'cli' }, idempotencyKey: 'K', streamed: true },
  );
const options = (interrupted = new AbortController().signal) => ({ interrupted, onProgress: () => undefined });
const said = (entry: Entry | undefined) => [entry?.to, entry?.state, entry?.error?.code ?? null];

describe('handing over', () => {
  it('throws what ended it when nothing had been handed over', async () => {
    const run = handOver(
      plan([['a', '1']]),
      messenger(() => 'TOLLBOARD_GATEWAY_UNREACHABLE'),
      options(),
    );
    await expect(run).rejects.toMatchObject({ code: 'TOLLBOARD_GATEWAY_UNREACHABLE' });
  });

  it('gives every recipient a line when it ended half-way: taken, lost, and not handed over', async () => {
    const rows = Array.from({ length: 40 }, (_, n): [string, string] => [`+${n}`, String(n)]);
    const fate = (to: unknown) => (String(to) === '+20' ? 'TOLLBOARD_GATEWAY_ANSWER_LOST' : null);
    const { outcomes, error } = await handOver(
      plan(rows),
      messenger((request) => fate(request.to) ?? taken(request)),
      options(),
    );
    const entries = outcomes.flat();
    expect(entries).toHaveLength(40);
    expect(error).toMatchObject({ code: 'TOLLBOARD_GATEWAY_ANSWER_LOST' });
    expect(said(entries[0])).toEqual(['+0', 'queued', null]);
    expect(said(entries[20])).toEqual(['+20', 'unknown', 'TOLLBOARD_GATEWAY_ANSWER_LOST']);
    expect(said(entries[39])).toEqual(['+39', 'rejected', 'TOLLBOARD_CLI_INTERRUPTED']);
    expect(entries[39]?.error?.stage).toBe('before_send');
  });

  it('tells a fault of one row as that row, and goes on', async () => {
    const rows: Array<[string, string]> = [
      ['a', '1'],
      ['b', 'too long'],
      ['c', '3'],
    ];
    const answer = (request: SendRequest) =>
      request.params.body === 'too long' ? 'TOLLBOARD_MESSAGE_BODY_TOO_LONG' : taken(request);
    const { outcomes, error } = await handOver(plan(rows), messenger(answer), options());
    expect(error).toBeNull();
    expect(outcomes.flat().map(said)).toEqual([
      ['a', 'queued', null],
      ['b', 'rejected', 'TOLLBOARD_MESSAGE_BODY_TOO_LONG'],
      ['c', 'queued', null],
    ]);
  });

  it('has a line for a lone recipient whose handover was lost', async () => {
    const { outcomes, error } = await handOver(
      plan([['a', '1']]),
      messenger(() => 'TOLLBOARD_GATEWAY_ANSWER_LOST'),
      options(),
    );
    expect(outcomes.flat().map(said)).toEqual([['a', 'unknown', 'TOLLBOARD_GATEWAY_ANSWER_LOST']]);
    expect(error).toMatchObject({ code: 'TOLLBOARD_GATEWAY_ANSWER_LOST' });
  });

  it('tells the lost handover, whichever fault came first', async () => {
    const answer = (request: SendRequest) =>
      request.to[0] === 'a' ? 'TOLLBOARD_GATEWAY_UNREACHABLE' : 'TOLLBOARD_GATEWAY_ANSWER_LOST';
    const rows: Array<[string, string]> = [
      ['a', '1'],
      ['b', '2'],
    ];
    const { outcomes, error } = await handOver(plan(rows), messenger(answer), options());
    expect(error).toMatchObject({ code: 'TOLLBOARD_GATEWAY_ANSWER_LOST' });
    expect(outcomes.flat().map((entry) => entry.state)).toEqual(['rejected', 'unknown']);
  });

  it('names the key of the whole run for a repeat, not that of a chunk', async () => {
    const rows = Array.from({ length: 12 }, (_, n): [string, string] => [`+${n}`, String(n)]);
    const { outcomes, error } = await handOver(
      plan(rows),
      messenger((request) => (request.to[0] === '+3' ? 'TOLLBOARD_GATEWAY_ANSWER_LOST' : taken(request))),
      options(),
    );
    const told = [error, ...outcomes.flat().map((entry) => entry.error)].flatMap((fault) => fault ?? []);
    expect(told.length).toBeGreaterThan(1);
    for (const fault of told) expect(fault).toMatchObject({ remedy: expect.stringContaining('--idempotency-key K') });
    for (const fault of told) expect(fault).not.toMatchObject({ remedy: expect.stringContaining('K:') });
  });

  it('throws what concerns no recipient, with parameters of their own per row too', async () => {
    const rows: Array<[string, string]> = [
      ['a', '1'],
      ['b', '2'],
    ];
    const run = handOver(
      plan(rows),
      messenger(() => 'TOLLBOARD_IDEMPOTENCY_MISMATCH'),
      options(),
    );
    await expect(run).rejects.toMatchObject({ code: 'TOLLBOARD_IDEMPOTENCY_MISMATCH' });
  });

  it('keeps what was taken when something of our own breaks', async () => {
    const answer = (request: SendRequest) => {
      if (request.to[0] === 'b') throw new Error('a fault in the program');
      return taken(request);
    };
    const rows: Array<[string, string]> = [
      ['a', '1'],
      ['b', '2'],
    ];
    const { outcomes, error } = await handOver(plan(rows), messenger(answer), options());
    expect(error).toMatchObject({ code: 'TOLLBOARD_INTERNAL' });
    expect(outcomes.flat().map(said)).toEqual([
      ['a', 'queued', null],
      ['b', 'unknown', 'TOLLBOARD_INTERNAL'],
    ]);
  });

  it('begins no further chunk after an interruption, and says what was not sent', async () => {
    const seen: string[] = [];
    const interruption = new AbortController();
    const rows = Array.from({ length: 30 }, (_, n): [string, string] => [`+${n}`, String(n)]);
    const answer = (request: SendRequest) => {
      if (request.to[0] === '+5') interruption.abort();
      return taken(request);
    };
    const { outcomes } = await handOver(plan(rows), messenger(answer, seen), options(interruption.signal));
    const unsent = outcomes.flat().filter((entry) => entry.error?.code === 'TOLLBOARD_CLI_INTERRUPTED');
    expect(seen.length).toBeGreaterThanOrEqual(6);
    expect(unsent.length).toBe(30 - seen.length);
    expect(unsent[0]?.error?.message).toContain(unsent[0]?.to);
  });
});

describe('waiting', () => {
  it('asks for what is open only: not for what was refused, held, finished or never stored', async () => {
    const [open] = taken({ kind: 'message', to: 'a', params: {}, host: 'cli' }) as [Entry];
    const others: Entry[] = [
      { ...open, id: 'SMheld', state: 'held' },
      { ...open, id: 'SMdone', state: 'done' },
      { ...open, id: null, state: 'unknown' },
      { ...open, id: 'SMbad', state: 'rejected' },
    ];
    const asked: string[] = [];
    const wait: Messenger['wait'] = async (id) => {
      asked.push(id);
      return { ...open, state: 'done', status: 'delivered' };
    };
    const { outcomes: waited, error } = await waitForEnd(
      [[open, ...others]],
      { ...messenger(taken), wait },
      { signal: new AbortController().signal, onProgress: () => undefined },
    );
    expect(error).toBeNull();
    expect(asked).toEqual(['SMa']);
    expect(waited[0]?.map((entry) => entry.state)).toEqual(['done', 'held', 'done', 'unknown', 'rejected']);
  });

  it('keeps what is known when the gateway is gone, and says why it ended', async () => {
    const entries = taken({ kind: 'message', to: ['a', 'b'], params: {}, host: 'cli' });
    const wait: Messenger['wait'] = async (id) => {
      if (id === 'SMa') return { ...(entries[0] as Entry), state: 'done', status: 'delivered' };
      throw new TollboardError('TOLLBOARD_GATEWAY_UNREACHABLE', { stage: 'before_send' });
    };
    const { outcomes, error } = await waitForEnd(
      [entries],
      { ...messenger(taken), wait },
      { signal: new AbortController().signal, onProgress: () => undefined },
    );
    expect(outcomes.flat().map(({ id, state }) => [id, state])).toEqual([
      ['SMa', 'done'],
      ['SMb', 'queued'],
    ]);
    expect(error).toMatchObject({ code: 'TOLLBOARD_GATEWAY_UNREACHABLE' });
  });
});

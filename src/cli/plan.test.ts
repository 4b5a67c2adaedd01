import type { Entry } from '../core/entry.ts';
import { describe, expect, it } from 'vitest';
import { CHUNK_SIZE, inInputOrder, planRequests, withKey } from './plan.ts';

const common = { kind: 'message', host: 'cli' } as const;
const plan = (numbers: string[], streamed = true, idempotencyKey: string | null = 'K') =>
  planRequests(
    numbers.map((to) => ({ to, params: { body: 'Hi' } })),
    { common, idempotencyKey, streamed },
  );

describe('the plan of a send', () => {
  it('joins repeats over the whole input and gives their result again, in input order', () => {
    const { chunks, recipients } = plan(['b', 'a', 'b', 'c', 'a']);
    expect(chunks.map((chunk) => chunk.request.to)).toEqual([['b', 'a', 'c']]);
    const outcomes = [['b', 'a', 'c'].map((to) => ({ to }) as Entry)];
    const ordered = inInputOrder({ recipients }, outcomes);
    expect(ordered.map((entry) => [entry.to, entry.duplicate ?? false])).toEqual([
      ['b', false],
      ['a', false],
      ['b', true],
      ['c', false],
      ['a', true],
    ]);
  });

  it('cuts chunks of at most 1,000 and keys them from 0', () => {
    const { chunks } = plan(Array.from({ length: 2 * CHUNK_SIZE + 1 }, (_, n) => `+1555${n}`));
    expect(chunks.map((chunk) => [chunk.request.to.length, chunk.idempotencyKey])).toEqual([
      [1000, 'K:0'],
      [1000, 'K:1'],
      [1, 'K:2'],
    ]);
  });

  it('keeps the key as it is for recipients named by flags, and needs none', () => {
    expect(plan(['a', 'b'], false).chunks[0]?.idempotencyKey).toBe('K');
    expect(plan(['a'], true, null).chunks[0]?.idempotencyKey).toBeNull();
  });

  it('takes a key afterwards, by which the same input is repeated as one with that flag', () => {
    for (const streamed of [true, false]) {
      for (const count of [1, CHUNK_SIZE + 1]) {
        const numbers = Array.from({ length: count }, (_, n) => `+1555${n}`);
        expect(withKey(plan(numbers, streamed, null), 'K')).toEqual(plan(numbers, streamed, 'K'));
      }
    }
  });

  it('gives rows with parameters of their own requests of their own, and tells two texts to one number apart', () => {
    const rows = [
      { to: 'a', params: { body: '1' } },
      { to: 'a', params: { body: '2' } },
      { to: 'b', params: { body: '2' } },
      { to: 'a', params: { body: '1' } },
    ];
    const { chunks, recipients, individual } = planRequests(rows, { common, idempotencyKey: null, streamed: true });
    expect(chunks.map((chunk) => [chunk.request.params.body, chunk.request.to])).toEqual([
      ['1', ['a']],
      ['2', ['a', 'b']],
    ]);
    expect(recipients.map((recipient) => recipient.duplicate)).toEqual([false, false, false, true]);
    expect(individual).toBe(true);
  });
});

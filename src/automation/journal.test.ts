import { expect, it } from 'vitest';
import { Journal, NotKept, type Run } from './journal.ts';

const step = (key: string) => ({ key, path: key, where: 'a.yaml:1:1', result: null, changed: null, error: null });

it('saves no step whose write with others fails', async () => {
  const run = { steps: [] } as unknown as Run;
  const onDisk: string[][] = [];
  const save = async ({ steps }: Run) => void onDisk.push(steps.map(({ key }) => key));
  const { signal } = new AbortController();
  const journal = new Journal({ run, now: () => 0, save, signal, hush: (sentence) => sentence });
  const full = Promise.withResolvers<void>();
  const fired = journal.noteWith(step('event'), () => full.promise);
  // Another branch goes on meanwhile.
  journal.note(step('text'));
  const saved = journal.save();
  const other = journal.noteWith(step('other event'), save);
  full.reject(new Error('the disk is full'));
  await expect(fired).rejects.toBeInstanceOf(NotKept);
  await Promise.all([saved, other]);
  expect(onDisk.flat()).not.toContain('event');
  expect(onDisk.at(-1)).toEqual(['text', 'other event']);
});

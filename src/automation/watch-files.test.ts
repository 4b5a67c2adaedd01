import { mkdtempSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createManualClock, type ManualClock } from '../../test/support/manual-clock.ts';
import { LOOK_MS, watchFiles } from './watch-files.ts';

let folder: string;
let file: string;
let included: string;
let clock: ManualClock;
let stop: AbortController;
/** What was read, or refused with a mark. */
let said: string[];
/** Holds the next read up, once it has read. */
let during: () => void;
let watching: Promise<void>;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tollboard-watch-'));
  file = join(folder, 'automations.yaml');
  included = join(folder, 'included.yaml');
  clock = createManualClock();
  stop = new AbortController();
  said = [];
  during = () => undefined;
  write('one');
  watching = watchFiles(
    {
      files: [file],
      clock,
      async read() {
        const text = readFileSync(file, 'utf8');
        const more = text.startsWith('include') ? readFileSync(included, 'utf8') : '';
        during();
        await Promise.resolve();
        if (text === 'bad') throw new Error('bad');
        said.push(text + more);
        return more === '' ? [file] : [file, included];
      },
      refuse: (error) => said.push(`refused: ${String((error as NodeJS.ErrnoException).code ?? error)}`),
    },
    stop.signal,
  );
});
afterEach(async () => {
  stop.abort();
  await watching;
  rmSync(folder, { recursive: true, force: true });
});

const write = (text: string, at = file) => writeFileSync(at, text);
async function look(times = 1) {
  for (let count = 0; count < times; count += 1) {
    await clock.untilSleeping(1);
    clock.advance(LOOK_MS);
  }
  await clock.untilSleeping(1);
}

describe('watched files', () => {
  it('that stay as they are are not read again', async () => {
    await look(5);
    expect(said).toEqual([]);
  });

  it('are read once within a second of a change', async () => {
    write('two');
    await look(2);
    expect(said).toEqual(['two']);
    await look(3);
    expect(said).toEqual(['two']);
  });

  it('are read when another file took their place, though size and time are the same', async () => {
    const { atime, mtime } = statSync(file);
    const other = join(folder, 'other');
    write('two', other);
    utimesSync(other, atime, mtime);
    renameSync(other, file);
    await look(2);
    expect(said).toEqual(['two']);
  });

  it('are read when they were removed and written anew; their absence is told once', async () => {
    rmSync(file);
    await look(4);
    expect(said).toEqual(['refused: ENOENT']);
    write('two');
    await look(2);
    expect(said).toEqual(['refused: ENOENT', 'two']);
  });

  it('are read when they were removed and written anew between two looks', async () => {
    rmSync(file);
    write('two');
    await look(2);
    expect(said).toEqual(['two']);
  });

  it('are not read half written', async () => {
    write('');
    await look();
    write('two');
    await look();
    expect(said).toEqual([]);
    await look();
    expect(said).toEqual(['two']);
  });

  it('that change while they are read are read again, also to the same length', async () => {
    write('two');
    during = () => {
      during = () => undefined;
      write('six');
    };
    await look(2);
    expect(said).toEqual(['two']);
    await look(2);
    expect(said).toEqual(['two', 'six']);
  });

  it('that cannot be used are told at each change, and not more often', async () => {
    write('bad');
    await look(4);
    expect(said).toEqual(['refused: Error: bad']);
    write('bad');
    await look(2);
    expect(said).toEqual(['refused: Error: bad', 'refused: Error: bad']);
    write('two');
    await look(2);
    expect(said.at(-1)).toBe('two');
  });

  it('are read when a file that they name comes later, and that one is watched from then on', async () => {
    write('include ');
    await look(4);
    expect(said).toEqual(['refused: ENOENT']);
    write('a', included);
    await look();
    expect(said.at(-1)).toBe('include a');
    await look(2);
    write('b', included);
    await look(2);
    expect(said.at(-1)).toBe('include b');
  });
});

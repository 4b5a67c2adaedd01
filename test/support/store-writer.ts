/**
 * A program that accepts and claims as fast as it can, and writes each id to descriptor 3 once it was told that it is on disk.
 * Not to descriptor 1: a worker thread opens standard output, which makes it fail (EAGAIN) where a reader falls behind.
 */

import { writeSync } from 'node:fs';
import { createSqliteStore } from '../../src/store/sqlite/store.ts';
import { systemRandom } from '../../src/system.ts';
import { batchOf, claimQuery, newEntry, taken } from './entries.ts';

const TELL = 3;

const store = await createSqliteStore({ file: process.argv[2] ?? '', random: systemRandom });

async function work(): Promise<never> {
  for (;;) {
    const entry = newEntry({ id: `SM${systemRandom.hex(32)}` });
    await store.accept(batchOf([entry]));
    writeSync(TELL, `${entry.id} accepted\n`);
    for (const claimed of await store.claim(claimQuery({ limit: 3 }))) {
      await store.apply([{ key: { id: claimed.id }, fact: taken(`SM${systemRandom.hex(32)}`) }], claimed.createdAt);
      writeSync(TELL, `${claimed.id} sent\n`);
    }
  }
}

await Promise.all(Array.from({ length: 8 }, work));

/** A program that accepts and claims as fast as it can, and prints each id once it was told that it is on disk. */

import { writeSync } from 'node:fs';
import { createSqliteStore } from '../../src/store/sqlite/store.ts';
import { systemRandom } from '../../src/system.ts';
import { batchOf, claimQuery, newEntry, taken } from './entries.ts';

const store = await createSqliteStore({ file: process.argv[2] ?? '', random: systemRandom });

async function work(): Promise<never> {
  for (;;) {
    const entry = newEntry({ id: `SM${systemRandom.hex(32)}` });
    await store.accept(batchOf([entry]));
    writeSync(1, `${entry.id} accepted\n`);
    for (const claimed of await store.claim(claimQuery({ limit: 3 }))) {
      await store.apply([{ key: { id: claimed.id }, fact: taken(`SM${systemRandom.hex(32)}`) }], claimed.createdAt);
      writeSync(1, `${claimed.id} sent\n`);
    }
  }
}

await Promise.all(Array.from({ length: 8 }, work));

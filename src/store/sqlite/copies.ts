/** Copies of the database to hand out: made beside it, read once, gone. */

import type { DatabaseCopy } from '../../core/gateway-api.ts';
import type { Clock, Random, Store } from '../../core/ports.ts';
import { createReadStream } from 'node:fs';
import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';

export interface Copies {
  /** Throws what `Store.backup` throws. The copy goes when its content was read, or is read no further. */
  make(): Promise<DatabaseCopy>;
}

/** What an earlier run left behind is removed: only a process that died in the middle leaves anything. */
export async function createCopies(
  store: Pick<Store, 'backup'>,
  dir: string,
  world: { clock: Clock; random: Random },
): Promise<Copies> {
  for (const name of await readdir(dir)) {
    if (/^copy-[0-9a-f]{16}\.sqlite(\.partial)?(-wal|-shm|-journal)?$/.test(name))
      await rm(join(dir, name), { force: true });
  }
  return {
    async make() {
      const file = join(dir, `copy-${world.random.hex(16)}.sqlite`);
      await store.backup(file, world.clock.now());
      return { bytes: (await stat(file)).size, content: readOnce(file) };
    },
  };
}

async function* readOnce(file: string): AsyncGenerator<Uint8Array> {
  try {
    yield* createReadStream(file) as AsyncIterable<Uint8Array>;
  } finally {
    await rm(file, { force: true });
  }
}

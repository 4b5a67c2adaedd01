/** The store suite over the store in memory. */

import type { StoreHarness } from '../support/store-harness.ts';
import { createMemoryStore } from '../../src/store/memory.ts';
import { countingRandom } from '../support/entries.ts';
import { storeWrites } from './store.ts';
import { storeConsumers } from './store-consumers.ts';
import { storeGiven } from './store-given.ts';
import { storeReads } from './store-reads.ts';

async function create(): Promise<StoreHarness> {
  const store = createMemoryStore({ random: countingRandom() });
  return { store, reopen: null, end: () => store.close() };
}

storeWrites('memory', create);
storeReads('memory', create);
storeGiven('memory', create);
storeConsumers('memory', create);

/** The ground on which stores are judged: a fresh one for each test. */

import type { Store } from '../../src/core/ports.ts';
import { afterEach, beforeEach } from 'vitest';

/** An open store, and how to open what it kept a second time (null: it keeps nothing). */
export interface StoreHarness {
  store: Store;
  reopen: (() => Promise<Store>) | null;
  end(): Promise<void>;
}

export type CreateHarness = () => Promise<StoreHarness>;

/** Makes one before each test of the suite around it, and ends it afterwards. */
export function eachTest(create: CreateHarness, take: (harness: StoreHarness) => void): void {
  let harness: StoreHarness;
  beforeEach(async () => {
    harness = await create();
    take(harness);
  });
  afterEach(() => harness.end());
}

/** 100,000 webhooks over the store on disk; `TOLLBOARD_TEST_SEED` runs the same again. */

import { afterAll, expect, test } from 'vitest';
import { startApiServer } from '../support/api-server.ts';
import { SEED } from '../support/property.ts';
import { sqliteHarness } from '../support/sqlite-store.ts';
import { PUBLIC_URL, storm } from '../support/webhook-storm.ts';

const harness = await sqliteHarness();
afterAll(() => harness.end());

test('of 100,000 webhooks only the genuine become events, each once', async () => {
  const api = await startApiServer({ publicUrl: PUBLIC_URL, store: harness.store });
  const { faults, requests, variants } = await storm(api, { seed: SEED, requests: 100_000 });
  await api.close();
  console.info(JSON.stringify(variants));
  expect(faults).toEqual([]);
  expect(requests).toBeGreaterThanOrEqual(100_000);
}, 1_800_000);

/** Thousands of webhooks, few of them genuine: only those become events, each once. The slow suite sends 100,000. */

import { expect, test } from 'vitest';
import { startApiServer } from '../support/api-server.ts';
import { SEED } from '../support/property.ts';
import { PUBLIC_URL, storm } from '../support/webhook-storm.ts';

test('a forged, altered or repeated webhook does nothing, a genuine one becomes one event, and the official SDK agrees on each', async () => {
  const api = await startApiServer({ publicUrl: PUBLIC_URL });
  const { faults, requests, variants } = await storm(api, { seed: SEED, requests: 3000 });
  await api.close();
  expect(faults).toEqual([]);
  expect(requests).toBeGreaterThanOrEqual(3000);
  // The storm would prove nothing if it never hit, or never missed.
  for (const variant of ['the same again', 'reordered', 'JSON, the same again', 'with a border moved'])
    expect(variants[variant]).toMatchObject({ taken: variants[variant]?.sent });
  for (const variant of ['altered in one byte', 'with a parameter dropped', 'signed for another host', 'oversized'])
    expect(variants[variant]).toMatchObject({ sent: expect.any(Number), taken: 0 });
}, 120_000);

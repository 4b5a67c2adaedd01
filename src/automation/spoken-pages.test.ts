import { expect, it } from 'vitest';
import { createManualClock } from '../../test/support/manual-clock.ts';
import { createMemoryStore } from '../store/memory.ts';
import { systemRandom } from '../system.ts';
import { createSpokenPages, PAGE_PATH } from './spoken-pages.ts';

const base = () => 'https://gateway.example.com';
const nameOf = (url: string | null) => String(url).slice((base() + PAGE_PATH).length);

it('a document is there for a day', async () => {
  const clock = createManualClock();
  const store = createMemoryStore({ random: systemRandom });
  const pages = createSpokenPages({ store, clock, random: systemRandom, base });
  const name = nameOf(await pages.publish({ text: 'a < b' }, 'key'));
  expect(await pages.page(name)).toBe('<Response><Say>a &lt; b</Say></Response>');
  clock.advance(86_400_000);
  expect(await pages.page(name)).toBe(null);
});

it('a store that fails once keeps no later document away', async () => {
  const clock = createManualClock();
  const store = createMemoryStore({ random: systemRandom });
  let faults = 1;
  const keep: typeof store.keep = async (keeping) => {
    if (faults-- > 0) throw new Error('no space left');
    return store.keep(keeping);
  };
  const pages = createSpokenPages({ store: { ...store, keep }, clock, random: systemRandom, base });
  await expect(pages.publish({ text: 'a' }, 'key')).rejects.toThrow('no space left');
  expect(nameOf(await pages.publish({ text: 'a' }, 'key'))).toMatch(/^[0-9a-f]{64}$/);
});

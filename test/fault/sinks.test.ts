/** A gateway that is killed while it hands events on: each sink still gets every event, in their order. */

import type { SinkSettings } from '../../src/core/sinks.ts';
import { expect, it } from 'vitest';
import { type ReceiverAnswer, startReceiver } from '../support/callback-receiver.ts';
import { PHONE, usePairs } from '../support/fault-pair.ts';

const startPair = usePairs();
const TOKEN = 'token';
const ID = 'i-twilio-idempotency-token';

const sink = (url: string): SinkSettings => ({
  name: 'shop',
  kind: 'twilio',
  target: { via: 'form', url, signedUrl: url, authToken: TOKEN },
  events: ['twilio_message_status'],
  fields: [],
  attempts: 5,
  giveUpAfterMs: 86_400_000,
});

it('a gateway killed before, in and after a try hands every event on, in order, and counts its tries on', async () => {
  let answer: (index: number) => ReceiverAnswer | 'destroy' = () => ({ status: 503 });
  const receiver = await startReceiver((index) => answer(index));
  const pair = await startPair({ sinks: [sink(receiver.url)] });
  const revive = async () => {
    const now = await pair.gateway.call('now');
    await pair.gateway.kill();
    await pair.start({ now });
    await pair.pace(300);
  };
  const state = async () => (await pair.ask('GET', '/api/v1/sinks')).json.sinks[0];
  for (let count = 0; count < 4; count += 1) await pair.send(PHONE, `text ${count}`);
  await pair.settle();
  const events: string[] = (await pair.ask('GET', '/api/v1/events?limit=100')).json.events.map(
    ({ id }: { id: string }) => id,
  );
  expect(events.length).toBeGreaterThanOrEqual(4);

  // While it waits for its next try.
  const retrying = async () => {
    for (;;) {
      const { retry } = await state();
      if (retry !== null) return retry;
    }
  };
  // The entries may have come to their end before the first try did.
  const retry = await retrying();
  expect(retry).toMatchObject({ event: events[0] });
  await revive();
  expect((await retrying()).attempts).toBeGreaterThanOrEqual(retry.attempts);

  // In the middle of a try.
  answer = () => ({ status: 204, hang: true });
  await receiver.arrived(receiver.received.length + 1);
  await revive();

  // Right after a try, whatever of it is on disk.
  const before = receiver.received.length;
  const killed = new Promise<void>((resolve) => {
    answer = (index) => {
      if (index === before + 1) resolve();
      return { status: 204 };
    };
  });
  await killed;
  await revive();

  answer = () => ({ status: 204 });
  const got = () => receiver.received.map(({ headers }) => headers[ID] ?? '');
  while (got().at(-1) !== events.at(-1)) await receiver.arrived(receiver.received.length + 1);
  await pair.pace(0);
  // A repeat is the same event again, told by its id; none is left out, and none comes before an older one.
  expect(got().filter((id, index, all) => id !== all[index - 1])).toEqual(events);
});

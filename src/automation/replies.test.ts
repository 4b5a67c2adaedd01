import type { Fired } from './trigger.ts';
import { describe, expect, it } from 'vitest';
import { createManualClock } from '../../test/support/manual-clock.ts';
import { createReplies } from './replies.ts';

const clock = createManualClock();
const trigger = (id: string): Fired => ({
  platform: 'event',
  id: '0',
  idx: '0',
  alias: null,
  event: { id, event_type: 'twilio_data_received', data: {}, time_fired: new Date(clock.now()).toISOString() },
});
const never = new AbortController().signal;

describe('replies to one webhook', () => {
  it.each(['before', 'after'])(
    'that come %s it asks: the first is its answer, the others are told at once',
    async (when) => {
      const replies = createReplies(clock);
      const asking = when === 'after' ? replies.await('EV1', never) : null;
      const first = replies.answer(trigger('EV1'), '<first/>', 'a');
      expect(await replies.answer(trigger('EV1'), '<second/>', 'b')).toEqual({ outcome: 'second', by: 'a' });
      expect(await (asking ?? replies.await('EV1', never))).toBe('<first/>');
      expect(await first).toEqual({ outcome: 'answered' });
      expect(await replies.answer(trigger('EV1'), '<third/>', 'c')).toEqual({ outcome: 'second', by: 'a' });
      expect(clock.sleeping).toBe(0);
    },
  );

  it('of which none comes any more: it has its empty answer, and who replies later is late', async () => {
    const replies = createReplies(clock);
    const asking = replies.await('EV1', never);
    replies.over('EV1');
    expect(await asking).toBeNull();
    expect(await replies.answer(trigger('EV1'), '<late/>', 'a')).toEqual({ outcome: 'late' });
    expect(await replies.await('EV1', never)).toBeNull();
  });

  it('which never asks: they are late when its time is over, and not before', async () => {
    const replies = createReplies(clock);
    const reply = replies.answer(trigger('EV1'), '<reply/>', 'a');
    replies.over('EV1');
    await clock.untilSleeping(1);
    clock.advance(5000);
    expect(await reply).toEqual({ outcome: 'late' });
    expect(await replies.await('EV1', never)).toBeNull();
  });

  it('whose patience ended: it has its empty answer, and who replies later is late', async () => {
    const replies = createReplies(clock);
    const patience = new AbortController();
    const asking = replies.await('EV1', patience.signal);
    patience.abort();
    expect(await asking).toBeNull();
    expect(await replies.answer(trigger('EV1'), '<late/>', 'a')).toEqual({ outcome: 'late' });
  });

  it('are remembered for the last thousand events that are over, and as long as one is not', async () => {
    const replies = createReplies(clock);
    const open = replies.await('open', never);
    for (let n = 0; n < 3000; n++) replies.over(`EV${n}`);
    expect(await replies.await('EV2500', never)).toBeNull();
    expect(await replies.answer(trigger('open'), '<reply/>', 'a')).toEqual({ outcome: 'answered' });
    expect(await open).toBe('<reply/>');
  });
});

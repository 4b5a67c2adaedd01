import { expect, it } from 'vitest';
import { createManualClock } from '../../test/support/manual-clock.ts';
import { createTwilioTimes } from './twilio-times.ts';

const CREATED = 'Wed, 01 Jul 2026 11:59:30 +0000';
const AT = Date.parse(CREATED);

it('Twilio’s time is carried on from the last creation that it told', () => {
  const clock = createManualClock();
  const times = createTwilioTimes(clock);
  expect(times.now()).toEqual({});
  times.note('A', { date_created: CREATED });
  times.note('B', { date_created: null });
  clock.advance(90_000);
  expect(times.now()).toEqual({ A: AT + 90_000 });
});

it.each([10 * 60_000, -10 * 60_000])(
  'it is unknown after a jump of our clock (%i ms) until Twilio tells it again',
  (ms) => {
    const clock = createManualClock();
    const times = createTwilioTimes(clock);
    times.note('A', { date_created: CREATED });
    clock.jump(ms);
    expect(times.now()).toEqual({});
    times.note('A', { date_created: CREATED });
    expect(times.now()).toEqual({ A: AT });
  },
);

it('an answer that tells no time changes nothing', () => {
  const clock = createManualClock();
  const times = createTwilioTimes(clock);
  times.note('A', { date_created: CREATED });
  times.note('A', { date_created: 'soon' });
  times.note('A', {});
  expect(times.now()).toEqual({ A: AT });
});

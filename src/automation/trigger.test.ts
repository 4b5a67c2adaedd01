import type { TimeTrigger } from './trigger.ts';
import { describe, expect, it } from 'vitest';
import { nextTime } from './trigger.ts';

const part = { path: '', where: '', alias: null, enabled: true, id: '0', variables: {} };
const time = (at: string[], weekday: string[] = []): TimeTrigger => ({ ...part, kind: 'time', at, weekday });
/** Local time, of July 2026: the first is a Wednesday. */
const july = (day: number, hour: number, minute = 0) => new Date(2026, 6, day, hour, minute).getTime();

describe('a time', () => {
  const cases: Array<[what: string, trigger: TimeTrigger, now: number, next: number]> = [
    ['today', time(['07:30:00', '18:00:00']), july(1, 12), july(1, 18)],
    ['tomorrow', time(['07:30:00']), july(1, 7, 30), july(2, 7, 30)],
    ['on the next of its weekdays', time(['07:30:00'], ['mon', 'fri']), july(1, 12), july(3, 7, 30)],
    ['in a week, when today has passed', time(['07:30:00'], ['wed']), july(1, 12), july(8, 7, 30)],
    ['later on its weekday', time(['18:00:00'], ['wed']), july(1, 12), july(1, 18)],
  ];
  it.each(cases)('comes %s', (_what, trigger, now, next) => expect(nextTime(trigger, now)).toBe(next));
});

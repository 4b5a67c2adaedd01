/** How long delays, waits and time-outs last, in milliseconds. */

/** Of a mapping: `minutes: 1`. */
export const UNIT_MS: Readonly<Record<string, number>> = {
  days: 86_400_000,
  hours: 3_600_000,
  minutes: 60_000,
  seconds: 1000,
  milliseconds: 1,
};

/** The sum of a mapping of units; null where it has others, or what is no number. */
export function sumOfUnits(units: object): number | null {
  const sum = Object.entries(units).reduce(
    (total, [unit, count]) => total + Number(count) * (UNIT_MS[unit] ?? Number.NaN),
    0,
  );
  return Number.isNaN(sum) ? null : sum;
}

/** Of a text, as seconds or `HH:MM:SS`; null where it is no duration. */
export function durationMs(text: string): number | null {
  const trimmed = text.trim();
  if (/^\d{1,9}(?:\.\d{1,6})?$/.test(trimmed)) return Math.round(Number(trimmed) * 1000);
  const [, h, m, s] = /^(\d{1,4}):(\d\d?)(?::(\d\d?(?:\.\d+)?))?$/.exec(trimmed) ?? [];
  return h === undefined ? null : Math.round((Number(h) * 3600 + Number(m) * 60 + Number(s ?? 0)) * 1000);
}

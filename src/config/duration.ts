/** Durations as people write them: plain seconds, or `500ms 5s 10m 2h 90d`. */

const UNITS_MS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** Milliseconds, or undefined when the text is not a duration. */
export function parseDuration(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)?$/.exec(text.trim());
  if (match === null) return undefined;
  const unit = (match[2] ?? 's') as keyof typeof UNITS_MS;
  const ms = Number(match[1]) * UNITS_MS[unit];
  return Number.isFinite(ms) ? Math.round(ms) : undefined;
}

/** The shortest way to write it exactly: `90d`, `2m`, `500ms`. */
export function printDuration(ms: number): string {
  for (const unit of ['d', 'h', 'm', 's'] as const) {
    if (ms > 0 && ms % UNITS_MS[unit] === 0) return `${ms / UNITS_MS[unit]}${unit}`;
  }
  return `${ms}ms`;
}

/** Prints checks: one row per thing looked at, each fault with its remedy. */

import type { Output } from './output.ts';

export interface CheckRow {
  name: string;
  ok: boolean;
  /** True for what works but deserves a look; `ok` is then true. */
  warning?: boolean;
  message: string;
  remedy: string | null;
}

/** Exit code 0 when all is well, else 1. */
export function printChecks(checks: readonly CheckRow[], out: Output): number {
  const ok = checks.every((check) => check.ok);
  if (out.json) {
    for (const check of checks) out.line(check);
    return ok ? 0 : 1;
  }
  for (const check of checks) {
    const mark = !check.ok
      ? out.style('red', 'wrong ')
      : check.warning
        ? out.style('yellow', 'note  ')
        : out.style('green', 'ok    ');
    out.text(`${mark}  ${check.name}: ${check.message}`);
    if (check.remedy !== null) out.text(`        ${check.remedy}`);
  }
  return ok ? 0 : 1;
}

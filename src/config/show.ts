/** Settings as `tollboard config show` prints them: by field and by value nothing secret, each with its origin. */

import type { Found, Values } from './values.ts';
import { withoutCredentials } from '../core/base-url.ts';
import { printDuration } from './duration.ts';

export interface ShownSetting {
  setting: string;
  value: string | number | readonly string[];
  /** `default`, `--port`, `environment variable PORT`, or file, line and column. */
  from: string;
}

const HIDDEN = '********';

export function showSettings(values: Values): ShownSetting[] {
  const secrets = secretTexts(values);
  return [...values].map(([setting, found]) => ({ setting, value: shown(found, secrets), from: found.where }));
}

/** Every secret text among the values: for redaction by value. */
export function secretTexts(values: Values): Set<string> {
  return new Set(
    [...values.values()].filter((found) => found.secret).flatMap((found) => [found.value].flat().map(String)),
  );
}

function shown(found: Found, secrets: ReadonlySet<string>): ShownSetting['value'] {
  const hide = (text: string) => (found.secret || secrets.has(text) ? HIDDEN : text);
  if (Array.isArray(found.value)) return found.value.map(hide);
  if (found.setting.type === 'target') return hide(shownTarget(String(found.value)));
  if (typeof found.value !== 'number') return hide(String(found.value));
  return found.setting.type === 'duration' ? printDuration(found.value) : found.value;
}

/** Receivers put keys into credentials and query. */
function shownTarget(text: string): string {
  return withoutCredentials(text).replace(/\?.*$/, '?…');
}

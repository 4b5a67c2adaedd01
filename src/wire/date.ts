/** Dates on the wire of Twilio's 2010 API: RFC 2822 in answers, days and ISO 8601 in filters. */

const DAY_MS = 86_400_000;
const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** An instant or a whole day, both ends inclusive, in milliseconds since the epoch. */
export interface DateRange {
  from: number;
  to: number;
}

let lastSecond = Number.NaN;
let lastText = '';

/** `Fri, 20 Aug 2010 01:13:42 +0000`; milliseconds are cut. */
export function rfc2822(ms: number): string {
  const second = Math.floor(ms / 1000);
  if (second !== lastSecond) {
    const date = new Date(second * 1000);
    const day = `${DAYS[date.getUTCDay()]}, ${two(date.getUTCDate())} ${MONTHS[date.getUTCMonth()]} ${date.getUTCFullYear()}`;
    lastText = `${day} ${two(date.getUTCHours())}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())} +0000`;
    lastSecond = second;
  }
  return lastText;
}

/**
 * A filter's value: `YYYY-MM-DD` is the whole GMT day, an ISO 8601 or RFC 2822 time its second; null when it is neither.
 * A time without a zone is GMT.
 */
export function parseDateFilter(text: string): DateRange | null {
  if (/^\d{4}-\d{2}-\d{2}$/.test(text)) {
    const from = Date.parse(`${text}T00:00:00Z`);
    return Number.isNaN(from) ? null : { from, to: from + DAY_MS - 1 };
  }
  const iso = /^(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}:\d{2}(?:\.\d+)?)(Z|[+-]\d{2}:?\d{2})?$/.exec(text);
  const at = Date.parse(iso === null ? text : `${iso[1]}T${iso[2]}${iso[3] ?? 'Z'}`);
  if (Number.isNaN(at)) return null;
  const from = Math.floor(at / 1000) * 1000;
  return { from, to: from + 999 };
}

function two(value: number): string {
  return value < 10 ? `0${value}` : String(value);
}

/** Paths of Twilio's 2010 API taken apart. */

export interface WirePath {
  /** Every identifier replaced by `:sid`, e.g. `Accounts/:sid/Messages/:sid/Media`. */
  pattern: string;
  /** The identifiers in order; the first is the account's SID. */
  sids: string[];
  /** `json`, `xml`, `csv`, or null where the path has no suffix. */
  suffix: string | null;
}

const VERSION = '/2010-04-01/';

/** Null when the path is not one of the 2010 API at all. `path` without the query. */
export function parseWirePath(path: string): WirePath | null {
  if (!path.startsWith(VERSION)) return null;
  let rest = path.slice(VERSION.length);
  let suffix: string | null = null;
  const dot = rest.lastIndexOf('.');
  if (dot > rest.lastIndexOf('/')) {
    suffix = rest.slice(dot + 1);
    rest = rest.slice(0, dot);
  }
  const sids: string[] = [];
  const parts = rest.split('/').map((part, index) => {
    if (index % 2 === 0) return part;
    sids.push(decode(part));
    return ':sid';
  });
  return { pattern: parts.join('/'), sids, suffix };
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

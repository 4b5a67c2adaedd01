/** The address of Twilio, or of what speaks for it: scheme, host, port and an optional prefix. */

/** Where Twilio itself is. */
export const TWILIO_BASE_URL = 'https://api.twilio.com';

const API_VERSION_PATH = '/2010-04-01';

/**
 * The base URL in its one form: a trailing `/` or `/2010-04-01` is cut, the host is lower case. Null when the text is no
 * http(s) address, or has a query, a fragment or credentials in it (they would end up in logs and errors).
 */
export function normalizeBaseUrl(text: string): string | null {
  if (!URL.canParse(text.trim())) return null;
  const url = new URL(text.trim());
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return null;
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') return null;
  let path = url.pathname.replace(/\/+$/, '');
  if (path.endsWith(API_VERSION_PATH)) path = path.slice(0, -API_VERSION_PATH.length).replace(/\/+$/, '');
  return url.origin + path;
}

/** An address as it may be shown: credentials in it are not. */
export function withoutCredentials(text: string): string {
  return text.replaceAll(/\/\/[^/?#\s]*@/g, '//…@');
}

/** True for what only this machine answers to: `localhost`, `127.…`, `[::1]` as URLs write it, and the bare `::1`. */
export function isLoopbackHost(host: string): boolean {
  return /^(localhost|127(\.\d{1,3}){3}|\[::1\]|::1)$/.test(host);
}

/** Twilio's error bodies: `code`, `message`, `more_info`, `status`, in this order and nothing else. */

import type { Json } from './json.ts';

/** An answer in place of a resource. `code` null: Twilio gives none for this fault. */
export interface WireError {
  status: number;
  code: number | null;
  message: string;
}

export function errorBody(error: WireError): { [name: string]: Json } {
  if (error.code === null) return { message: error.message, status: error.status };
  const moreInfo = `https://www.twilio.com/docs/errors/${error.code}`;
  return { code: error.code, message: error.message, more_info: moreInfo, status: error.status };
}

/** A resource, account or path that does not exist. `path` without the query. */
export function notFound(path: string): WireError {
  return { status: 404, code: 20404, message: `The requested resource ${path} was not found` };
}

/** Wrong or missing credentials, a deleted key, a suspended account: they all look the same. */
export function unauthorized(): WireError {
  return { status: 401, code: 20003, message: 'Authenticate' };
}

export function methodNotAllowed(): WireError {
  return { status: 405, code: 20004, message: 'Method not allowed' };
}

/** Acting out the faults that strike an answer. */

import type { ServerResponse } from 'node:http';
import type { Fault } from './faults.ts';
import { errorBody } from '../wire/error.ts';
import { writeJson } from '../wire/json.ts';

/** An answer as bytes, ready to be sent or spoiled. */
export interface Written {
  status: number;
  headers: Record<string, string>;
  body: string;
}

const HTML = '<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>\n';

/** Faults that strike whether or not the request was taken: true when this one strikes before it is. */
export function strikesBefore(fault: Fault): boolean {
  if (fault.fault === 'reset' || fault.fault === 'rate_limit') return true;
  return EITHER.has(fault.fault) && fault.accept !== true;
}

const EITHER: ReadonlySet<string> = new Set(['server_error', 'proxy_error', 'half_open']);

/** Faults that leave the client without the SID of what it created. */
export function hidesAnswer(fault: Fault): boolean {
  return fault.fault !== 'slow';
}

/** Answers wrongly or not at all. False: the fault only delayed, the true answer is still to be sent. */
export function actOut(fault: Fault, response: ServerResponse, answer: Written): boolean {
  const { headers } = answer;
  const retryAfter = fault.retryAfter === undefined ? {} : { 'Retry-After': String(fault.retryAfter) };
  switch (fault.fault) {
    case 'reset':
      response.socket?.resetAndDestroy();
      return true;
    case 'drop_answer':
      response.socket?.destroy();
      return true;
    case 'half_open':
      return true;
    case 'rate_limit':
      write(response, { ...error(429, 20429, 'Too Many Requests'), headers: { ...headers, ...retryAfter } });
      return true;
    case 'server_error': {
      const status = fault.status ?? 500;
      const twilio =
        status === 503 ? error(503, 20503, 'Service unavailable') : error(status, 20500, 'Internal Server Error');
      write(response, { ...twilio, headers: { ...headers, ...retryAfter } });
      return true;
    }
    case 'proxy_error':
      write(response, { status: 502, headers: { 'Content-Type': 'text/html' }, body: HTML });
      return true;
    case 'no_sid':
      write(response, { ...answer, body: '{}' });
      return true;
    case 'truncate': {
      const bytes = Buffer.from(answer.body);
      response.writeHead(answer.status, { ...headers, 'Content-Length': bytes.length });
      response.write(bytes.subarray(0, Math.floor(bytes.length / 2)), () => response.socket?.destroy());
      return true;
    }
    default:
      return false;
  }
}

/** Sends an answer whole. */
export function write(response: ServerResponse, { status, headers, body }: Written): void {
  response.writeHead(status, { ...headers, 'Content-Length': Buffer.byteLength(body) });
  response.end(body);
}

function error(status: number, code: number, message: string): { status: number; body: string } {
  return { status, body: writeJson(errorBody({ status, code, message })) };
}

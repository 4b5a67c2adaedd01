/** Acting out the faults that strike an answer. */

import type { ServerResponse } from 'node:http';
import type { Fault, FaultName } from './faults.ts';
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
  const act = ACTS[fault.fault];
  act?.(response, answer, fault);
  return act !== undefined;
}

/** Sends an answer whole. Text that is ASCII alone goes out as Latin-1, which Node writes at half the cost. */
export function write(response: ServerResponse, { status, headers, body }: Written): void {
  const bytes = Buffer.byteLength(body);
  response.writeHead(status, { ...headers, 'Content-Length': bytes });
  response.end(body, bytes === body.length ? 'latin1' : 'utf8');
}

function error(status: number, code: number, message: string): { status: number; body: string } {
  return { status, body: writeJson(errorBody({ status, code, message })) };
}

type Act = (response: ServerResponse, answer: Written, fault: Fault) => void;

const ACTS: Readonly<Partial<Record<FaultName, Act>>> = {
  reset: (response) => void response.socket?.resetAndDestroy(),
  drop_answer: (response) => void response.socket?.destroy(),
  half_open: () => undefined,
  rate_limit: (response, { headers }, fault) =>
    write(response, { ...error(429, 20429, 'Too Many Requests'), headers: { ...headers, ...retryAfter(fault) } }),
  server_error(response, { headers }, fault) {
    const status = fault.status ?? 500;
    const body =
      status === 503 ? error(503, 20503, 'Service unavailable') : error(status, 20500, 'Internal Server Error');
    write(response, { ...body, headers: { ...headers, ...retryAfter(fault) } });
  },
  proxy_error(response, { headers }, { status = 502, empty }) {
    const type: Record<string, string> = empty === true ? {} : { 'Content-Type': 'text/html' };
    write(response, { status, headers: { ...type, Date: headers.Date ?? '' }, body: empty === true ? '' : HTML });
  },
  no_sid: (response, answer) => write(response, { ...answer, body: '{}' }),
  truncate(response, { status, headers, body }) {
    const bytes = Buffer.from(body);
    response.writeHead(status, { ...headers, 'Content-Length': bytes.length });
    response.write(bytes.subarray(0, Math.floor(bytes.length / 2)), () => response.socket?.destroy());
  },
};

function retryAfter(fault: Fault): Record<string, string> {
  return fault.retryAfter === undefined ? {} : { 'Retry-After': String(fault.retryAfter) };
}

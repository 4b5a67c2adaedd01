/** One webhook request as Twilio makes it: signed, with its time-outs, retries and redirects (Twilio docs: webhooks, connection overrides). */

import type { IncomingMessage } from 'node:http';
import type { FormFields } from '../core/parameter.ts';
import type { Clock, Random } from '../core/ports.ts';
import { Agent as HttpAgent, request as httpRequest } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { encodeForm } from '../wire/form.ts';
import { signatureOf } from './sign.ts';

export interface CallbackRequest {
  url: string;
  method: string;
  fields: FormFields;
  /** The auth token that signs. */
  token: string;
  voice: boolean;
}

export interface CallbackResult {
  /** Null when no answer came. */
  status: number | null;
  contentType: string | null;
  /** The first 64 kB. */
  body: string;
  attempts: number;
  /** Twilio's code, or null: 11200 bad status or broken answer, 11205 no connection or time-out, 11216 redirect, 11100 URL. */
  errorCode: number | null;
}

export interface CallbackSender {
  /** Sends and waits for the answer. Never throws. */
  request(callback: CallbackRequest, signal: AbortSignal): Promise<CallbackResult>;
  /** Closes kept connections. */
  close(): void;
}

/** Fragment settings: connect, read and total time in milliseconds, count of retries. */
const OVERRIDES = {
  ct: { default: 5000, min: 100, max: 10_000 },
  rt: { default: 15_000, min: 100, max: 15_000 },
  tt: { default: 15_000, min: 100, max: 15_000 },
  rc: { default: 1, min: 0, max: 5 },
} as const;

const MAX_ANSWER_BYTES = 65_536;
const MAX_REDIRECTS = 5;

/** Why an attempt brought no usable answer. */
type Failure = 'ct' | 'rt' | 'broken' | 'url' | 'redirect';
type Attempt = { answer: Omit<CallbackResult, 'attempts' | 'errorCode'> } | { failure: Failure };

const FAILURE_CODES: Record<Failure, number> = { ct: 11205, rt: 11205, broken: 11200, url: 11100, redirect: 11216 };

export function createCallbackSender({ base, random }: { base: Clock; random: Random }): CallbackSender {
  const agents = { http: new HttpAgent(AGENT), https: new HttpsAgent(AGENT) };

  async function request(callback: CallbackRequest, signal: AbortSignal): Promise<CallbackResult> {
    const settings = overridesOf(callback.url);
    const deadline = base.now() + settings.tt;
    const token = random.hex(32);
    let attempts = 0;
    let attempt: Attempt = { failure: 'ct' };
    while (attempts <= settings.rc) {
      const left = deadline - base.now();
      if (attempts > 0 && left <= 0) break;
      attempts += 1;
      attempt = await follow(callback, settings, attempts > 1 ? token : null, left, signal);
      if (signal.aborted || !isRetried(attempt, settings.rp)) break;
    }
    if ('failure' in attempt) {
      return { status: null, contentType: null, body: '', attempts, errorCode: FAILURE_CODES[attempt.failure] };
    }
    const failed = attempt.answer.status === null || attempt.answer.status >= 400;
    return { ...attempt.answer, attempts, errorCode: failed ? 11200 : null };
  }

  /** One attempt with its redirects: 307 repeats the POST, the others become a GET as in a browser. */
  async function follow(
    callback: CallbackRequest,
    settings: Overrides,
    token: string | null,
    left: number,
    signal: AbortSignal,
  ): Promise<Attempt> {
    let current = callback;
    for (let hops = 0; hops <= MAX_REDIRECTS; hops += 1) {
      const attempt = await once(current, settings, token, left, signal);
      if (!('redirect' in attempt)) return attempt;
      if (!URL.canParse(attempt.redirect, current.url)) return { failure: 'redirect' };
      const url = new URL(attempt.redirect, current.url).href;
      current = attempt.status === 307 ? { ...current, url } : { ...current, url, method: 'GET', fields: [] };
    }
    return { failure: 'redirect' };
  }

  function once(
    callback: CallbackRequest,
    settings: Overrides,
    token: string | null,
    left: number,
    signal: AbortSignal,
  ): Promise<Attempt | { redirect: string; status: number }> {
    return new Promise((resolve) => {
      const outgoing = outgoingOf(callback, token);
      if (outgoing === null) return resolve({ failure: 'url' });
      const { url, body, headers } = outgoing;
      const secure = url.protocol === 'https:';
      const timers = new AbortController();
      /** What an error means now: no connection yet, or a connection that broke. */
      let failure: Failure = 'ct';
      let answering = false;
      const sent = (secure ? httpsRequest : httpRequest)(
        url,
        { method: callback.method, headers, agent: secure ? agents.https : agents.http, signal },
        (response) => {
          answering = true;
          readAnswer(response).then(settle, () => settle({ failure }));
        },
      );
      function settle(outcome: Attempt | { redirect: string; status: number }): void {
        timers.abort();
        resolve(outcome);
      }
      function expire(after: number, why: Failure): void {
        base.sleep(Math.max(0, after), timers.signal).then(
          () => {
            if (why === 'ct' && failure !== 'ct') return;
            settle({ failure: why });
            sent.destroy();
          },
          () => undefined,
        );
      }
      sent.on('socket', (socket) => {
        const connected = (): void => {
          failure = 'broken';
        };
        if (!socket.connecting) connected();
        else socket.once(secure ? 'secureConnect' : 'connect', connected);
        // Only now: before, it waited for one of our own connections to be free, which says nothing about the receiver.
        expire(Math.min(settings.ct, left), 'ct');
        expire(Math.min(settings.rt, left), 'rt');
      });
      // A kept connection that the other side had already closed counts as no connection: nobody read the request.
      sent.on('error', () => settle({ failure: sent.reusedSocket && !answering ? 'ct' : failure }));
      sent.end(body);
    });
  }

  return {
    request,
    close() {
      agents.http.destroy();
      agents.https.destroy();
    },
  };
}

const AGENT = { keepAlive: true, maxSockets: 64 } as const;

interface Overrides {
  ct: number;
  rt: number;
  tt: number;
  rc: number;
  rp: string[];
}

function overridesOf(url: string): Overrides {
  const fragment = new URLSearchParams(url.split('#')[1] ?? '');
  const settings: Overrides = { ct: 0, rt: 0, tt: 0, rc: 0, rp: (fragment.get('rp') ?? 'ct').split(',') };
  for (const name of ['ct', 'rt', 'tt', 'rc'] as const) {
    const { default: usual, min, max } = OVERRIDES[name];
    const given = Number(fragment.get(name) ?? Number.NaN);
    settings[name] = Number.isInteger(given) && given >= min && given <= max ? given : usual;
  }
  return settings;
}

function isRetried(attempt: Attempt, policy: readonly string[]): boolean {
  const wants = (word: string): boolean => policy.includes(word) || policy.includes('all');
  if ('failure' in attempt) return (attempt.failure === 'ct' || attempt.failure === 'rt') && wants(attempt.failure);
  const status = attempt.answer.status ?? 0;
  return (status >= 500 && wants('5xx')) || (status >= 400 && status < 500 && wants('4xx'));
}

interface Outgoing {
  url: URL;
  body: string | undefined;
  headers: Record<string, string>;
}

/** GET carries the fields in the query and signs the whole URL; POST carries and signs them as a form. */
function outgoingOf(callback: CallbackRequest, token: string | null): Outgoing | null {
  const bare = callback.url.split('#', 1)[0] as string;
  const get = callback.method === 'GET';
  const query = get && callback.fields.length > 0 ? encodeForm(callback.fields) : '';
  const written = query === '' ? bare : `${bare}${bare.includes('?') ? '&' : '?'}${query}`;
  if (!URL.canParse(written)) return null;
  const url = new URL(written);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return null;
  const fields = get ? [] : callback.fields;
  const body = get ? undefined : encodeForm(fields);
  const headers: Record<string, string> = {
    Accept: '*/*',
    'User-Agent': 'TwilioProxy/1.1',
    'X-Home-Region': 'us1',
    'X-Twilio-Signature': signatureOf({ token: callback.token, url: written, fields, voice: callback.voice }),
  };
  if (body !== undefined) {
    headers['Content-Type'] = 'application/x-www-form-urlencoded; charset=UTF-8';
    headers['Content-Length'] = String(Buffer.byteLength(body));
  }
  if (token !== null) headers['I-Twilio-Idempotency-Token'] = token;
  return { url, body, headers };
}

async function readAnswer(response: IncomingMessage): Promise<Attempt | { redirect: string; status: number }> {
  const status = response.statusCode ?? 0;
  const { location } = response.headers;
  if ([301, 302, 303, 307].includes(status) && location !== undefined) {
    response.resume();
    return { redirect: location, status };
  }
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    if (size < MAX_ANSWER_BYTES) chunks.push(chunk);
    size += chunk.length;
    if (size > 4 * MAX_ANSWER_BYTES) break;
  }
  const body = Buffer.concat(chunks).subarray(0, MAX_ANSWER_BYTES).toString('utf8');
  return { answer: { status, contentType: response.headers['content-type'] ?? null, body } };
}

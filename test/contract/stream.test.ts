/** The live stream: what it tells, where it goes on, how it ends. */

import type { EntryRecord } from '../../src/core/entry.ts';
import http from 'node:http';
import { text } from 'node:stream/consumers';
import { afterEach, expect, test } from 'vitest';
import { type ApiServer, type ApiServerOptions, startApiServer } from '../support/api-server.ts';
import { createManualClock } from '../support/manual-clock.ts';

let api: ApiServer;
afterEach(() => api.close());

async function start(options: ApiServerOptions = {}): Promise<void> {
  api = await startApiServer(options);
}

interface Frame {
  id?: string;
  event?: string;
  data?: Record<string, unknown>;
}

/** Reads frames one at a time; `next` rejects when the stream ended. */
class Reader {
  readonly #frames: AsyncGenerator<string>;
  readonly #abort = new AbortController();

  constructor(response: Response, abort: AbortController) {
    this.#frames = split(response);
    this.#abort = abort;
  }

  async text(): Promise<string | null> {
    const { value, done } = await this.#frames.next();
    return done === true ? null : value;
  }

  async next(): Promise<Frame | null> {
    for (let frame = await this.text(); frame !== null; frame = await this.text()) {
      if (frame.startsWith(':')) continue;
      const fields = Object.fromEntries(frame.split('\n').map((line) => line.split(/: (.*)/s)));
      return { ...fields, data: JSON.parse(fields.data) };
    }
    return null;
  }

  leave(): void {
    this.#abort.abort();
  }
}

async function* split(response: Response): AsyncGenerator<string> {
  let text = '';
  for await (const part of (response.body as ReadableStream<Uint8Array>).pipeThrough(new TextDecoderStream())) {
    text += part;
    const frames = text.split('\n\n');
    text = frames.pop() ?? '';
    yield* frames;
  }
}

async function follow(query = '', headers: Record<string, string> = {}): Promise<Reader> {
  const abort = new AbortController();
  const response = await api.fetch(`/api/v1/stream${query}`, { headers, signal: abort.signal });
  expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
  const reader = new Reader(response, abort);
  expect(await reader.text()).toBe(': tollboard');
  expect(await reader.text()).toMatch(/^: from here\nid: \d+$/);
  return reader;
}

async function send(to: string, body = 'hello'): Promise<string> {
  const answer = await api.post('/api/v1/messages', { to, body });
  const { messages } = (await answer.json()) as { messages: Array<{ id: string }> };
  return messages[0]?.id ?? '';
}

/** Twilio takes it and tells these statuses, one event each. */
async function tell(id: string, ...statuses: string[]): Promise<void> {
  const key = { id };
  const sid = `SM${id.slice(2)}`;
  const fact = { sid, errorCode: null, errorMessage: null };
  const record = (await api.store.entry(key)) as EntryRecord;
  if (record.state === 'queued') {
    await api.store.apply([{ key, fact: { type: 'claimed', callbackMode: 'own' } }], Date.now());
    await api.store.apply([{ key, fact: { type: 'accepted', status: 'queued', ...fact } }], Date.now());
  }
  for (const status of statuses) {
    const fields: Array<[string, string]> = [
      ['MessageSid', sid],
      ['MessageStatus', status],
    ];
    await api.store.apply([{ key, fact: { type: 'status', source: 'callback', fields, status, ...fact } }], Date.now());
  }
}

test('tells every change of an entry, without the text of its message', async () => {
  await start();
  const reader = await follow();
  const id = await send('+15551230001', 'a secret');
  expect(await reader.next()).toMatchObject({ event: 'entry', data: { id, state: 'queued', body: null } });
  await tell(id);
  expect(await reader.next()).toMatchObject({ event: 'entry', data: { id, state: 'sending' } });
  expect(await reader.next()).toMatchObject({ event: 'entry', data: { id, state: 'sent' } });
  reader.leave();
});

test('tells the text too when it is asked for', async () => {
  await start();
  const reader = await follow('?bodies=true');
  await send('+15551230001', 'a secret');
  expect(await reader.next()).toMatchObject({ event: 'entry', data: { body: 'a secret' } });
  reader.leave();
});

function statusOf({ data }: Frame): string {
  return (data?.data as Record<string, string> | undefined)?.MessageStatus ?? '';
}

/** Of the events alone, the statuses told. */
async function statuses(reader: Reader, count: number): Promise<Array<[id: string, status: string]>> {
  const told: Array<[string, string]> = [];
  while (told.length < count) {
    const frame = await reader.next();
    if (frame === null) throw new Error('the stream ended');
    if (frame.event !== 'twilio_message_status') continue;
    told.push([frame.id ?? '', statusOf(frame)]);
  }
  return told;
}

test('goes on after the last event that the reader had, without a gap or a repeat', async () => {
  await start();
  const id = await send('+15551230001');
  const first = await follow();
  await tell(id, 'sent', 'delivered');
  const [one] = await statuses(first, 1);
  first.leave();
  const second = await follow('', { 'last-event-id': one?.[0] ?? '' });
  await tell(id, 'read');
  expect((await statuses(second, 2)).map(([, status]) => status)).toEqual(['delivered', 'read']);
  second.leave();
});

test('replays many pages while events go on, each once and in order', async () => {
  await start();
  const ids = await Promise.all(Array.from({ length: 300 }, (_, i) => send(`+1555200${String(i).padStart(4, '0')}`)));
  for (const id of ids) await tell(id, 'delivered');
  const reader = await follow('', { 'last-event-id': '0' });
  const more = (async () => {
    for (const id of ids) await tell(id, 'read');
  })();
  const told = await statuses(reader, 600);
  await more;
  const cursors = told.map(([cursor]) => Number(cursor));
  expect(cursors).toEqual([...new Set(cursors)].sort((a, b) => a - b));
  expect(told.filter(([, status]) => status === 'read')).toHaveLength(300);
  reader.leave();
});

test('what happens while the last page is read comes next, once', async () => {
  await start();
  const id = await send('+15551230001');
  await tell(id, 'sent');
  const { events } = api.gateway;
  let reads = 0;
  api.gateway.events = async (query) => {
    const page = await events(query);
    reads += 1;
    if (reads === 1) await tell(id, 'delivered');
    return page;
  };
  const reader = await follow('', { 'last-event-id': '0' });
  expect((await statuses(reader, 2)).map(([, status]) => status)).toEqual(['sent', 'delivered']);
  await tell(id, 'read');
  expect((await statuses(reader, 1)).map(([, status]) => status)).toEqual(['read']);
  reader.leave();
});

test('what is told late but was read already is not told again', async () => {
  await start();
  const id = await send('+15551230001');
  const late: Array<() => void> = [];
  let held = true;
  const subscribe = api.gateway.onCommit;
  api.gateway.onCommit = (listener) =>
    subscribe((commit) => {
      if (held) late.push(() => listener(commit));
      else listener(commit);
    });
  const { events } = api.gateway;
  api.gateway.events = async (query) => {
    if (held && late.length === 0) await tell(id, 'sent');
    return events(query);
  };
  const reader = await follow('', { 'last-event-id': '0' });
  expect((await statuses(reader, 1)).map(([, status]) => status)).toEqual(['sent']);
  held = false;
  for (const arrive of late) arrive();
  await tell(id, 'delivered');
  expect((await statuses(reader, 1)).map(([, status]) => status)).toEqual(['delivered']);
  reader.leave();
});

test('a comment every heartbeat keeps the connection alive', async () => {
  const clock = createManualClock();
  await start({ clock, limits: { heartbeatMs: 15_000 } });
  const reader = await follow();
  for (let beat = 0; beat < 3; beat++) {
    await clock.untilSleeping(1);
    clock.advance(15_000);
    expect(await reader.text()).toBe(': still here');
  }
  reader.leave();
});

/** Counts the readers that the gateway tells. */
function countReaders(): { count: number; left: Promise<void> } {
  const { promise, resolve } = Promise.withResolvers<void>();
  const readers = { count: 0, left: promise };
  const subscribe = api.gateway.onCommit;
  api.gateway.onCommit = (listener) => {
    readers.count += 1;
    const stop = subscribe(listener);
    return () => {
      stop();
      readers.count -= 1;
      resolve();
    };
  };
  return readers;
}

/** A reader that takes nothing, after its backlog was filled beyond its bound. */
async function floodedReader(): Promise<{ answer: http.IncomingMessage; sent: number }> {
  const readers = countReaders();
  const headers = { authorization: `Bearer ${api.token}` };
  const asked = http.get(`${api.url}/api/v1/stream?bodies=true`, { headers, agent: false });
  const answer = await new Promise<http.IncomingMessage>((resolve) => asked.once('response', resolve));
  answer.pause();
  // Fills the buffers of the connection, whatever their size, and then the backlog.
  const body = 'x'.repeat(1600);
  const to = Array.from({ length: 20 }, (_, index) => `+1555${String(index).padStart(7, '0')}`);
  let sent = 0;
  for (; readers.count > 0; sent += to.length) {
    if (sent > 50_000) throw new Error('the backlog has no bound');
    await api.post('/api/v1/messages', { to, body });
  }
  return { answer, sent };
}

test('a reader that does not read is ended after a bounded backlog, and told why', async () => {
  await start({ limits: { streamBytes: 64 * 1024 } });
  const { answer, sent } = await floodedReader();
  const frames: string[] = [];
  for await (const part of answer.setEncoding('utf8')) frames.push(part);
  const heard = frames.join('').trimEnd().split('\n\n');
  expect(heard.at(-1)).toMatch(/^event: end\ndata: .*TOLLBOARD_STREAM_TOO_SLOW/);
  expect(heard.length).toBeLessThan(sent);
});

test('a reader that does not take even the end loses its connection after the grace', async () => {
  const clock = createManualClock();
  await start({ clock, limits: { streamBytes: 64 * 1024, graceMs: 5000 } });
  const { answer } = await floodedReader();
  await clock.untilSleeping(1);
  clock.advance(5000);
  await expect(text(answer)).rejects.toThrow('aborted');
});

test('there is a limit to the streams, and a closed one makes room', async () => {
  await start({ limits: { streams: 2 } });
  const readers = countReaders();
  const first = await follow();
  const second = await follow();
  expect(readers.count).toBe(2);
  const refused = await api.fetch('/api/v1/stream');
  expect(refused.status).toBe(503);
  expect(refused.headers.get('retry-after')).toBe('1');
  expect(await refused.json()).toMatchObject({ error: { code: 'TOLLBOARD_STREAM_LIMIT' } });
  first.leave();
  await readers.left;
  const third = await follow();
  second.leave();
  third.leave();
});

test('a stop ends the streams with a last event', async () => {
  await start();
  const reader = await follow();
  await api.server.close();
  expect(await reader.next()).toMatchObject({ event: 'end', data: { code: 'TOLLBOARD_STREAM_CLOSED' } });
  expect(await reader.next()).toBeNull();
});

test.each(['later', '-1', 'EV1'])('the cursor %s is refused', async (cursor) => {
  await start();
  const answer = await api.fetch('/api/v1/stream', { headers: { 'last-event-id': cursor } });
  expect(await answer.json()).toMatchObject({ error: { code: 'TOLLBOARD_HTTP_HEADER_INVALID' } });
});

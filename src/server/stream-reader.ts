/** One reader of the live stream: replay, then commits as they come, never more than a bounded backlog. */

import type { ServerResponse } from 'node:http';
import type { EntryRecord } from '../core/entry.ts';
import type { EventRecord } from '../core/event.ts';
import type { Commit } from '../core/ports.ts';
import type { ServerContext } from './context.ts';
import { once } from 'node:events';
import { entryView } from '../core/entry.ts';
import { TollboardError } from '../core/errors.ts';
import { eventView } from '../core/event.ts';

export interface ReaderOptions {
  /** Entries with the text of their messages. */
  bodies: boolean;
  /** Stored events after this one come first; null: events from now on. */
  afterSeq: number | null;
}

/** Events read from the store at a time. */
const REPLAY_PAGE = 200;

/** Runs until the reader leaves, is too slow, or the server stops; then the response is ended. */
export async function followCommits(
  context: ServerContext,
  response: ServerResponse,
  options: ReaderOptions,
): Promise<void> {
  const { gateway, limits, closing, logger } = context;
  const left = new AbortController();
  const ended = AbortSignal.any([left.signal, closing]);
  response.once('close', () => left.abort());
  const backlog = new Backlog(limits.streamBytes);
  const afterSeq = options.afterSeq ?? (await gateway.newestEvent());
  const stop = gateway.onCommit((commit) => {
    if (!backlog.push(commit, options.bodies)) left.abort(tooSlow());
  });
  const beating = heartbeats(context, response, ended, () => left.abort(tooSlow()));
  try {
    // The id says where the stream begins, so that who loses it before the first event can go on from there.
    response.write(`: tollboard\n\n: from here\nid: ${afterSeq}\n\n`);
    await replay(context, response, backlog, afterSeq, ended);
    for (;;) {
      const frames = await backlog.take(ended);
      await write(response, frames, ended);
    }
  } catch (error) {
    if (!ended.aborted) logger.warn({ cause: String(error) }, 'a live stream failed');
  } finally {
    stop();
    left.abort();
    await beating;
    await finish(context, response, farewell(ended.reason, closing.aborted));
  }
}

/** What waits for one reader. Events already replayed are skipped. */
class Backlog {
  /** The newest event handed out or replayed. */
  sentSeq = 0;
  /** The newest event that happened since the reader came. */
  newestSeq = 0;
  /** While replaying, live events stay in the store: only entries wait here. */
  replaying = false;
  readonly #limit: number;
  #frames: string[] = [];
  #bytes = 0;
  #wake: (() => void) | null = null;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** False when more than the limit waits: nothing of this commit was kept then. */
  push({ entries, events }: Commit, bodies: boolean): boolean {
    const fresh = events.filter((event) => event.seq > this.sentSeq);
    for (const { seq } of fresh) this.newestSeq = Math.max(this.newestSeq, seq);
    const frames = entries.map((entry) => entryFrame(entry, bodies));
    if (!this.replaying) frames.push(...fresh.map(eventFrame));
    for (const frame of frames) this.#bytes += Buffer.byteLength(frame);
    if (this.#bytes > this.#limit) return false;
    this.#frames.push(...frames);
    this.#wake?.();
    return true;
  }

  /** Everything that waits, as soon as something does; rejects when the signal ends it. */
  async take(signal: AbortSignal): Promise<string> {
    if (this.#frames.length === 0) {
      await new Promise<void>((resolve, reject) => {
        const abort = () => reject(signal.reason);
        this.#wake = () => {
          signal.removeEventListener('abort', abort);
          resolve();
        };
        if (signal.aborted) abort();
        else signal.addEventListener('abort', abort, { once: true });
      });
      this.#wake = null;
    }
    signal.throwIfAborted();
    const frames = this.#frames.join('');
    this.#frames = [];
    this.#bytes = 0;
    return frames;
  }
}

/** Stored events first; a page that ends at the newest one hands over to the live ones without a gap. */
async function replay(
  { gateway }: ServerContext,
  response: ServerResponse,
  backlog: Backlog,
  afterSeq: number,
  signal: AbortSignal,
): Promise<void> {
  backlog.replaying = true;
  backlog.sentSeq = afterSeq;
  for (;;) {
    const page = await gateway.events({ afterSeq: backlog.sentSeq, limit: REPLAY_PAGE });
    backlog.sentSeq = page.at(-1)?.seq ?? backlog.sentSeq;
    // Decided before the next wait: nothing can be committed in between.
    const caughtUp = page.length < REPLAY_PAGE && backlog.newestSeq <= backlog.sentSeq;
    if (caughtUp) backlog.replaying = false;
    if (page.length > 0) await write(response, page.map(eventFrame).join(''), signal);
    signal.throwIfAborted();
    if (caughtUp) return;
  }
}

async function write(response: ServerResponse, text: string, signal: AbortSignal): Promise<void> {
  if (text !== '' && !response.write(text)) await once(response, 'drain', { signal });
}

/** A reader that took nothing between two heartbeats is given up: nothing would ever end it otherwise. */
async function heartbeats(
  { clock, limits }: ServerContext,
  response: ServerResponse,
  signal: AbortSignal,
  giveUp: () => void,
): Promise<void> {
  let stuck = false;
  while (!signal.aborted) {
    await clock.sleep(limits.heartbeatMs, signal).catch(() => undefined);
    if (signal.aborted) return;
    if (!response.writableNeedDrain) response.write(': still here\n\n');
    else if (stuck) giveUp();
    stuck = response.writableNeedDrain;
  }
}

function tooSlow(): TollboardError {
  return new TollboardError('TOLLBOARD_STREAM_TOO_SLOW');
}

/** The last event, or nothing when the reader left by itself. */
function farewell(reason: unknown, closing: boolean): string {
  const error =
    reason instanceof TollboardError ? reason : closing ? new TollboardError('TOLLBOARD_STREAM_CLOSED') : null;
  if (error === null) return '';
  const { code, message, remedy } = error;
  return `event: end\ndata: ${JSON.stringify({ code, message, remedy })}\n\n`;
}

/** Ends the response; a reader that does not take even that loses its connection after the grace. */
async function finish({ clock, limits }: ServerContext, response: ServerResponse, last: string): Promise<void> {
  if (response.closed) return;
  const over = new AbortController();
  response.once('close', () => over.abort());
  response.end(last);
  await clock.sleep(limits.graceMs, over.signal).catch(() => undefined);
  response.destroy();
}

function entryFrame(record: EntryRecord, bodies: boolean): string {
  const entry = entryView(record);
  return `event: entry\ndata: ${JSON.stringify(bodies ? entry : { ...entry, body: null })}\n\n`;
}

function eventFrame(record: EventRecord): string {
  return `id: ${record.seq}\nevent: ${record.type}\ndata: ${JSON.stringify(eventView(record))}\n\n`;
}

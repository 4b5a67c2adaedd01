/**
 * Templates, bounded in time and memory: rendered one after the other in a thread that is replaced when one goes wrong. While
 * one takes long, the next ones go to another thread.
 */

import type { Clock } from '../../core/ports.ts';
import type { Value } from './python.ts';
import type { Rendering } from './sandbox.ts';
import type { Rendered } from './worker.ts';
import { Worker } from 'node:worker_threads';
import { parseNative } from './python.ts';
import { isPlain } from './rewrite.ts';

export type Variables = Readonly<Record<string, unknown>>;

/** All reject with {@link TemplateError}. */
export interface TemplateEngine {
  /** The text that a template makes, blanks around it cut. What has nothing to run is given back as it is. */
  text(template: string, variables: Variables): Promise<string>;
  /** What that text means (see {@link parseNative}). */
  value(template: string, variables: Variables): Promise<Value>;
  /** What makes the template unreadable, or null; nothing is run. */
  fault(template: string): Promise<string | null>;
  /** Ends the thread. May be called twice. */
  close(): Promise<void>;
}

/** A template that did not render; the message is a sentence without its end, for who knows the place. */
export class TemplateError extends Error {
  override readonly name = 'TemplateError';
}

export interface EngineOptions {
  clock: Clock;
  /** Milliseconds for one template. Default 2000, the start of the thread not counted. */
  timeoutMs?: number;
}

/** Threads at most, so that this many slow templates at a time keep none waiting. */
const MAX_THREADS = 4;
/** After this a template counts as slow. */
const SLOW_MS = 100;

/** Made once: an abort without a reason makes an exception with a stack for each template. */
const OVER = new Error('the template is rendered, or its time is over');

const GONE: Rendered = { fault: 'the template ended the thread that rendered it', spent: true };

async function startThread(): Promise<Worker> {
  const worker = new Worker(program(), {
    name: 'tollboard-templates',
    resourceLimits: { maxOldGenerationSizeMb: 128 },
  });
  // Without a listener of its own an error in the thread would end the process.
  worker.on('error', () => undefined);
  await next<string>(worker);
  return worker;
}

/** The thread's next message; rejects when it ends before. */
function next<T>(worker: Worker): Promise<T> {
  return new Promise((resolve, reject) => {
    const end = () => {
      worker.off('message', told);
      worker.off('exit', gone);
    };
    const told = (message: T) => {
      end();
      resolve(message);
    };
    const gone = () => {
      end();
      reject(new Error('the thread has ended'));
    };
    worker.on('message', told);
    worker.on('exit', gone);
  });
}

/** Where the thread's program is: beside this file in the sources, under `automation/template/` in the bundle. */
function program(): URL {
  const here = import.meta.url;
  return new URL(here.endsWith('.ts') ? './worker.ts' : './automation/template/worker.js', here);
}

interface Thread {
  worker: Promise<Worker>;
  state: 'idle' | 'busy' | 'slow';
}

interface Job {
  rendering: Rendering;
  done: (answer: Rendered) => void;
}

export function createTemplateEngine({ clock, timeoutMs = 2000 }: EngineOptions): TemplateEngine {
  const threads = new Set<Thread>();
  const queue: Job[] = [];
  let closed = false;

  /** The next templates, each to a thread that has nothing to do; there is one more only where all others are slow. */
  function pump(): void {
    while (queue.length > 0) {
      const all = [...threads];
      let thread = all.find(({ state }) => state === 'idle');
      if (thread === undefined && all.length < MAX_THREADS && all.every(({ state }) => state === 'slow')) {
        thread = { worker: startThread(), state: 'idle' };
        threads.add(thread);
      }
      const job = thread === undefined ? undefined : queue.shift();
      if (thread === undefined || job === undefined) return;
      thread.state = 'busy';
      void serve(thread, job);
    }
  }

  async function serve(thread: Thread, { rendering, done }: Job): Promise<void> {
    const answer = await ask(thread, rendering);
    thread.state = 'idle';
    const spare = [...threads].some((other) => other !== thread && other.state === 'idle');
    if (spare || ('spent' in answer && answer.spent)) await end(thread);
    done(answer);
    pump();
  }

  async function end(thread: Thread): Promise<void> {
    threads.delete(thread);
    await (await thread.worker.catch(() => undefined))?.terminate();
  }

  /** Asks the thread; whatever happens to the thread is an answer. */
  async function ask(thread: Thread, rendering: Rendering): Promise<Rendered> {
    const worker = await thread.worker.catch(() => null);
    if (worker === null) return { fault: 'the thread that renders could not be started', spent: true };
    const over = new AbortController();
    const tooLong = clock.sleep(timeoutMs, over.signal).then(
      (): Rendered => ({
        fault: `the template takes longer than ${timeoutMs} ms. Let its loops and patterns do less.`,
        spent: true,
      }),
      (): Rendered => GONE,
    );
    clock.sleep(SLOW_MS, over.signal).then(
      () => {
        thread.state = 'slow';
        pump();
      },
      () => undefined,
    );
    try {
      const answer = next<Rendered>(worker).catch(() => GONE);
      worker.postMessage(rendering);
      return await Promise.race([answer, tooLong]);
    } catch (error) {
      return { fault: `the variables cannot be handed to the template: ${String(error)}`, spent: true };
    } finally {
      over.abort(OVER);
    }
  }

  async function render(template: string, variables: Variables, check = false): Promise<string> {
    if (isPlain(template)) return template;
    if (closed) throw new TemplateError('the engine is closed');
    const rendering = { template, variables, now: clock.now(), check };
    const answer = await new Promise<Rendered>((done) => {
      queue.push({ rendering, done });
      pump();
    });
    if ('text' in answer) return answer.text;
    throw new TemplateError(answer.fault);
  }

  return {
    text: (template, variables) => render(template, variables),
    fault: (template) =>
      render(template, {}, true).then(
        () => null,
        (error: Error) => error.message,
      ),
    value: async (template, variables) => {
      if (isPlain(template)) return template;
      return parseNative(await render(template, variables));
    },
    async close() {
      closed = true;
      for (const { done } of queue.splice(0)) done({ fault: 'the engine is closed', spent: false });
      await Promise.all([...threads].map(end));
    },
  };
}

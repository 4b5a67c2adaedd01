/** Templates, bounded in time and memory: rendered one after the other in a thread that is replaced when one goes wrong. */

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

export function createTemplateEngine({ clock, timeoutMs = 2000 }: EngineOptions): TemplateEngine {
  let thread: Promise<Worker> | null = null;
  let last: Promise<unknown> = Promise.resolve();
  let closed = false;

  async function end(): Promise<void> {
    const ending = thread;
    thread = null;
    await (await ending?.catch(() => undefined))?.terminate();
  }

  /** Asks the thread; whatever happens to the thread is an answer. */
  async function ask(rendering: Rendering): Promise<Rendered> {
    thread ??= startThread();
    const worker = await thread.catch(() => null);
    if (worker === null) return { fault: 'the thread that renders could not be started', spent: true };
    const over = new AbortController();
    const tooLong = clock.sleep(timeoutMs, over.signal).then(
      (): Rendered => ({ fault: `the template takes longer than ${timeoutMs} ms`, spent: true }),
      (): Rendered => GONE,
    );
    try {
      const answer = next<Rendered>(worker).catch(() => GONE);
      worker.postMessage(rendering);
      return await Promise.race([answer, tooLong]);
    } finally {
      over.abort();
    }
  }

  async function render(template: string, variables: Variables, check = false): Promise<string> {
    if (isPlain(template)) return template;
    const turn = last.then(async () => {
      if (closed) throw new TemplateError('the engine is closed');
      const answer = await ask({ template, variables, now: clock.now(), check });
      if ('text' in answer) return answer.text;
      if (answer.spent) await end();
      throw new TemplateError(answer.fault);
    });
    last = turn.catch(() => undefined);
    return turn;
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
      await last;
      await end();
    },
  };
}

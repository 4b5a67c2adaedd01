/** The main side of the writer: hands operations to the thread, one message per turn of the event loop. */

import type { TollboardErrorOptions } from '../../core/errors.ts';
import type { OperationName, Operations } from '../operations.ts';
import type { Listeners, Write } from '../writes.ts';
import type { FromWriter, ToWriter, WriteAnswer, WriteRequest, WriterSettings } from './writer-worker.ts';
import { Worker } from 'node:worker_threads';
import { TollboardError } from '../../core/errors.ts';

export interface Writer {
  /** Resolves after the commit; rejects with `TOLLBOARD_STORE_*` when nothing of it was written. */
  write: Write;
  /** Writes what was asked for, then closes. May be called twice. */
  close(): Promise<void>;
}

/** Operations that may wait for the disk at once; beyond, writes are refused as busy rather than piled up. */
const MOST_WAITING = 20_000;

interface Waiting {
  name: OperationName;
  input: WriteRequest['input'];
  resolve(value: Operations[OperationName]['value']): void;
  reject(error: TollboardError): void;
}

/** Where the thread's program is: beside this file in the sources, under `store/sqlite/` in the bundle. */
export function writerProgram(): URL {
  const here = import.meta.url;
  return new URL(here.endsWith('.ts') ? './writer-worker.ts' : bundled(here), here);
}

export async function startWriter(settings: WriterSettings, listeners: Listeners): Promise<Writer> {
  const worker = new Worker(writerProgram(), { workerData: settings, name: 'tollboard-store-writer' });
  const waiting = new Map<number, Waiting>();
  let batch: WriteRequest[] = [];
  let number = 0;
  let closed: Promise<void> | null = null;
  const ended = new Promise<void>((resolve) => worker.once('exit', () => resolve()));

  function flush(): void {
    const message: ToWriter = batch;
    batch = [];
    if (message.length > 0) worker.postMessage(message);
  }

  function settle(answer: WriteAnswer): void {
    const asked = waiting.get(answer.number);
    if (asked === undefined) return;
    waiting.delete(answer.number);
    if ('error' in answer) {
      asked.reject(rebuilt(answer.error));
    } else {
      listeners.tell(asked.name, asked.input, answer.performed);
      asked.resolve(answer.performed.value);
    }
  }

  await new Promise<void>((resolve, reject) => {
    worker.on('message', (message: FromWriter) => {
      if (Array.isArray(message)) for (const answer of message) settle(answer);
      else if ('ready' in message) resolve();
      else reject(rebuilt(message.failed));
    });
    // Not foreseen: the thread is gone, and with it every write under way, whose end nobody knows.
    worker.on('error', (cause) => {
      const error = new TollboardError('TOLLBOARD_INTERNAL', { cause });
      closed ??= ended;
      reject(error);
      for (const asked of waiting.values()) asked.reject(error);
      waiting.clear();
    });
  });

  return {
    write(name, input) {
      if (closed !== null) return Promise.reject(new TollboardError('TOLLBOARD_STORE_CLOSED'));
      if (waiting.size >= MOST_WAITING) return Promise.reject(new TollboardError('TOLLBOARD_STORE_BUSY'));
      number += 1;
      if (batch.length === 0) setImmediate(flush);
      batch.push({ number, at: monotonicMs(), name, input });
      const asked = number;
      return new Promise((resolve, reject) => {
        waiting.set(asked, { name, input, resolve: resolve as Waiting['resolve'], reject });
      });
    },
    close() {
      if (closed === null) {
        closed = ended;
        flush();
        worker.postMessage('close' satisfies ToWriter);
      }
      return closed;
    },
  };
}

function bundled(here: string): string {
  return new URL('.', here).pathname.endsWith('/store/sqlite/')
    ? './writer-worker.js'
    : './store/sqlite/writer-worker.js';
}

function rebuilt({ code, message, details, cause }: Extract<WriteAnswer, { error: unknown }>['error']): TollboardError {
  const options: TollboardErrorOptions = { message, details };
  return new TollboardError(code, cause === null ? options : { ...options, cause: new Error(String(cause)) });
}

function monotonicMs(): number {
  return Number(process.hrtime.bigint() / 1_000_000n);
}

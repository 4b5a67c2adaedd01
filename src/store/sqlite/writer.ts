/** The main side of the writer: hands operations to the thread, all that gathered while the last ones were written. */

import type { TollboardErrorOptions } from '../../core/errors.ts';
import type { OperationName, Operations } from '../operations.ts';
import type { Listeners, Write } from '../writes.ts';
import type { Failure, Mirrored, WriteAnswer, WriteBatch } from './crossing.ts';
import type { HotEntries } from './hot-entries.ts';
import type { FromWriter, ToWriter, WriterSettings } from './writer-worker.ts';
import { Worker } from 'node:worker_threads';
import { TollboardError } from '../../core/errors.ts';
import { packInput, unpackAnswer } from './crossing.ts';

export interface Writer {
  /** Resolves after the commit; rejects with `TOLLBOARD_STORE_*` when nothing of it was written. */
  write: Write;
  /** Writes what was asked for, then closes. May be called twice. */
  close(): Promise<void>;
}

/** Operations that may wait for the disk at once; beyond, writes are refused as busy rather than piled up. */
const MOST_WAITING = 20_000;

interface Asked {
  name: OperationName;
  input: Operations[OperationName]['input'];
  resolve(value: Operations[OperationName]['value']): void;
  reject(error: TollboardError): void;
}

/** Where the thread's program is: beside this file in the sources, under `store/sqlite/` in the bundle. */
export function writerProgram(): URL {
  const here = import.meta.url;
  return new URL(here.endsWith('.ts') ? './writer-worker.ts' : bundled(here), here);
}

/** `mirror` keeps what the thread keeps, as of the last commit that the listeners were told of. */
export async function startWriter(
  settings: WriterSettings,
  listeners: Listeners,
  mirror: HotEntries<Mirrored>,
): Promise<Writer> {
  const worker = new Worker(writerProgram(), { workerData: settings, name: 'tollboard-store-writer' });
  /** With the thread, in the order in which it answers; the first `answered` of them are. */
  let underWay: Asked[] = [];
  let answered = 0;
  /** For the next batch. */
  let gathered: Asked[] = [];
  let gatheredAt = 0;
  let closed: Promise<void> | null = null;
  const ended = new Promise<void>((resolve) => worker.once('exit', () => resolve()));

  /** One batch at a time: waking the thread costs as much as several writes, and a fuller commit costs little more. */
  function flush(): void {
    if (answered === underWay.length) hand();
  }

  function hand(): void {
    if (gathered.length === 0) return;
    // Claims last: what the batch accepts is accepted and claimed in one commit.
    const asked = gathered
      .filter(({ name }) => name !== 'claim')
      .concat(gathered.filter(({ name }) => name === 'claim'));
    underWay = underWay.slice(answered).concat(asked);
    answered = 0;
    gathered = [];
    const requests = asked.map(({ name, input }) => ({ name, input: packInput(name, input) }));
    const batch: WriteBatch = { at: gatheredAt, requests };
    worker.postMessage(JSON.stringify(batch) satisfies ToWriter);
  }

  function settle(answer: WriteAnswer): void {
    const asked = underWay[answered];
    if (asked === undefined) return;
    answered += 1;
    if ('error' in answer) {
      asked.reject(rebuilt(answer.error));
    } else {
      const performed = unpackAnswer(asked.name, asked.input, answer, mirror);
      listeners.tell(performed);
      asked.resolve(performed.value);
    }
  }

  await new Promise<void>((resolve, reject) => {
    worker.on('message', (message: FromWriter) => {
      if (typeof message === 'string') {
        for (const answer of JSON.parse(message) as WriteAnswer[]) settle(answer);
        // Those who were answered get their turn first: what they write next goes along.
        setImmediate(flush);
      } else if ('ready' in message) resolve();
      else reject(rebuilt(message.failed));
    });
    // Not foreseen: the thread is gone, and with it every write under way, whose end nobody knows.
    worker.on('error', (cause) => {
      const error = new TollboardError('TOLLBOARD_INTERNAL', { cause });
      closed ??= ended;
      reject(error);
      for (const asked of [...underWay.slice(answered), ...gathered]) asked.reject(error);
      underWay = [];
      gathered = [];
      answered = 0;
    });
  });

  return {
    write(name, input) {
      if (closed !== null) return Promise.reject(new TollboardError('TOLLBOARD_STORE_CLOSED'));
      const waiting = underWay.length - answered;
      if (waiting + gathered.length >= MOST_WAITING) return Promise.reject(new TollboardError('TOLLBOARD_STORE_BUSY'));
      if (gathered.length === 0) {
        gatheredAt = monotonicMs();
        if (waiting === 0) setImmediate(flush);
      }
      return new Promise((resolve, reject) => {
        gathered.push({ name, input, resolve: resolve as Asked['resolve'], reject });
      });
    },
    close() {
      if (closed === null) {
        closed = ended;
        hand();
        worker.postMessage(null satisfies ToWriter);
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

function rebuilt({ code, message, details, cause }: Failure): TollboardError {
  const options: TollboardErrorOptions = { message, details };
  return new TollboardError(code, cause === null ? options : { ...options, cause: new Error(cause) });
}

function monotonicMs(): number {
  return Number(process.hrtime.bigint() / 1_000_000n);
}

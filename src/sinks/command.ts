/** Events to a program's standard input: no shell, nothing of this process's environment, bounded in time and output. */

import type { ChildProcess } from 'node:child_process';
import type { EventRecord } from '../core/event.ts';
import type { Clock } from '../core/ports.ts';
import type { SinkSettings, SinkTarget } from '../core/sinks.ts';
import type { Outcome } from './outcome.ts';
import { spawn } from 'node:child_process';
import { tmpdir } from 'node:os';
import { errorReport } from '../core/errors.ts';
import { eventView } from '../core/event.ts';
import { TAKEN } from './outcome.ts';

type CommandTarget = Extract<SinkTarget, { via: 'command' }>;

/** A program that writes more than this is ended. */
const MAX_OUTPUT = 64 * 1024;
/** Of what it wrote to standard error, this much of the last line is told. */
const MAX_SAID = 200;
/** How long the last words of a program that ended may take. */
export const GRACE_MS = 500;
/** sysexits.h: try again later. */
const EX_TEMPFAIL = 75;

/**
 * One try: the event as one line of JSON. Exit 0: taken; 75: not now; everything else: refused. All that the program
 * started is ended with it, and it itself when its time is over. Never throws but the signal's reason.
 */
export function sendToCommand(
  sink: SinkSettings,
  { argv, timeoutMs }: CommandTarget,
  event: EventRecord,
  clock: Clock,
  signal: AbortSignal,
): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const [program = '', ...rest] = argv;
    const child = start(program, rest);
    if (child instanceof Error) {
      const details = { sink: sink.name, program, ending: notStarted(child) };
      return resolve({
        taken: false,
        refused: false,
        error: errorReport('TOLLBOARD_SINK_COMMAND', { details }),
        retryAfterMs: null,
      });
    }
    const over = new AbortController();
    const end = (settle: () => void) => {
      if (over.signal.aborted) return;
      over.abort();
      signal.removeEventListener('abort', onAbort);
      endGroup(child);
      // What left the group lives on, but holds nothing of ours open.
      for (const pipe of [child.stdin, child.stdout, child.stderr]) pipe?.destroy();
      settle();
    };
    const fail = (ending: string, refused: boolean) => {
      const details = { sink: sink.name, program, ending: ending + said() };
      const error = errorReport('TOLLBOARD_SINK_COMMAND', { details });
      end(() => resolve({ taken: false, refused, error, retryAfterMs: null }));
    };
    /** Once the program ended by itself: nothing else counts any more. */
    let judge: (() => void) | null = null;
    const onAbort = () => (judge === null ? end(() => reject(signal.reason as Error)) : judge());
    signal.addEventListener('abort', onAbort, { once: true });
    const failUnlessEnded = (ending: string, refused: boolean) => {
      if (judge === null) fail(`${ending} and was ended`, refused);
    };
    const said = collect(child, () => failUnlessEnded(`wrote more than ${MAX_OUTPUT / 1024} kB`, true));
    clock.sleep(timeoutMs, over.signal).then(
      () => failUnlessEnded(`did not end within ${timeoutMs / 1000} s`, false),
      () => undefined,
    );
    child.once('error', (error: NodeJS.ErrnoException) => {
      fail(notStarted(error), false);
    });
    child.once('exit', (code, killedBy) => {
      judge = () => {
        if (code === 0) end(() => resolve(TAKEN));
        else if (code === EX_TEMPFAIL) fail('asked to be tried again later (exit code 75)', false);
        else fail(code === null ? `was ended by ${killedBy}` : `ended with exit code ${code}`, true);
      };
      child.once('close', judge);
      // The program's own end counts: what it left behind may hold its output open for good.
      clock.sleep(GRACE_MS, over.signal).then(judge, () => undefined);
    });
    // A program may end without reading what it was given.
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(`${JSON.stringify(eventView(event))}\n`);
  });
}

/** Some of what keeps a program from starting is thrown here, the rest is told as an event. */
function start(program: string, args: readonly string[]): ChildProcess | NodeJS.ErrnoException {
  try {
    // A group of its own, so that what it starts ends with it.
    return spawn(program, args, { env: {}, cwd: tmpdir(), shell: false, detached: true, windowsHide: true });
  } catch (error) {
    return error as NodeJS.ErrnoException;
  }
}

function notStarted({ code = '' }: NodeJS.ErrnoException): string {
  return `could not be started (${SPAWN_FAULTS[code] ?? (code === '' ? 'failed' : code)})`;
}

const SPAWN_FAULTS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such program',
  EACCES: 'it is not executable by this user',
  ENOEXEC: 'it is no program; a script needs a first line such as #!/bin/sh',
  E2BIG: 'its arguments are too long',
};

/** Keeps the end of standard error; the rest is read and dropped, so that a full pipe does not hold the program up. */
function collect(
  { stdout, stderr }: Pick<ReturnType<typeof spawn>, 'stdout' | 'stderr'>,
  tooMuch: () => void,
): () => string {
  let size = 0;
  let tail = '';
  const count = (part: Buffer) => {
    size += part.length;
    if (size > MAX_OUTPUT) tooMuch();
  };
  stdout?.on('data', count);
  stderr?.on('data', (part: Buffer) => {
    tail = (tail + part.toString('utf8')).slice(-4 * MAX_SAID);
    count(part);
  });
  return () => {
    const line =
      tail
        .trim()
        .split('\n')
        .at(-1)
        ?.replaceAll(/[\p{Cc}\p{Cf}]+/gu, ' ')
        .trim()
        .slice(0, MAX_SAID) ?? '';
    return line === '' ? '' : `, saying: ${line}`;
  };
}

function endGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    if (process.platform === 'win32') child.kill('SIGKILL');
    else process.kill(-child.pid, 'SIGKILL');
  } catch {
    // It has ended, with all that it started.
  }
}

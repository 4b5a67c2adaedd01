/** What a command has of its process: streams, environment, terminal and the wish to stop. */

import type { Readable } from 'node:stream';
import { isatty } from 'node:tty';
import { TollboardError } from '../core/errors.ts';

export interface Stream {
  write(text: string): unknown;
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
}

export interface Io {
  readonly stdin: Readable & { isTTY?: boolean | undefined };
  readonly stdout: Stream;
  readonly stderr: Stream;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** Aborted by the first SIGINT or SIGTERM. A second one ends the process at once, whatever it does. */
  readonly interrupted: AbortSignal;
}

/** Exit code for what may have been done and is not known. */
const UNKNOWN = 4;

const EXIT_AFTER_SIGNAL = { SIGINT: 130, SIGTERM: 143 } as const;

/** The running process as an {@link Io}. Signals are taken over from here on. */
export function processIo(): Io {
  const interruption = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (interruption.signal.aborted) process.exit(EXIT_AFTER_SIGNAL[signal]);
      interruption.abort(new DOMException('Interrupted.', 'AbortError'));
    });
  }
  return {
    // Opened only by who reads it.
    get stdin() {
      return process.stdin;
    },
    stdout: openedLate('stdout', 1),
    stderr: openedLate('stderr', 2),
    env: process.env,
    cwd: process.cwd(),
    interrupted: interruption.signal,
  };
}

/** A stream that is opened by the first word on it: that takes milliseconds, and most commands have nothing for stderr. */
function openedLate(name: 'stdout' | 'stderr', descriptor: number): Stream {
  let opened: NodeJS.WriteStream | null = null;
  const open = () => {
    opened ??= process[name].on('error', name === 'stdout' ? outputFailed : ignore);
    return opened;
  };
  return {
    write: (text) => open().write(text),
    get isTTY() {
      return isatty(descriptor);
    },
    get columns() {
      return open().columns;
    },
  };
}

let told = false;

/**
 * A reader that went away (`| head`) is no fault of the command; what it does goes on to its own exit code. So it does on a
 * full disk, but there a success is one that nobody was told of.
 */
function outputFailed({ code }: NodeJS.ErrnoException): void {
  if (code === 'EPIPE' || told) return;
  told = true;
  const {
    message,
    remedy,
    code: ours,
  } = new TollboardError('TOLLBOARD_CLI_OUTPUT_FAILED', { details: { reason: code } });
  process.stderr.on('error', ignore).write(`Error: ${message}\n${remedy}\n(${ours})\n`);
  process.once('exit', (exit) => {
    if (exit === 0) process.exitCode = UNKNOWN;
  });
}

function ignore(): void {
  // There is nowhere left to tell it.
}

/** What a command has of its process: streams, environment, terminal and the wish to stop. */

import type { Readable } from 'node:stream';
import { isatty } from 'node:tty';

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
    // A reader that went away (`| head`) is no fault of the command; what it does goes on to its own exit code.
    opened ??= process[name].on('error', swallowBrokenPipe);
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

function swallowBrokenPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error;
}

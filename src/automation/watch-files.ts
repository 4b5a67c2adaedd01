/** Looks at files and has them read again when they changed: whichever way an editor writes them, and never half written. */

import type { Clock } from '../core/ports.ts';
import { statSync } from 'node:fs';

export interface WatchOptions {
  /** Absolute paths; read just now. */
  files: readonly string[];
  clock: Clock;
  /** Takes what the files say now; resolves to the files that it came from. */
  read(): Promise<readonly string[]>;
  /** What was read cannot be used. */
  refuse(error: unknown): void;
}

/** How often the files are looked at. A change is taken when it stayed as it is from one look to the next. */
export const LOOK_MS = 500;

/** Until the signal aborts. What cannot be used is read again at every look, for a file that it names may come later. */
export async function watchFiles(
  { clock, read, refuse, ...options }: WatchOptions,
  signal: AbortSignal,
): Promise<void> {
  let { files } = options;
  let taken = stampOf(files);
  let seen = taken;
  /** Read once more, though nothing changed. */
  let again = false;
  let refused: string | null = null;
  for (;;) {
    await clock.sleep(LOOK_MS, signal).catch(() => undefined);
    if (signal.aborted) return;
    const now = stampOf(files);
    const settled = now === seen;
    seen = now;
    if (!settled || (now === taken && !again)) continue;
    const news = now !== taken;
    // What changes while it is read is a change, too, so the stamp is the one from before.
    taken = now;
    try {
      const next = await read();
      // Files that were not looked at before may have changed since they were read.
      again = String(next) !== String(files);
      files = next;
      if (again) taken = seen = stampOf(files);
      refused = null;
    } catch (error) {
      again = true;
      if (news || String(error) !== refused) refuse(error);
      refused = String(error);
    }
  }
}

function stampOf(files: readonly string[]): string {
  return files.map((file) => `${file} ${stampOfFile(file)}`).join('\n');
}

/** A file that cannot be looked at is told by who reads it. The inode tells a copy with the old file's time. */
function stampOfFile(file: string): string {
  try {
    const { mtimeNs, ctimeNs, ino, size } = statSync(file, { bigint: true });
    return [mtimeNs, ctimeNs, ino, size].join(' ');
  } catch {
    return 'none';
  }
}

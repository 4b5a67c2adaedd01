/** The messenger for a destination; the code of the other one is never loaded. */

import type { Messenger } from '../core/ports.ts';
import type { RemoteMessenger } from '../remote/messenger.ts';
import type { Call } from './command.ts';
import type { Destination } from './where.ts';
import { isTollboardError, TollboardError } from '../core/errors.ts';
import { plainRandom, systemClock } from '../system.ts';
import { findDestination } from './where.ts';

export interface OpenMessenger {
  messenger: Messenger;
  /** The gateway's, for what only a gateway can do; null when direct. */
  remote: RemoteMessenger | null;
  /** Ends connections, so that the process can end. */
  close(): Promise<void>;
}

export async function openMessenger(destination: Destination): Promise<OpenMessenger> {
  if (destination.kind === 'gateway') {
    const { createRemoteMessenger } = await import('../remote/messenger.ts');
    const { url, token, newToken } = destination;
    const renewal = newToken === undefined ? {} : { newToken };
    const remote = createRemoteMessenger({ url, token, clock: systemClock, random: plainRandom, ...renewal });
    return { messenger: remote, remote, close: async () => remote.close() };
  }
  const { createDirectMessenger } = await import('../direct.ts');
  const messenger = createDirectMessenger(destination.settings, { random: plainRandom });
  return { messenger, remote: null, close: () => messenger.close() };
}

/**
 * Finds the destination of a command, opens it, runs `work`, and closes it. An interruption ends the command at once,
 * unless `work` does something of its own with it.
 */
export async function withMessenger<T>(
  call: Call,
  work: (open: OpenMessenger) => Promise<T>,
  { ownInterrupt = false } = {},
): Promise<T> {
  const { options, io } = call;
  const open = await openMessenger(await findDestination({ options, env: io.env, cwd: io.cwd }));
  try {
    return await (ownInterrupt ? work(open) : unlessAborted(work(open), io.interrupted));
  } finally {
    await open.close();
  }
}

/** For commands that only a gateway can answer; `what` begins the error's sentence. */
export async function withGateway<T>(
  call: Call,
  what: string,
  work: (remote: RemoteMessenger) => Promise<T>,
  options?: { ownInterrupt: boolean },
): Promise<T> {
  const { remedy } = needsGateway(what);
  return withMessenger(
    call,
    ({ remote }) => {
      if (remote === null) throw needsGateway(what);
      return work(remote);
    },
    options,
  ).catch((error: unknown) => {
    if (!isTollboardError(error) || error.code !== 'TOLLBOARD_CLI_NO_DESTINATION') throw error;
    // An account would not help.
    throw new TollboardError(error.code, { details: error.details, remedy, cause: error });
  });
}

function needsGateway(what: string): TollboardError {
  return new TollboardError('TOLLBOARD_DIRECT_NEEDS_GATEWAY', { details: { what } });
}

function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason as Error);
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}

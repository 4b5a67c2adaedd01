/** The connections of a server: which make room at the limit, and which end at a stop. */

import type { Server } from 'node:http';
import type { Socket } from 'node:net';

export interface Connections {
  /**
   * Ends every connection without a request under way, and refuses new ones from then on. Node's own `closeIdleConnections`
   * spares those that never sent one, which browsers and client pools open in advance: they would hold a stop until they
   * time out.
   */
  endIdle(): void;
}

/**
 * Keeps at most `limit` open. Whoever takes the last place makes one free for the next: that of the oldest connection which
 * never sent a request, or, where all have, those on which nothing is under way. So a crowd of idle connections shuts out
 * nobody who has something to ask, a health check for instance; where each has a request under way, a further one is closed.
 *
 * Only the silent ones are kept here: a listener for each answer of a connection costs a tenth of a small request, for
 * Node's collector then keeps much of what was long answered.
 */
export function trackConnections(server: Server, limit: number): Connections {
  /** Never sent a request, oldest first. */
  const silent = new Set<Socket>();
  let open = 0;
  let ending = false;

  function makeRoom(): void {
    const [oldest] = silent;
    if (oldest === undefined) {
      server.closeIdleConnections();
      return;
    }
    silent.delete(oldest);
    oldest.destroy();
  }

  function forget(this: Socket): void {
    open -= 1;
    silent.delete(this);
  }

  server.maxConnections = limit;
  server.on('connection', (socket) => {
    if (ending) {
      socket.destroy();
      return;
    }
    open += 1;
    if (open >= limit) makeRoom();
    silent.add(socket);
    socket.once('close', forget);
  });
  server.on('request', ({ socket }) => silent.delete(socket));
  return {
    endIdle() {
      ending = true;
      for (const socket of silent) socket.destroy();
      server.closeIdleConnections();
    },
  };
}

/** The connections of a server that never sent a request, to end those at a stop, too. */

import type { Server } from 'node:http';
import type { Socket } from 'node:net';

/**
 * Ends every connection without a request under way, and refuses new ones from then on. Node's own `closeIdleConnections`
 * spares those that never sent one, which browsers and client pools open in advance: they would hold a stop until they
 * time out. Only those are kept here: a listener for each answer of a connection costs a tenth of a small request, for
 * Node's collector then keeps much of what was long answered.
 */
export function trackConnections(server: Server): { endIdle(): void } {
  const silent = new Set<Socket>();
  let ending = false;
  function forget(this: Socket): void {
    silent.delete(this);
  }
  server.on('connection', (socket) => {
    if (ending) {
      socket.destroy();
      return;
    }
    silent.add(socket);
    socket.once('close', forget);
  });
  server.on('request', ({ socket }) => {
    if (silent.delete(socket)) socket.removeListener('close', forget);
  });
  return {
    endIdle() {
      ending = true;
      server.closeIdleConnections();
      for (const socket of silent) socket.destroy();
    },
  };
}

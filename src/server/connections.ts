/** The open connections of a server, to end those at a stop on which nothing is under way. */

import type { Server } from 'node:http';
import type { Socket } from 'node:net';

/**
 * Ends every connection without a request under way, and refuses new ones from then on. Node's own `closeIdleConnections` spares those that never sent
 * one, which browsers and client pools open in advance: they would hold a stop until they time out.
 */
export function trackConnections(server: Server): { endIdle(): void } {
  const open = new Set<Socket>();
  const busy = new Set<Socket>();
  let ending = false;
  server.on('connection', (socket) => {
    if (ending) socket.destroy();
    open.add(socket);
    socket.once('close', () => open.delete(socket));
  });
  server.on('request', ({ socket }, response) => {
    busy.add(socket);
    response.once('close', () => busy.delete(socket));
  });
  return {
    endIdle() {
      ending = true;
      for (const socket of open) if (!busy.has(socket)) socket.destroy();
    },
  };
}

/** A TCP proxy that goes dark on command: bytes stop, connections stay open, nobody is told. */

import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/**
 * - `pass`: both directions flow
 * - `swallow`: what the client sends never arrives, and nothing comes back
 * - `mute`: what the client sends arrives, the answer does not come back
 * - `reset`: every connection is reset, new ones at once
 */
export type ProxyMode = 'pass' | 'swallow' | 'mute' | 'reset';

export interface HalfOpenProxy {
  readonly port: number;
  readonly mode: ProxyMode;
  /** Holds for bytes from now on, also of connections that are open. Bytes held back are lost, as on a dead line. */
  setMode(mode: ProxyMode): void;
  /** Resolves once the client sent bytes that this mode kept from arriving, or the server some that did not come back. */
  keptBack(): Promise<void>;
  close(): Promise<void>;
}

export async function startHalfOpenProxy(upstream: { host?: string; port: number }): Promise<HalfOpenProxy> {
  const pairs = new Set<{ client: Socket; server: Socket }>();
  const watchers = new Set<() => void>();
  let mode: ProxyMode = 'pass';

  const dropped = () => {
    for (const watcher of watchers) watcher();
    watchers.clear();
  };

  const listener = createServer({ allowHalfOpen: true }, (client) => {
    const server = connect({ host: upstream.host ?? '127.0.0.1', port: upstream.port, allowHalfOpen: true });
    const pair = { client, server };
    pairs.add(pair);
    const forget = () => {
      pairs.delete(pair);
      // In the dark neither side learns that the other one is gone.
      if (mode !== 'pass') return;
      client.destroy();
      server.destroy();
    };
    for (const socket of [client, server]) socket.on('error', () => undefined).on('close', forget);
    client.on('data', (chunk) => (mode === 'pass' || mode === 'mute' ? server.write(chunk) : dropped()));
    server.on('data', (chunk) => (mode === 'pass' ? client.write(chunk) : dropped()));
    client.on('end', () => mode === 'pass' && server.end());
    server.on('end', () => mode === 'pass' && client.end());
    if (mode === 'reset') client.resetAndDestroy();
  });
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));

  return {
    port: (listener.address() as AddressInfo).port,
    get mode() {
      return mode;
    },
    setMode(next) {
      mode = next;
      if (mode === 'reset') for (const { client } of pairs) client.resetAndDestroy();
    },
    keptBack: () => new Promise((resolve) => watchers.add(resolve)),
    async close() {
      const closed = new Promise((resolve) => listener.close(resolve));
      for (const { client, server } of pairs) {
        client.destroy();
        server.destroy();
      }
      await closed;
    },
  };
}

/** A TCP or TLS server whose every byte a test writes itself: for answers that no real server would give. */

import { type AddressInfo, createServer, type Socket } from 'node:net';
import { createServer as createTlsServer, type TLSSocket } from 'node:tls';

export interface RawRequest {
  /** Request line and headers. */
  readonly head: string;
  readonly body: string;
}

export interface RawConnection {
  readonly socket: Socket;
  /** The next complete request (by Content-Length); rejects when the connection ends first. */
  request(): Promise<RawRequest>;
  write(text: string | Buffer): void;
  /** FIN. */
  end(): void;
  /** RST. */
  reset(): void;
}

export interface RawServer {
  readonly port: number;
  readonly connections: number;
  /** Every complete request that arrived, whatever was answered. */
  readonly requests: readonly RawRequest[];
  /** Bytes that arrived, complete or not (after decryption). */
  readonly bytes: number;
  /** Resolves with the n-th complete request, counted from 1, once it is here. */
  arrived(count: number): Promise<RawRequest>;
  /** Resolves once this many connections were accepted. */
  connected(count: number): Promise<void>;
  close(): Promise<void>;
}

export interface RawServerOptions {
  tls?: { key: string; cert: string };
}

/** A complete answer with a right Content-Length. */
export function rawAnswer(status: number, body = '', headers: Record<string, string> = {}): string {
  const lines = Object.entries({ 'Content-Length': String(Buffer.byteLength(body)), ...headers });
  return `HTTP/1.1 ${status} Any\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n${body}`;
}

/** `script` runs for every connection; what it throws ends that connection. */
export async function startRawServer(
  script: (connection: RawConnection, index: number) => Promise<void> | void,
  options: RawServerOptions = {},
): Promise<RawServer> {
  const requests: RawRequest[] = [];
  const sockets = new Set<Socket>();
  const watchers = new Set<() => void>();
  let connections = 0;
  let bytes = 0;

  const accept = (socket: Socket | TLSSocket) => {
    const pending = requestQueue();
    let buffered: Buffer = Buffer.alloc(0);
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => {
      sockets.delete(socket);
      pending.end();
    });
    socket.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      buffered = Buffer.concat([buffered, chunk]);
      for (let parsed = takeRequest(buffered); parsed !== null; parsed = takeRequest(buffered)) {
        buffered = parsed.rest;
        requests.push(parsed.request);
        pending.push(parsed.request);
      }
      for (const watcher of watchers) watcher();
    });
    const connection: RawConnection = {
      socket,
      request: pending.next,
      write: (text) => void socket.write(text),
      end: () => void socket.end(),
      reset: () => void socket.resetAndDestroy(),
    };
    const index = connections++;
    for (const watcher of watchers) watcher();
    Promise.resolve(script(connection, index)).catch(() => socket.destroy());
  };

  const server = options.tls === undefined ? createServer(accept) : createTlsServer(options.tls, accept);
  server.on('tlsClientError', () => undefined);
  // Below TLS too: a handshake that never ends must not keep the server open.
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));

  const until = (holds: () => boolean) =>
    new Promise<void>((resolve) => {
      const check = () => {
        if (!holds()) return;
        watchers.delete(check);
        resolve();
      };
      watchers.add(check);
      check();
    });

  return {
    port: (server.address() as AddressInfo).port,
    get connections() {
      return connections;
    },
    requests,
    get bytes() {
      return bytes;
    },
    async arrived(count) {
      await until(() => requests.length >= count);
      return requests[count - 1] as RawRequest;
    },
    connected: (count) => until(() => connections >= count),
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

function requestQueue() {
  const ready: RawRequest[] = [];
  let waiting: { resolve: (request: RawRequest) => void; reject: (error: Error) => void } | null = null;
  let ended = false;
  return {
    push(request: RawRequest) {
      if (waiting === null) ready.push(request);
      else waiting.resolve(request);
      waiting = null;
    },
    end() {
      ended = true;
      waiting?.reject(new Error('the connection ended'));
      waiting = null;
    },
    next(): Promise<RawRequest> {
      const request = ready.shift();
      if (request !== undefined) return Promise.resolve(request);
      if (ended) return Promise.reject(new Error('the connection ended'));
      return new Promise((resolve, reject) => {
        waiting = { resolve, reject };
      });
    },
  };
}

function takeRequest(buffered: Buffer): { request: RawRequest; rest: Buffer } | null {
  const split = buffered.indexOf('\r\n\r\n');
  if (split === -1) return null;
  const head = buffered.subarray(0, split).toString('latin1');
  const length = Number(/^content-length: *(\d+)/im.exec(head)?.[1] ?? 0);
  const end = split + 4 + length;
  if (buffered.length < end) return null;
  return { request: { head, body: buffered.subarray(split + 4, end).toString('utf8') }, rest: buffered.subarray(end) };
}

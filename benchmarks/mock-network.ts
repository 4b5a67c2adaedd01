/**
 * The network as Ansible's modules see it: a proxy behind which `api.twilio.com` answers over TLS, each request after a
 * given time; like Twilio it asks for credentials where there are none. `mock-network.ts LATENCY_MS KEY CERTIFICATE`, in a
 * process of its own.
 */

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { connect, createServer as createTcpServer } from 'node:net';

const [latency = '0', key = '', certificate = ''] = process.argv.slice(2);
let taken = 0;

const twilio = createServer({ key: readFileSync(key), cert: readFileSync(certificate) }, (request, answer) => {
  request.resume().on('end', () => setTimeout(() => reply(request, answer), Number(latency)));
});
twilio.keepAliveTimeout = 60_000;

function reply(request: IncomingMessage, answer: ServerResponse): void {
  const type = { 'content-type': 'application/json' };
  if (request.headers.authorization === undefined) {
    answer.writeHead(401, { ...type, 'www-authenticate': 'Basic realm="Twilio API"' }).end('{"code": 20003}');
    return;
  }
  taken += 1;
  const sid = `SM${taken.toString(16).padStart(32, '0')}`;
  answer.writeHead(201, type).end(JSON.stringify({ sid, status: 'queued', error_code: null, error_message: null }));
}

const proxy = createTcpServer((socket) => {
  socket.once('data', () => {
    const through = connect((twilio.address() as AddressInfo).port, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      socket.pipe(through).pipe(socket);
    });
    through.on('error', () => socket.destroy());
    socket.on('error', () => through.destroy());
  });
});

twilio.listen(0, '127.0.0.1', () => {
  proxy.listen(0, '127.0.0.1', () => {
    console.log(JSON.stringify({ url: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}` }));
  });
});

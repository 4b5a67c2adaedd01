/**
 * A bare Twilio for benchmarks: takes every message after a given time and has delivered it when asked. In a process of
 * its own, so that it costs the candidates nothing but the machine's second core; it checks nothing, unlike the simulator.
 */

import { createServer } from 'node:http';

const latencyMs = Number(process.argv[2] ?? 0);
let taken = 0;

const server = createServer((request, response) => {
  let body = '';
  request.setEncoding('utf8');
  request.on('data', (chunk: string) => {
    body += chunk;
  });
  request.on('end', () => {
    const answer = request.method === 'POST' ? create(new URLSearchParams(body)) : find(request.url ?? '');
    const send = () => {
      response.writeHead(request.method === 'POST' ? 201 : 200, {
        'Content-Type': 'application/json',
        'Content-Length': Buffer.byteLength(answer),
      });
      response.end(answer);
    };
    if (latencyMs === 0) send();
    else setTimeout(send, latencyMs);
  });
});
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  console.log(JSON.stringify({ url: `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}` }));
});

function create(form: URLSearchParams): string {
  taken += 1;
  const sid = `SM${scattered(taken)}`;
  return message(sid, 'queued', form.get('To'), form.get('From'), form.get('Body'));
}

/** 32 hex in no order, as Twilio's are, and different for each count. */
function scattered(count: number): string {
  const first = Math.imul(count, 0x9e3779b1) >>> 0;
  return first.toString(16).padStart(8, '0') + count.toString(16).padStart(24, '0');
}

function find(url: string): string {
  const sid = /\/(SM[0-9a-f]{32})\.json/.exec(url)?.[1];
  if (sid !== undefined) return message(sid, 'delivered', '+15551230001', '+15550000001', '');
  return JSON.stringify({ messages: [], next_page_uri: null, page: 0, page_size: 50 });
}

function message(sid: string, status: string, to: string | null, from: string | null, body: string | null): string {
  return JSON.stringify({
    body,
    num_segments: '1',
    direction: 'outbound-api',
    from,
    to,
    date_updated: 'Wed, 01 Nov 2017 20:56:57 +0000',
    price: null,
    error_message: null,
    uri: `/2010-04-01/Accounts/AC00000000000000000000000000000000/Messages/${sid}.json`,
    account_sid: 'AC00000000000000000000000000000000',
    num_media: '0',
    status,
    messaging_service_sid: null,
    sid,
    date_sent: null,
    date_created: 'Wed, 01 Nov 2017 20:56:57 +0000',
    error_code: null,
    price_unit: 'USD',
    api_version: '2010-04-01',
    subresource_uris: {},
  });
}

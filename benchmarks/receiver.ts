/**
 * One receiver of webhooks in a process of its own: `receiver.ts NAME [AUTOMATIONS]` prints its URL, and answers the message `cpu` with
 * the processor time that it has used, in microseconds, all threads together.
 */

import type { IncomingMessage, RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ACCOUNT, PUBLIC_URL, TOKEN } from './webhook.ts';

const ID = '0'.repeat(64);
const PATH = `/api/webhook/${ID}`;

const RECEIVERS: Record<string, () => Promise<string>> = { bare, express, floor, tollboard };

const start = RECEIVERS[process.argv[2] ?? ''];
if (start === undefined)
  throw new Error(`No receiver ${process.argv[2]}; there are ${Object.keys(RECEIVERS).join(', ')}.`);
const url = await start();
process.on('message', () => {
  const { user, system } = process.cpuUsage();
  process.send?.(user + system);
});
process.once('disconnect', () => process.exit());
process.send?.(url);

/** What Node itself can do: reads the body, believes it, forgets it. */
function bare(): Promise<string> {
  return listen((request, response) => {
    request.resume();
    request.on('end', () => response.writeHead(204).end());
  });
}

/** As Twilio's documentation writes it: forms parsed, the official middleware, an empty answer; not stored, repeats act again. */
async function express(): Promise<string> {
  const [{ default: createApp }, { default: twilio }] = await Promise.all([
    import('express' as string),
    import('twilio'),
  ]);
  const app = createApp();
  app.use(createApp.urlencoded({ extended: false }));
  app.post(
    '/api/webhook/:id',
    (request: IncomingMessage & { originalUrl: string }, response: unknown, next: () => void) =>
      twilio.webhook(TOKEN, { url: PUBLIC_URL + request.originalUrl })(request as never, response as never, next),
    (_request: unknown, response: { type(name: string): { send(text: string): void } }) =>
      response.type('text/xml').send('<Response/>'),
  );
  return listen(app);
}

/**
 * What bounds the gateway: a server that only reads the form and hands it to the gateway's own check and store. No other
 * route, no guard, no limits, no automations, no sinks.
 */
async function floor(): Promise<string> {
  const data = temporaryFolder();
  const [{ createSqliteStore }, { createReceive }, { systemClock, systemRandom }, { signedDigest }] = await Promise.all(
    [
      import('../src/store/sqlite/store.ts'),
      import('../src/inbound/receive.ts'),
      import('../src/system.ts'),
      import('../src/twilio/signature.ts'),
    ],
  );
  const nobody = () => undefined;
  const receive = createReceive({
    store: await createSqliteStore({ file: join(data, 'tollboard.sqlite'), random: systemRandom }),
    clock: systemClock,
    logger: { debug: nobody, info: nobody, warn: nobody, error: nobody },
    webhookId: ID,
    path: PATH,
    accounts: [{ accountSid: ACCOUNT, simulated: false }],
    verify: (_account, { pathAndQuery, fields, signature }) =>
      signedDigest({ url: PUBLIC_URL + pathAndQuery, fields, signature, authTokens: [TOKEN] }),
    replier: null,
    onReceived: nobody,
  });
  return listen((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const fields: Array<[string, string]> = [...new URLSearchParams(Buffer.concat(chunks).toString('utf8'))];
      const signature = String(request.headers['x-twilio-signature']);
      const answer = (twiml: string | null) =>
        response.writeHead(twiml === null ? 403 : 200, { 'content-type': 'text/xml' }).end(twiml ?? '');
      // A fault of the store ends the benchmark.
      void receive({ pathAndQuery: request.url ?? '', signature, fields }).then(answer);
    });
  });
}

/** The gateway: verified, claimed and stored on disk with its event before the answer, handed to whoever follows events. */
async function tollboard(): Promise<string> {
  const data = temporaryFolder();
  const config = join(data, 'tollboard.yaml');
  const twilio = `twilio:\n  account_sid: ${ACCOUNT}\n  auth_token: "${TOKEN}"\n`;
  writeFileSync(config, `public_url: ${PUBLIC_URL}\n${twilio}${automations(Number(process.argv[3] ?? 0))}`);
  const [{ loadSettings }, { startGateway }] = await Promise.all([
    import('../src/config/load.ts'),
    import('../src/gateway.ts'),
  ]);
  const flags = { config, data: join(data, 'data'), port: '0' };
  const gateway = await startGateway(await loadSettings({ flags, env: {}, cwd: data }));
  gateway.api.onCommit(() => undefined);
  const path = new URL(gateway.webhookUrl ?? '').pathname;
  return gateway.url + path;
}

/** Each waits for a text of another phone, as a house full of them would: every event is compared with all. */
function automations(count: number): string {
  const one = (index: number) =>
    `  - {id: a${index}, trigger: {trigger: event, event_type: twilio_data_received, event_data: {From: '+1556${String(index).padStart(7, '0')}', SmsStatus: received}}, action: [{delay: 1}]}\n`;
  return count === 0 ? '' : `automation:\n${Array.from({ length: count }, (_, index) => one(index)).join('')}`;
}

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'tollboard-bench-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

function listen(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      resolve(`http://127.0.0.1:${port}${PATH}`);
    });
  });
}

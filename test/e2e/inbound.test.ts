/** What comes in, as a user sees it: from the first start, over a restart, on the command line. */

import type { Program, Service } from '../support/program.ts';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createProgram } from '../support/program.ts';

let program: Program;
let gateway: Service;
const START = ['start', '--port', '0', '--simulator-port', '0', '--json'];
const text = (body: string, to = '+15550000001') =>
  program.run(['simulator', 'inbound', '--from', '+15551230001', '--to', to, '--body', body, '--json']);

beforeAll(async () => {
  program = createProgram();
  gateway = await program.serve(START);
});
afterAll(() => program.close());

describe('what comes in', () => {
  it('has a URL from the first start, which start, config webhook and the API show alike', async () => {
    const { url, token, webhookUrl } = gateway.ready;
    expect(webhookUrl).toMatch(new RegExp(`^${String(url)}/api/webhook/[0-9a-f]{64}$`));
    const shown = await program.run(['config', 'webhook']);
    expect([shown.code, shown.out.trim()]).toEqual([0, webhookUrl]);
    const answer = await fetch(`${String(url)}/api/v1/webhook`, {
      headers: { authorization: `Bearer ${String(token)}` },
    });
    expect(await answer.json()).toMatchObject({ url: webhookUrl, ready: true });
  });

  it('on a simulated number reaches the gateway at once, verified and answered, and is listed with all its data', async () => {
    expect((await text('open the garage')).lines).toMatchObject([
      { webhook: { status: 200, contentType: 'text/xml; charset=utf-8', body: '<Response/>', errorCode: null } },
    ]);
    const { lines } = await program.run(['events', '--json']);
    expect(lines).toMatchObject([
      { type: 'twilio_data_received', simulated: true, data: { From: '+15551230001', Body: 'open the garage' } },
    ]);
    const id = String(gateway.ready.webhookUrl).slice(-64);
    expect((lines[0]?.data as Record<string, string> | undefined)?.webhook_id).toBe(id);
    const table = await program.run(['events', '--field', 'Body=open the garage']);
    expect(table.out).toMatch(
      /^\S+\ttwilio_data_received\tEV[0-9a-f]{32}\t\+15551230001\t\+15550000001\topen the garage\n$/,
    );
    expect((await program.run(['events', '--field', 'Body=x'])).err).toContain('No events');
    const odd = await program.run(['events', '--type', 'sms']);
    expect([odd.code, odd.err]).toEqual([2, expect.stringContaining('twilio_data_received')]);
  });

  it('is followed as it happens, until Ctrl-C', async () => {
    const following = program.run(['events', '--follow', '--since', '1h', '--json'], {
      onStart(child) {
        const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream });
        void once(lines, 'line')
          .then(() => Promise.all([once(lines, 'line'), text('and now')]))
          .then(() => child.kill('SIGINT'));
      },
    });
    const bodies = (await following).lines.map(({ data }) => (data as Record<string, string>).Body);
    expect(bodies).toEqual(['open the garage', 'and now']);
    expect((await following).code).toBe(0);
  });

  it('goes where a number points: here, elsewhere and back', async () => {
    const { lines } = await program.run(['numbers', 'list', '--json']);
    expect(lines.map(({ phoneNumber, connected, before }) => [phoneNumber, connected, before])).toEqual([
      ['+15550000001', true, null],
      ['+15550000002', true, null],
    ]);
    const none = await program.run(['numbers', 'restore', '+15550000002']);
    expect([none.code, none.err]).toEqual([1, expect.stringContaining('TOLLBOARD_NUMBER_NOT_CONNECTED')]);
    expect((await program.run(['numbers', 'connect', '+15559999999'])).code).toBe(2);
    expect((await program.run(['numbers', 'connect', '+15550000002'])).out).toContain('\tyes\t');
  });

  it('keeps its URL over a restart on another port, and the numbers follow', async () => {
    const id = String(gateway.ready.webhookUrl).slice(-64);
    await gateway.stop();
    gateway = await program.serve(START);
    expect(gateway.ready.webhookUrl).toBe(`${String(gateway.ready.url)}/api/webhook/${id}`);
    expect((await text('after the restart', '+15550000002')).lines).toMatchObject([{ webhook: { status: 200 } }]);
    const { lines } = await program.run(['events', '--since', '10m', '--json']);
    expect(lines.map(({ data }) => (data as Record<string, string>).Body)).toEqual([
      'open the garage',
      'and now',
      'after the restart',
    ]);
  });
});

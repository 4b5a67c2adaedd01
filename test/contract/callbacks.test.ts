/** Status callbacks as Twilio sends them, and the events they become. */

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  ACCOUNT,
  type ApiServer,
  accept,
  claimed,
  move,
  refusal,
  SIGNATURE,
  startApiServer,
  taken,
} from '../support/api-server.ts';

let api: ApiServer;
beforeAll(async () => {
  api = await startApiServer();
});
afterAll(() => api.close());

describe('callbacks and events', () => {
  const form = (fields: string, signature: string | null = SIGNATURE): RequestInit => ({
    method: 'POST',
    body: `AccountSid=${ACCOUNT}&${fields}`,
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      ...(signature === null ? {} : { 'x-twilio-signature': signature }),
    },
  });

  test('a signed callback moves its entry and becomes an event', async () => {
    const [entry] = await accept(api, { to: '+15552400001', body: 'hello' });
    const id = entry?.id ?? '';
    const sid = `SM${'7'.repeat(32)}`;
    await move(api, id, claimed, taken(sid));
    const path = `/callbacks/message?ref=${id}`;
    const told = await api.anonymous(path, form(`MessageSid=${sid}&MessageStatus=delivered`));
    expect(told.status).toBe(204);
    expect(await api.store.entry({ id })).toMatchObject({ state: 'done', status: 'delivered' });
    const { events } = (await (await api.fetch('/api/v1/events?limit=1000')).json()) as { events: object[] };
    expect(events.at(-1)).toMatchObject({
      type: 'twilio_message_status',
      data: { MessageStatus: 'delivered', entryId: id },
      simulated: true,
    });
  });

  test('events come page by page, by type and by cursor', async () => {
    const [entry] = await accept(api, { to: '+15552400002', body: 'hello' });
    const id = entry?.id ?? '';
    const sid = `SM${'8'.repeat(32)}`;
    await move(api, id, claimed, taken(sid));
    for (const status of ['sent', 'delivered', 'read']) {
      await api.anonymous(`/callbacks/message?ref=${id}`, form(`MessageSid=${sid}&MessageStatus=${status}`));
    }
    const words: string[] = [];
    for (let after: string | null = '0'; after !== null; ) {
      const answer = await api.fetch(`/api/v1/events?limit=1&type=twilio_message_status&after=${after}`);
      const page = (await answer.json()) as { events: Array<{ data: Record<string, string> }>; next: string | null };
      for (const { data } of page.events) if (data.entryId === id) words.push(data.MessageStatus ?? '');
      after = page.next;
    }
    expect(words.slice(-3)).toEqual(['sent', 'delivered', 'read']);
    expect(await refusal(api.fetch('/api/v1/events?after=EV0'))).toMatchObject({
      status: 422,
      details: { name: 'after' },
    });
  });

  test('a forged callback is refused with an empty body and does nothing', async () => {
    const [entry] = await accept(api, { to: '+15552400003', body: 'hello' });
    const sid = `SM${'9'.repeat(32)}`;
    await move(api, entry?.id ?? '', claimed, taken(sid));
    for (const signature of ['forged', null]) {
      const fields = `MessageSid=${sid}&MessageStatus=delivered`;
      const answer = await api.anonymous(`/callbacks/message?ref=${entry?.id}`, form(fields, signature));
      expect([answer.status, await answer.text()]).toEqual([403, '']);
    }
    expect(await api.store.entry({ id: entry?.id ?? '' })).toMatchObject({ status: 'queued' });
  });

  test('a callback for what we never had is taken and forgotten', async () => {
    for (const path of ['/callbacks/message?ref=SM1', '/callbacks/call', '/callbacks/call?ref=a&ref=b']) {
      expect((await api.anonymous(path, form('CallSid=CA1&CallStatus=completed'))).status).toBe(204);
    }
  });

  test('path, query and fields reach the signature check exactly as they came', async () => {
    const seen: unknown[] = [];
    const other = await startApiServer({
      gateway: {
        async callback(request) {
          seen.push(request);
          return 'unknown';
        },
      },
    });
    const path = '/callbacks/message?x=%7e+1&ref=SM1&x=';
    await other.anonymous(path, form('B=2&A=1&B=%2B3+4&C=', 'sig=='));
    await other.close();
    expect(seen).toEqual([
      {
        kind: 'message',
        ref: 'SM1',
        pathAndQuery: path,
        fields: [
          ['AccountSid', ACCOUNT],
          ['B', '2'],
          ['A', '1'],
          ['B', '+3 4'],
          ['C', ''],
        ],
        signature: 'sig==',
      },
    ]);
  });

  test('a callback is a form of at most 64 kB', async () => {
    const large = form(`A=${'x'.repeat(64 * 1024)}`);
    expect(await refusal(api.anonymous('/callbacks/message', large))).toMatchObject({ status: 413 });
    const json = { method: 'POST', body: '{}', headers: { 'content-type': 'application/json' } };
    expect(await refusal(api.anonymous('/callbacks/message', json))).toMatchObject({ status: 415 });
  });
});

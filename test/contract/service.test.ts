import type { SendRequest } from '../../src/core/ports.ts';
import type { ApiServer } from '../support/api-server.ts';
import { afterEach, describe, expect, it } from 'vitest';
import { ACCOUNT, SENDER, startApiServer } from '../support/api-server.ts';

const TO = '+15551230001';
const SID = `SM${'c'.repeat(32)}`;
let served: ApiServer | null = null;

afterEach(async () => {
  await served?.close();
  served = null;
});

function text(body: string, params: SendRequest['params'] = {}): SendRequest {
  return { kind: 'message', to: TO, params: { from: SENDER, body, ...params }, host: 'library' };
}

async function start(options: Parameters<typeof startApiServer>[0] = {}): Promise<ApiServer> {
  served = await startApiServer(options);
  return served;
}

describe('a request repeated under its key', () => {
  it('gets the stored answer although the recipient has opted out since', async () => {
    const { gateway, store } = await start();
    const first = await gateway.send(text('Hello'), { idempotencyKey: 'k' });
    await store.setOptOut(ACCOUNT, SENDER, TO, Number.MAX_SAFE_INTEGER);
    expect(await gateway.send(text('Hello'), { idempotencyKey: 'k' })).toEqual({ ...first, replayed: true });
    await expect(gateway.send(text('Hello'), { idempotencyKey: 'other' })).rejects.toMatchObject({
      code: 'TOLLBOARD_POLICY_OPTED_OUT',
    });
  });

  it('is refused when it asks for something else, whatever else is wrong with it', async () => {
    const { gateway } = await start();
    await gateway.send(text('Hello'), { idempotencyKey: 'k' });
    await expect(gateway.send(text('x'.repeat(1601)), { idempotencyKey: 'k' })).rejects.toMatchObject({
      code: 'TOLLBOARD_IDEMPOTENCY_MISMATCH',
    });
  });
});

describe('redaction', () => {
  it('leaves no text in what the entry or its key answers', async () => {
    const { gateway, store } = await start();
    const call: SendRequest = {
      kind: 'call',
      to: TO,
      params: { from: SENDER, say: { text: 'SPOKEN' } },
      host: 'library',
    };
    for (const request of [text('WRITTEN'), call]) {
      const key = request.kind;
      const [entry] = (await gateway.send(request, { idempotencyKey: key })).entries;
      await gateway.cancel(String(entry?.id));
      await gateway.redact(String(entry?.id));
      const seen = [await store.entry({ id: String(entry?.id) }), await gateway.send(request, { idempotencyKey: key })];
      expect(JSON.stringify(seen)).not.toMatch(/WRITTEN|SPOKEN/);
      expect(seen[1]).toMatchObject({ replayed: true, entries: [{ id: entry?.id, body: '' }] });
    }
  });
});

describe('a lost answer that a person calls sent', () => {
  async function held(server: ApiServer, body: string): Promise<string> {
    const [entry] = (await server.gateway.send(text(body))).entries;
    const id = String(entry?.id);
    const error = { code: 'TOLLBOARD_DELIVERY_AMBIGUOUS' } as never;
    await server.store.apply([{ key: { id }, fact: { type: 'ambiguous', error, why: 'for the test' } }], Date.now());
    return id;
  }

  it('takes no SID of another form, none of another entry and none that Twilio does not know', async () => {
    const unknown = { httpStatus: 404 } as never;
    const server = await start({ twilio: { fetch: async () => unknown } });
    const first = await held(server, 'first');
    const second = await held(server, 'second');
    await server.store.apply([{ key: { id: first }, fact: { type: 'chosen', choice: 'sent', sid: SID } }], Date.now());
    for (const sid of ['bogus!', `CA${'c'.repeat(32)}`, SID, `SM${'d'.repeat(32)}`]) {
      await expect(server.gateway.resolve(second, 'sent', sid)).rejects.toMatchObject({
        code: 'TOLLBOARD_ENTRY_SID_INVALID',
      });
    }
    expect(await server.gateway.entry(second)).toMatchObject({ state: 'held', sid: null });
  });

  it('takes the SID that Twilio knows', async () => {
    const known = { sid: SID, status: 'delivered', errorCode: null, errorMessage: null };
    const server = await start({ twilio: { fetch: async () => known } });
    const id = await held(server, 'first');
    expect(await server.gateway.resolve(id, 'sent', SID)).toMatchObject({ state: 'sent', sid: SID });
  });
});

describe('a cancel at Twilio', () => {
  it("makes an event with Twilio's fields", async () => {
    const canceled = { sid: SID, status: 'canceled', errorCode: null, errorMessage: null };
    const server = await start({ twilio: { cancel: async () => canceled } });
    const [entry] = (await server.gateway.send(text('Later', { messagingServiceSid: `MG${'1'.repeat(32)}` }))).entries;
    const key = { id: String(entry?.id) };
    const taken = { type: 'accepted', sid: SID, status: 'scheduled', errorCode: null, errorMessage: null } as const;
    await server.store.apply(
      [
        { key, fact: { type: 'claimed', callbackMode: 'none' } },
        { key, fact: taken },
      ],
      Date.now(),
    );
    expect(await server.gateway.cancel(key.id)).toMatchObject({ state: 'done', status: 'canceled' });
    const [event] = await server.gateway.events({ limit: 1 });
    expect(event).toMatchObject({
      type: 'twilio_message_status',
      data: { MessageSid: SID, MessageStatus: 'canceled', AccountSid: ACCOUNT, To: TO, entryId: key.id },
    });
  });
});

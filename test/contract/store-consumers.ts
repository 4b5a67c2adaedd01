/** What every store must do: webhooks, consumers of events, and what rooms keep. */

import type { EventRecord } from '../../src/core/event.ts';
import type { FormFields } from '../../src/core/parameter.ts';
import type { Store } from '../../src/core/ports.ts';
import type { CreateHarness, StoreHarness } from '../support/store-harness.ts';
import { describe, expect, it } from 'vitest';
import { NOON } from '../support/entries.ts';
import { eachTest } from '../support/store-harness.ts';

const DAY = 86_400_000;
const RETENTION = { messagesMs: 90 * DAY, eventsMs: 90 * DAY, idempotencyMs: 7 * DAY };

export function storeConsumers(name: string, create: CreateHarness): void {
  describe(`${name} store`, () => {
    let harness: StoreHarness;
    let store: Store;
    eachTest(create, (fresh) => {
      harness = fresh;
      store = fresh.store;
    });

    const inbound = (...keys: string[]) => ({ keys, data: { Body: keys.join() }, simulated: true });
    const event = (text: string, at = NOON) =>
      store.addEvent({ type: 'twilio_data_received', data: { Body: text } }, true, at);
    const waiting = async (consumer: string, limit = 10) =>
      (await store.deliveries(consumer, limit)).map(({ event: { data }, replay }) =>
        replay === null ? data.Body : `${data.Body} again`,
      );
    const done = (consumer: string, { seq }: EventRecord, replay: number | null = null) => ({
      settle: [{ consumer, eventSeq: seq, replay }],
    });

    describe('a webhook', () => {
      it('is stored once, whichever of its keys comes again', async () => {
        const first = await store.receive(inbound('message', 'request'), NOON);
        expect(first).toMatchObject({ outcome: 'stored', event: { data: { Body: 'message,request' }, at: NOON } });
        for (const keys of [['message', 'request'], ['message', 'other'], ['third', 'request'], ['request']]) {
          const repeat = await store.receive(inbound(...keys), NOON + 1);
          expect(repeat).toMatchObject({ outcome: 'repeat', answer: null });
          expect(repeat.event).toEqual(first.event);
        }
        expect(await store.events({ limit: 10 })).toEqual([first.event]);
        // A repeat claims nothing: its other keys are still free.
        expect(await store.receive(inbound('third'), NOON)).toMatchObject({ outcome: 'stored' });
      });

      it('keeps its form where it has one, for whoever takes its event', async () => {
        const form: FormFields = [
          ['a', '1'],
          ['a', '2'],
        ];
        await store.subscribe(['sink']);
        const first = await store.receive({ ...inbound('a'), form }, NOON);
        await store.receive(inbound('b'), NOON);
        expect(first.event?.form).toEqual(form);
        const events = await store.events({ limit: 10 });
        expect(events.map((one) => one.form)).toEqual([form, undefined]);
        expect((await store.deliveries('sink', 10)).map((delivery) => delivery.event)).toEqual(events);
        expect(await store.event(first.event?.id ?? '')).toEqual(first.event);
      });

      it('that comes many times at once is stored by one of them', async () => {
        const results = await Promise.all(
          Array.from({ length: 50 }, () => store.receive(inbound('a', 'b', 'a'), NOON)),
        );
        expect(results.filter(({ outcome }) => outcome === 'stored')).toHaveLength(1);
        expect(await store.events({ limit: 10 })).toHaveLength(1);
      });

      it('is told with its commit, a repeat is not', async () => {
        const told: number[] = [];
        store.onCommit(({ events }) => told.push(...events.map(({ seq }) => seq)));
        await store.receive(inbound('a'), NOON);
        await store.receive(inbound('a'), NOON);
        expect(told).toEqual([1]);
      });

      it('gives its repeats the answer that was kept', async () => {
        const { event: first } = await store.receive(inbound('a'), NOON);
        await store.keepAnswer(first?.seq ?? 0, '<Response><Message>hi</Message></Response>');
        expect(await store.receive(inbound('a'), NOON)).toMatchObject({
          outcome: 'repeat',
          answer: '<Response><Message>hi</Message></Response>',
        });
        expect(await store.answerTo(first?.id ?? '')).toBe('<Response><Message>hi</Message></Response>');
        expect(await store.answerTo((await store.receive(inbound('b'), NOON)).event?.id ?? '')).toBeNull();
        expect(await store.answerTo('EV0')).toBeNull();
      });

      it('stays, however old, as long as somebody has to get its event, or a replay of it', async () => {
        await store.subscribe(['quick', 'slow']);
        const { event: first } = await store.receive(inbound('a'), NOON - 91 * DAY);
        await store.keep(done('quick', first as EventRecord));
        expect(await store.prune(RETENTION, NOON)).toBe(0);
        await store.keep(done('slow', first as EventRecord));
        await store.replay(first?.seq ?? 0, ['quick']);
        expect(await store.prune(RETENTION, NOON)).toBe(0);
        const [again] = await store.deliveries('quick', 1);
        await store.keep(done('quick', first as EventRecord, again?.replay));
        expect(await store.prune(RETENTION, NOON)).toBe(1);
        expect(await store.events({ limit: 10 })).toEqual([]);
      });

      it('stays a repeat when its event and answer are long gone', async () => {
        const { event: first } = await store.receive(inbound('a'), NOON - 91 * DAY);
        await store.keepAnswer(first?.seq ?? 0, '<Response/>');
        expect(await store.prune(RETENTION, NOON)).toBe(1);
        await store.keepAnswer(first?.seq ?? 0, 'late');
        expect(await store.receive(inbound('a'), NOON)).toEqual({ outcome: 'repeat', event: null, answer: null });
      });
    });

    describe('consumers', () => {
      it('get every event after they came, each in its own time, in order', async () => {
        await event('before');
        await store.subscribe(['a', 'b']);
        expect(await waiting('a')).toEqual([]);
        const [first, second, third] = [await event('1'), await event('2'), await event('3')];
        expect(await waiting('a')).toEqual(['1', '2', '3']);
        expect(await waiting('a', 2)).toEqual(['1', '2']);
        expect(await store.keep(done('a', first))).toBe(true);
        expect(await waiting('a')).toEqual(['2', '3']);
        expect(await waiting('b')).toEqual(['1', '2', '3']);
        expect(await store.keep(done('b', third))).toBe(true);
        expect(await waiting('b')).toEqual([]);
        expect(await store.consumers()).toEqual([
          { consumer: 'a', seq: first.seq },
          { consumer: 'b', seq: third.seq },
        ]);
        expect(await waiting('nobody')).toEqual([]);
        expect(second.seq).toBe(first.seq + 1);
      });

      it('stay where they are when they subscribe again; who is left out begins anew', async () => {
        await store.subscribe(['a', 'b']);
        await event('1');
        await store.subscribe(['b', 'b']);
        await event('2');
        await store.subscribe(['a', 'b']);
        await event('3');
        expect(await waiting('a')).toEqual(['3']);
        expect(await waiting('b')).toEqual(['1', '2', '3']);
      });

      it('begin behind the newest event, though it may be removed already', async () => {
        await event('old', NOON - 91 * DAY);
        await store.prune(RETENTION, NOON);
        await store.subscribe(['a']);
        await event('new');
        expect(await waiting('a')).toEqual(['new']);
      });

      it('write what they do together with the mark that it is done, or not at all', async () => {
        await store.subscribe(['a']);
        const [first, second] = [await event('1'), await event('2')];
        const run = (key: string) => ({ room: 'automation', key, value: { step: 1 }, dueAt: null });
        expect(await store.keep({ ...done('a', first), put: [run('r1')] })).toBe(true);
        // The same again, as after an answer that was lost: somebody did it already.
        expect(await store.keep({ ...done('a', first), put: [run('r2')], remove: [run('r1')] })).toBe(false);
        expect(await store.keep({ settle: [...done('a', second).settle, ...done('gone', second).settle] })).toBe(false);
        expect(await store.records({ room: 'automation', limit: 10 })).toEqual([run('r1')]);
        expect(await waiting('a')).toEqual(['2']);
      });

      it('get an event once more when it is replayed, before what is new, until that is settled', async () => {
        await store.subscribe(['a', 'b', 'c']);
        const first = await event('1');
        for (const consumer of ['a', 'b', 'c']) await store.keep(done(consumer, first));
        await event('2');
        const told: Array<readonly string[]> = [];
        const off = store.onCommit(({ replayed }) => told.push(replayed));
        expect(await store.replay(first.seq, ['b', 'a', 'nobody'])).toEqual(['a', 'b']);
        expect(await store.replay(first.seq)).toEqual(['a', 'b', 'c']);
        expect(await store.replay(99)).toEqual([]);
        // Nothing else would wake them.
        expect(told).toEqual([
          ['a', 'b'],
          ['a', 'b', 'c'],
        ]);
        off();
        expect(await waiting('a')).toEqual(['1 again', '1 again', '2']);
        const [one] = await store.deliveries('a', 1);
        expect(await store.keep(done('b', first, one?.replay ?? 0))).toBe(false);
        expect(await store.keep(done('a', first, one?.replay ?? 0))).toBe(true);
        expect(await store.keep(done('a', first, one?.replay ?? 0))).toBe(false);
        expect(await waiting('a')).toEqual(['1 again', '2']);
        expect(await waiting('c')).toEqual(['1 again', '2']);
        await store.subscribe(['a']);
        await store.subscribe(['a', 'c']);
        expect(await waiting('c')).toEqual([]);
      });
    });

    describe('events', () => {
      it('are found by id', async () => {
        const first = await event('1');
        expect(await store.event(first.id)).toEqual(first);
        expect(await store.event('EV_unknown')).toBeNull();
      });
    });

    describe('records of a room', () => {
      const record = (key: string, dueAt: number | null = null, room = 'a') => ({ room, key, value: { key }, dueAt });

      it('are put, replaced, read and removed by key, each room for itself', async () => {
        await store.keep({ put: [record('k'), record('k', 5, 'b')] });
        await store.keep({ put: [{ ...record('k'), value: ['new', null, 1.5, 'ü'] }] });
        expect(await store.record('a', 'k')).toEqual({ ...record('k'), value: ['new', null, 1.5, 'ü'] });
        expect(await store.record('b', 'k')).toEqual(record('k', 5, 'b'));
        expect(await store.record('a', 'unknown')).toBeNull();
        await store.keep({
          remove: [
            { room: 'a', key: 'k' },
            { room: 'a', key: 'unknown' },
          ],
        });
        expect(await store.record('a', 'k')).toBeNull();
        expect(await store.record('b', 'k')).not.toBeNull();
      });

      it('are listed in the order of their keys, by prefix and page by page', async () => {
        await store.keep({ put: ['run/2', 'run/1', 'trace/1', 'run/3', 'runner'].map((key) => record(key)) });
        const keys = async (query: { prefix?: string; after?: string; limit?: number }) =>
          (await store.records({ room: 'a', limit: 10, ...query })).map(({ key }) => key);
        expect(await keys({})).toEqual(['run/1', 'run/2', 'run/3', 'runner', 'trace/1']);
        expect(await keys({ prefix: 'run/' })).toEqual(['run/1', 'run/2', 'run/3']);
        expect(await keys({ prefix: 'run/', after: 'run/1', limit: 1 })).toEqual(['run/2']);
        expect(await store.records({ room: 'b', limit: 10 })).toEqual([]);
      });

      it('say what is due, first things first', async () => {
        await store.keep({ put: [record('x', NOON + 9), record('y', NOON + 1), record('z'), record('w', NOON + 1)] });
        const due = await store.records({ room: 'a', dueBy: NOON + 5, limit: 10 });
        expect(due.map(({ key }) => key)).toEqual(['w', 'y']);
        expect(await store.nextRecord('a')).toBe(NOON + 1);
        expect(await store.nextRecord('b')).toBeNull();
      });
    });

    it('has everything of it when it is opened again', async () => {
      if (harness.reopen === null) return;
      await store.subscribe(['a']);
      const { event: first } = await store.receive(inbound('k'), NOON);
      await store.keepAnswer(first?.seq ?? 0, 'answer');
      await store.keep({ put: [{ room: 'a', key: 'k', value: 1, dueAt: 2 }] });
      store = await harness.reopen();
      expect(await store.receive(inbound('k'), NOON)).toEqual({ outcome: 'repeat', event: first, answer: 'answer' });
      expect(await waiting('a')).toEqual(['k']);
      expect(await store.nextRecord('a')).toBe(2);
    });
  });
}

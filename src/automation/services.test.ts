import type { SendRequest } from '../core/ports.ts';
import type { ServiceCall } from './run.ts';
import type { Value } from './template/python.ts';
import { afterAll, expect, it } from 'vitest';
import { createManualClock } from '../../test/support/manual-clock.ts';
import { createMemoryStore } from '../store/memory.ts';
import { systemClock, systemRandom } from '../system.ts';
import { createReplies } from './replies.ts';
import { createServices } from './services.ts';
import { createTemplateEngine } from './template/engine.ts';

const engine = createTemplateEngine({ clock: systemClock });
afterAll(() => engine.close());

const never = new AbortController().signal;

/** Services over one text that came in, and what they sent. */
async function textCameIn() {
  const clock = createManualClock();
  const store = createMemoryStore({ random: systemRandom });
  const data = { From: '+15551230001', To: '+15550000001', Body: 'hi' };
  const { event } = await store.receive({ keys: ['k'], data, simulated: true }, clock.now());
  if (event === null) throw new Error('nothing was stored');
  const sent: SendRequest[] = [];
  const replies = createReplies(clock);
  const services = createServices({
    engine,
    replies,
    answerTo: (eventId) => store.answerTo(eventId),
    notify: [{ name: 'ops', platform: 'twilio_sms', fromNumber: '+15550000001' }],
    restCommands: {},
    homeAssistant: null,
    logger: { debug() {}, info() {}, warn() {}, error() {} },
    messenger: {
      send: async (requests: readonly SendRequest[]) => {
        sent.push(...requests);
        return [];
      },
    } as never,
    notifyBy: async () => [],
    request: async () => ({ status: 200, body: '' }),
  });
  const call = (service: string, given: Readonly<Record<string, Value>>): ServiceCall => ({
    service,
    data: given,
    target: {},
    key: 'k',
    by: 'a',
    trigger: {
      platform: 'event',
      id: '0',
      idx: '0',
      alias: null,
      event: { id: event.id, event_type: event.type, data, time_fired: new Date(event.at).toISOString() },
    },
  });
  const made = (service: string, given: Readonly<Record<string, Value>>) => services(call(service, given), never);
  return { clock, store, event, sent, replies, made };
}

it('a reply that was the answer before a restart is not sent once more as a text', async () => {
  const { clock, store, event, sent, made } = await textCameIn();
  clock.advance(5000);
  await store.keepAnswer(event.seq, '<Response><Message>done &amp; told</Message></Response>');
  expect(await made('twilio.reply', { message: 'done & told' })).toEqual({ answered: 'twiml' });
  expect(sent).toEqual([]);
  expect(await made('twilio.reply', { message: 'something else' })).toMatchObject({ answered: 'message' });
  expect(sent).toMatchObject([{ to: '+15551230001', params: { body: 'something else' } }]);
});

it('TwiML that is not well-formed goes nowhere: the action says what is wrong with it, and another may still answer', async () => {
  const { sent, event, replies, made } = await textCameIn();
  const says = (service: string, fault: string) =>
    `The service ${service} failed. Its twiml is not well-formed, ${fault}`;
  await expect(made('twilio.reply', { twiml: '<Response><Message>Tom & Jerry</Message></Response>' })).rejects.toThrow(
    says('twilio.reply', 'line 1: an & that is meant as text is written &amp;. Put | e behind whatever came in.'),
  );
  await expect(made('twilio.make_call', { to: '+15551230001', twiml: '<Response><Say>Hi</Response>' })).rejects.toThrow(
    says('twilio.make_call', 'line 1: </Response> stands where </Say> is due.'),
  );
  expect(sent).toEqual([]);
  const answer = replies.await(event.id, never);
  const twiml = '<Response><Message>Tom &amp; Jerry</Message></Response>';
  expect(await made('twilio.reply', { twiml })).toEqual({ answered: 'twiml' });
  expect(await answer).toBe(twiml);
});

it('a reply that Twilio would drop goes nowhere: the action says why, and another may still answer', async () => {
  const { event, replies, made } = await textCameIn();
  await expect(made('twilio.reply', { message: ' ' })).rejects.toThrow('Its message is empty');
  await expect(made('twilio.reply', { message: 'x'.repeat(1601) })).rejects.toThrow(
    'Its message has 1601 characters; Twilio takes at most 1600',
  );
  const answer = replies.await(event.id, never);
  const message = 'x'.repeat(1600);
  expect(await made('twilio.reply', { message })).toEqual({ answered: 'twiml' });
  expect(await answer).toBe(`<Response><Message>${message}</Message></Response>`);
});

it.each([
  ['a message', { target: '+15551230001' }, 'message'],
  ['a target', { message: 'hi' }, 'target'],
  ['one target of a list', { message: 'hi', target: [] }, 'target'],
])('a notifier without %s says what its data lack', async (_what, given, lack) => {
  const { made } = await textCameIn();
  await expect(made('notify.ops', given)).rejects.toThrow(`The service notify.ops failed. Its data lack ${lack}.`);
});

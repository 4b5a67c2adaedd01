import type { SendRequest } from '../core/ports.ts';
import type { ServiceCall } from './run.ts';
import { afterAll, expect, it } from 'vitest';
import { createManualClock } from '../../test/support/manual-clock.ts';
import { createMemoryStore } from '../store/memory.ts';
import { systemClock, systemRandom } from '../system.ts';
import { createReplies } from './replies.ts';
import { createServices } from './services.ts';
import { createTemplateEngine } from './template/engine.ts';

const engine = createTemplateEngine({ clock: systemClock });
afterAll(() => engine.close());

it('a reply that was the answer before a restart is not sent once more as a text', async () => {
  const clock = createManualClock();
  const store = createMemoryStore({ random: systemRandom });
  const data = { From: '+15551230001', To: '+15550000001', Body: 'hi' };
  const { event } = await store.receive({ keys: ['k'], data, simulated: true }, clock.now());
  if (event === null) throw new Error('nothing was stored');
  const sent: SendRequest[] = [];
  const services = createServices({
    engine,
    replies: createReplies(clock),
    answerTo: (eventId) => store.answerTo(eventId),
    notify: [],
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
  const call = (message: string): ServiceCall => ({
    service: 'twilio.reply',
    data: { message },
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
  clock.advance(5000);
  await store.keepAnswer(event.seq, '<Response><Message>done &amp; told</Message></Response>');
  const never = new AbortController().signal;
  expect(await services(call('done & told'), never)).toEqual({ answered: 'twiml' });
  expect(sent).toEqual([]);
  expect(await services(call('something else'), never)).toMatchObject({ answered: 'message' });
  expect(sent).toMatchObject([{ to: '+15551230001', params: { body: 'something else' } }]);
});

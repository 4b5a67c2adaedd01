/** The Messenger straight to Twilio, nothing stored. */

import { createDirectMessenger } from '../../src/direct.ts';
import { createHttpsTransport } from '../../src/twilio/https-transport.ts';
import { messengerSuite } from './messenger.ts';

const NEEDS_STORE = 'without a store it cannot be kept; the refusal is tested beside direct.ts';

messengerSuite({
  name: 'direct',
  skips: {
    'joins requests of one idempotency key': NEEDS_STORE,
    'keeps a text until its time': NEEDS_STORE,
  },
  async start(settings, clock) {
    const messenger = createDirectMessenger(settings, { clock, transport: createHttpsTransport({ clock }) });
    return { messenger, tried: async (entry) => entry, close: () => messenger.close() };
  },
});

/** The durable Messenger of a gateway in this process. */

import { startTestGateway } from '../support/messenger-world.ts';
import { messengerSuite } from './messenger.ts';

messengerSuite({
  name: 'gateway',
  skips: {},
  async start(settings, clock) {
    const { gateway, tried } = await startTestGateway(settings, clock);
    return { messenger: gateway.messenger, tried, close: () => gateway.stop() };
  },
});

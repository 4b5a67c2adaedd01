/** The Messenger over a gateway's HTTP API. */

import { createRemoteMessenger } from '../../src/remote/messenger.ts';
import { systemRandom } from '../../src/system.ts';
import { startTestGateway } from '../support/messenger-world.ts';
import { messengerSuite } from './messenger.ts';

messengerSuite({
  name: 'remote',
  skips: {},
  async start(settings, clock) {
    const { gateway, tried } = await startTestGateway(settings, clock);
    const { url, token } = gateway;
    const messenger = createRemoteMessenger({ url, token, clock, random: systemRandom });
    return {
      messenger,
      tried,
      async close() {
        messenger.close();
        await gateway.stop();
      },
    };
  },
});

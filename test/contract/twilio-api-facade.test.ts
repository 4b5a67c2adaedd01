/** The suite of Twilio's API over a gateway with the simulator behind it. */

import { startFacade } from '../support/facade.ts';
import { twilioApi } from './twilio-api.ts';

twilioApi('a gateway', (simulator = {}) => startFacade({ simulator }), { authToken: '' });

/** The stage suite over the https transport. */

import { createHttpsTransport } from '../../src/twilio/https-transport.ts';
import { transportSuite } from './transport.ts';

transportSuite('https', createHttpsTransport);

/** The stage suite over the https transport. */

import { createHttpsTransport } from '../../src/twilio/https-transport.ts';
import { transportSuite } from './transport.ts';
import { transportProxySuite } from './transport-proxy.ts';

transportSuite('https', createHttpsTransport);
transportProxySuite('https', createHttpsTransport);

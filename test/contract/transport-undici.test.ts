/** The stage suite over the undici transport. */

import { createUndiciTransport } from '../../src/twilio/undici-transport.ts';
import { transportSuite } from './transport.ts';
import { transportProxySuite } from './transport-proxy.ts';

transportSuite('undici', createUndiciTransport);
transportProxySuite('undici', createUndiciTransport);

/** The stage suite over the undici transport. */

import { createUndiciTransport } from '../../src/twilio/undici-transport.ts';
import { transportSuite } from './transport.ts';

transportSuite('undici', createUndiciTransport);

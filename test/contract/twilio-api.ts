/** Twilio's 2010 API as its official SDK uses it: one suite, for the simulator and for a gateway's own. */

import type { StartTwilio } from '../support/facade.ts';
import { twilioAccount } from './twilio-account.ts';
import { twilioCalls } from './twilio-calls.ts';
import { twilioMessageList } from './twilio-message-list.ts';
import { twilioMessages } from './twilio-messages.ts';

/** `authToken`: what an account shows of it. */
export function twilioApi(name: string, start: StartTwilio, shown: { authToken: string }): void {
  twilioMessages(`messages of ${name}`, start);
  twilioMessageList(`lists of ${name}`, start);
  twilioCalls(`calls of ${name}`, start);
  twilioAccount(`accounts of ${name}`, start, shown);
}

/** /OutgoingCallerIds: the verified caller IDs of an account. */

import type { Exchange, Handler } from './exchange.ts';
import type { CallerId } from './model.ts';
import { parseAddress } from '../core/address.ts';
import { renderCallerId } from '../wire/account.ts';
import { fieldOf } from '../wire/form.ts';
import { callerIdRecord, missing } from './accounts.ts';
import { listAnswer } from './exchange.ts';
import { refusal } from './refusals.ts';

/** GET /OutgoingCallerIds.json, exact filters PhoneNumber and FriendlyName. */
export const listCallerIds: Handler = (exchange) => {
  const { sim, account, query } = exchange;
  const phoneNumber = fieldOf(query, 'PhoneNumber');
  const friendlyName = fieldOf(query, 'FriendlyName');
  const matching = sim.store.callerIds
    .of(account.sid)
    .filter((callerId) => phoneNumber === null || callerId.phoneNumber === phoneNumber)
    .filter((callerId) => friendlyName === null || callerId.friendlyName === friendlyName);
  return listAnswer(exchange, matching, 'outgoing_caller_ids', renderCallerId);
};

export const fetchCallerId: Handler = (exchange) => {
  const callerId = find(exchange);
  return callerId === null ? missing(exchange) : { status: 200, body: renderCallerId(callerId) };
};

/** POST /OutgoingCallerIds/{sid}.json: FriendlyName, 1 to 64 characters. */
export const updateCallerId: Handler = (exchange) => {
  const { sim, form, now } = exchange;
  const callerId = find(exchange);
  if (callerId === null) return missing(exchange);
  const friendlyName = fieldOf(form, 'FriendlyName');
  if (friendlyName !== null) {
    if (friendlyName.length < 1 || friendlyName.length > 64) return refusal(20002);
    callerId.friendlyName = friendlyName;
    callerId.dateUpdated = now;
    sim.store.callerIds.save(callerId);
  }
  return { status: 200, body: renderCallerId(callerId) };
};

export const deleteCallerId: Handler = (exchange) => {
  const callerId = find(exchange);
  if (callerId === null) return missing(exchange);
  exchange.sim.store.callerIds.remove(callerId);
  return { status: 204, body: null };
};

/**
 * POST /OutgoingCallerIds.json begins a validation: 200 with six digits. The simulated phone types them at once, so the
 * number is verified when the answer comes, and the StatusCallback hears of it.
 */
export const validateCallerId: Handler = (exchange) => {
  const { sim, account, form, now } = exchange;
  const address = parseAddress(fieldOf(form, 'PhoneNumber') ?? '');
  if (address?.kind !== 'e164') return refusal(21401);
  const known = sim.store.callerIds.of(account.sid).some(({ phoneNumber }) => phoneNumber === address.value);
  if (known) return refusal(21450);
  const callSid = `CA${sim.random.hex(32)}`;
  const friendlyName = fieldOf(form, 'FriendlyName') ?? address.value;
  const callerId = callerIdRecord(account.sid, address.value, friendlyName, now);
  sim.store.callerIds.save(callerId);
  tell(exchange, callerId, callSid);
  const code = String(100_000 + Math.floor(sim.random.number() * 900_000));
  return {
    status: 200,
    body: {
      account_sid: account.sid,
      call_sid: callSid,
      friendly_name: friendlyName,
      phone_number: address.value,
      validation_code: code,
    },
    created: callerId.sid,
  };
};

function tell({ sim, account, form }: Exchange, callerId: CallerId, callSid: string): void {
  const url = fieldOf(form, 'StatusCallback');
  if (url === null || url === '') return;
  sim.callbacks.send(
    callSid,
    {
      url,
      method: fieldOf(form, 'StatusCallbackMethod') ?? 'POST',
      fields: [
        ['AccountSid', account.sid],
        ['CallSid', callSid],
        ['To', callerId.phoneNumber],
        ['Called', callerId.phoneNumber],
        ['VerificationStatus', 'success'],
        ['OutgoingCallerIdSid', callerId.sid],
        ['ApiVersion', '2010-04-01'],
      ],
      token: account.authToken,
      voice: true,
    },
    null,
  );
}

function find({ sim, account, sid }: Exchange): CallerId | null {
  return sim.store.callerIds.get(account.sid, sid);
}

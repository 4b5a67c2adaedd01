/** Every resource of the gateway's own Twilio API, and who answers for it. */

import type { WirePath } from '../../wire/path.ts';
import type { Answer, Exchange, Handler } from './exchange.ts';
import { methodNotAllowed, notFound } from '../../wire/error.ts';
import { listCallerIds, passAccount, passOn } from './account.ts';
import { below, create, fetch, remove, update } from './entries.ts';
import { list } from './list.ts';

type Methods = Readonly<Partial<Record<Exchange['method'], Handler>>>;

/** The account in the path is the first identifier. */
const RESOURCES: Readonly<Record<string, Methods>> = {
  Accounts: { GET: passAccount },
  'Accounts/:sid': { GET: passAccount },
  'Accounts/:sid/Balance': { GET: passOn },
  'Accounts/:sid/Calls': { GET: list('call'), POST: create('call') },
  'Accounts/:sid/Calls/:sid': { GET: fetch('call'), POST: update('call'), DELETE: remove('call') },
  'Accounts/:sid/IncomingPhoneNumbers': { GET: passOn, POST: passOn },
  'Accounts/:sid/IncomingPhoneNumbers/:sid': { GET: passOn, POST: passOn, DELETE: passOn },
  'Accounts/:sid/Messages': { GET: list('message'), POST: create('message') },
  'Accounts/:sid/Messages/:sid': { GET: fetch('message'), POST: update('message'), DELETE: remove('message') },
  'Accounts/:sid/Messages/:sid/Feedback': { POST: below('message') },
  'Accounts/:sid/Messages/:sid/Media': { GET: below('message') },
  'Accounts/:sid/Messages/:sid/Media/:sid': { GET: below('message'), DELETE: below('message') },
  'Accounts/:sid/OutgoingCallerIds': { GET: listCallerIds, POST: passOn },
  'Accounts/:sid/OutgoingCallerIds/:sid': { GET: passOn, POST: passOn, DELETE: passOn },
};

/** Recordings, streams and whatever else Twilio keeps below a call (`subresource_uris`). */
const BELOW_CALL = /^Accounts\/:sid\/Calls\/:sid(\/[A-Za-z]+(\/:sid)?){1,2}$/;
const ANY: Methods = { GET: below('call'), POST: below('call'), DELETE: below('call') };
const MEDIA = 'Accounts/:sid/Messages/:sid/Media/:sid';

/** An identifier becomes part of a path again: it must not lead anywhere else. */
const IDENTIFIER = /^[\w+-]{1,64}$/;

/** A standard API key can neither read accounts nor list them (Twilio docs: API keys). */
export function isAccountItself({ pattern }: WirePath): boolean {
  return pattern === 'Accounts' || pattern === 'Accounts/:sid';
}

/** Who answers, or why nobody does. `path` as it was asked for. */
export function handlerOf(wire: WirePath, path: string, method: string): Handler | Answer {
  const { pattern, suffix, sids } = wire;
  const methods = Object.hasOwn(RESOURCES, pattern) ? RESOURCES[pattern] : BELOW_CALL.test(pattern) ? ANY : undefined;
  if (methods === undefined) return unserved(path);
  if (sids.slice(1).some((sid) => !IDENTIFIER.test(sid))) return { error: notFound(path) };
  if (suffix !== 'json' && !(suffix === null && pattern === MEDIA && method === 'GET'))
    return { error: { status: 406, code: null, message: 'The gateway answers JSON only: end the path with .json' } };
  const handler = Object.hasOwn(methods, method) ? methods[method as Exchange['method']] : undefined;
  return handler ?? { error: methodNotAllowed() };
}

/** Not 404: a program must not take what a gateway lacks for what Twilio does not know. */
function unserved(path: string): Answer {
  const message = `${path} does not go through a Tollboard gateway; nothing was done. Ask api.twilio.com for it.`;
  return { error: { status: 501, code: null, message } };
}

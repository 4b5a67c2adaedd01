/** /Messages and /Calls, what is sent through the gateway: create, fetch, update, delete, and what lies below one. */

import type { Entry, EntryKind, EntryRecord } from '../../core/entry.ts';
import type { SendAnswer } from '../../core/gateway-api.ts';
import type { Answer, Exchange, Handler } from './exchange.ts';
import { checkCall } from '../../core/call.ts';
import { FINAL_STATES, shownSid } from '../../core/entry.ts';
import { isTollboardError } from '../../core/errors.ts';
import { fromForm } from '../../core/form.ts';
import { checkMessage } from '../../core/message.ts';
import { renderEntry } from '../../wire/entry.ts';
import { notFound } from '../../wire/error.ts';
import { fieldOf } from '../../wire/form.ts';
import { parsePageRequest, renderItems } from '../../wire/page.ts';
import { type RefusalFacts, refusal, refusalOf } from '../../wire/refusal.ts';
import { isUnanswered, relay, relayed, translated } from './exchange.ts';

const CHECKS = { message: checkMessage, call: checkCall } as const;

/** Accepted on disk like any other, then answered as Twilio does; from there on nothing may look like a refusal. */
export function create(kind: EntryKind): Handler {
  return async (exchange) => {
    const { gateway, form, account, idempotencyKey } = exchange;
    const { to, params, extra } = fromForm(kind, form);
    const facts = { to, from: typeof params.from === 'string' ? params.from : '' };
    let accepted: SendAnswer;
    try {
      const request = { kind, to, params, extra, account, host: 'facade' };
      accepted = await gateway.send(request, idempotencyKey === null ? {} : { idempotencyKey });
    } catch (error) {
      const refused =
        isTollboardError(error) && error.kind === 'invalid' && error.code !== 'TOLLBOARD_IDEMPOTENCY_MISMATCH';
      const optedOut = isTollboardError(error) && error.report.twilioCode !== null;
      // Of several faults the gateway's own check may have met another first than Twilio's.
      if (refused) return { error: refusalOf(CHECKS[kind](to, params, exchange.now) ?? error.report, facts) };
      if (optedOut) return { error: refusalOf(error.report, facts) };
      throw error;
    }
    const [entry] = accepted.entries as [Entry];
    return createdAnswer(exchange, entry, facts);
  };
}

async function createdAnswer({ gateway }: Exchange, entry: Entry, facts: RefusalFacts): Promise<Answer> {
  const id = entry.id ?? '';
  try {
    const answer = await gateway.facade.answer(id);
    if (answer.outcome === 'refused') return { status: answer.status, body: answer.body as never };
    if (answer.outcome === 'rejected') return { error: refusalOf(answer.error, facts) };
    const { resource } = answer;
    if (resource !== null) return { status: 201, body: translated(resource, answer.entry) };
    return { status: 201, body: rendered(answer.entry) };
  } catch (error) {
    // It is on disk and will be sent: an error here would make the client send it again.
    if (!isTollboardError(error)) throw error;
    const times = { createdAt: Date.parse(entry.createdAt ?? ''), updatedAt: Date.parse(entry.updatedAt ?? '') };
    return { status: 201, body: renderEntry({ ...entry, ...times }, id) };
  }
}

/** As Twilio shows it; as the gateway has it while Twilio has not, or cannot be asked. */
export function fetch(kind: EntryKind): Handler {
  return withEntry(kind, {
    async known(exchange, entry) {
      try {
        const answer = await relay(exchange, entry);
        return answer.status >= 500 ? { status: 200, body: rendered(entry) } : relayed(answer, entry);
      } catch (error) {
        if (!isUnanswered(error)) throw error;
        return { status: 200, body: rendered(entry) };
      }
    },
    own: async (_exchange, entry) => ({ status: 200, body: rendered(entry) }),
  });
}

/** Twilio's updates. Before Twilio has it, only canceling it makes sense, and for a message to remove its text. */
export function update(kind: EntryKind): Handler {
  return withEntry(kind, {
    async known(exchange, entry) {
      const { facade } = exchange.gateway;
      const answer = await relay(exchange, entry);
      if (answer.status < 300 && answer.body !== null) {
        await facade.shown(entry, answer.body);
        if (kind === 'message' && fieldOf(exchange.form, 'Body') === '') await facade.mark(entry, 'redacted');
      }
      return relayed(answer, entry);
    },
    own: kind === 'call' ? updateOwnCall : updateOwnMessage,
  });
}

/** Exactly one of an empty Body and Status=canceled (Twilio docs: update a Message). */
const updateOwnMessage: Own = async (exchange, entry) => {
  const body = fieldOf(exchange.form, 'Body');
  const status = fieldOf(exchange.form, 'Status');
  if (status === 'canceled' && body === null) return canceled(exchange, entry, 30409);
  if (body !== '' || status !== null) return { error: refusal(30400) };
  if (!FINAL_STATES.has(entry.state)) return { error: refusal(20009) };
  return { status: 200, body: rendered(await exchange.gateway.redact(entry.id)) };
};

const updateOwnCall: Own = async (exchange, entry) => {
  const status = fieldOf(exchange.form, 'Status');
  if (status === 'canceled' || status === 'completed') return canceled(exchange, entry, 21220);
  return { error: refusal(status === null ? 21220 : 20422) };
};

async function canceled({ gateway }: Exchange, entry: EntryRecord, code: number): Promise<Answer> {
  try {
    return { status: 200, body: rendered(await gateway.cancel(entry.id)) };
  } catch (error) {
    if (!isTollboardError(error) || error.code !== 'TOLLBOARD_ENTRY_STATE') throw error;
    return { error: refusal(code) };
  }
}

/** What is deleted at Twilio is deleted here. What Twilio has not cannot be deleted before it ended. */
export function remove(kind: EntryKind): Handler {
  return withEntry(kind, {
    async known(exchange, entry) {
      const answer = await relay(exchange, entry);
      if (answer.status < 300) await exchange.gateway.facade.mark(entry, 'deleted');
      return relayed(answer, entry);
    },
    async own(exchange, entry) {
      if (!FINAL_STATES.has(entry.state)) return { error: refusal(20009) };
      await exchange.gateway.facade.mark(entry, 'deleted');
      return { status: 204, body: null };
    },
  });
}

/** Media, feedback, and whatever else Twilio keeps below a message or call. */
export function below(kind: EntryKind): Handler {
  return withEntry(kind, {
    known: async (exchange, entry) => relayed(await relay(exchange, entry), entry),
    async own({ wire, path, query, method }) {
      if (wire.pattern.endsWith('/Media') && method === 'GET') {
        const request = parsePageRequest(path, query);
        if ('status' in request) return { error: request };
        const none = { own: null, next: null, previous: null };
        return { status: 200, body: renderItems(request, 'media_list', [], none) };
      }
      if (method === 'GET') return { error: notFound(path) };
      const message = `Twilio does not have this ${kind} yet; it is on its way. Ask again later.`;
      return { error: { status: 409, code: 20409, message } };
    },
  });
}

type Own = (exchange: Exchange, entry: EntryRecord) => Promise<Answer>;

/** `known`: Twilio has it. `own`: only the gateway has it. What no entry is about goes to Twilio as it is. */
function withEntry(kind: EntryKind, { known, own }: { known: Own; own: Own }): Handler {
  return async (exchange) => {
    const { gateway, account, sid, path } = exchange;
    const entry = await gateway.facade.find(account, kind, sid);
    if (entry === null) return relayed(await relay(exchange));
    if (entry.deleted) return { error: notFound(path) };
    return entry.sid === null ? own(exchange, entry) : known(exchange, entry);
  };
}

export function rendered(entry: EntryRecord): ReturnType<typeof renderEntry> {
  return renderEntry(entry, shownSid(entry));
}

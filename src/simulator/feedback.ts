/** POST /Messages/{sid}/Feedback.json: whether the recipient did what the message was for. */

import type { Handler } from './exchange.ts';
import { fieldOf } from '../wire/form.ts';
import { renderFeedback } from '../wire/message.ts';
import { missing } from './accounts.ts';
import { failure } from './exchange.ts';
import { findMessage } from './messages.ts';

/** Answers 200, not 201; another Outcome than confirmed or unconfirmed is refused. */
export const createFeedback: Handler = (exchange) => {
  const { sim, account, now } = exchange;
  const message = findMessage(exchange);
  if (message === null) return missing(exchange);
  const outcome = fieldOf(exchange.form, 'Outcome') ?? 'confirmed';
  if (outcome !== 'confirmed' && outcome !== 'unconfirmed') return failure(400, 20422, 'Invalid Parameter: Outcome');
  const earlier = sim.store.feedback.get(account.sid, message.sid);
  const feedback = {
    sid: message.sid,
    accountSid: account.sid,
    messageSid: message.sid,
    outcome,
    dateCreated: earlier?.dateCreated ?? now,
    dateUpdated: now,
  };
  if (earlier !== null) sim.store.feedback.remove(earlier);
  sim.store.feedback.save(feedback);
  return { status: 200, body: renderFeedback(feedback) };
};

/** /Messages/{sid}/Media: the records of a message's media. */

import type { Exchange, Handler } from './exchange.ts';
import type { Media } from './model.ts';
import { parseDateFilter } from '../wire/date.ts';
import { renderMedia } from '../wire/message.ts';
import { missing } from './accounts.ts';
import { failure, listAnswer } from './exchange.ts';
import { findMessage } from './messages.ts';

/** GET /Messages/{sid}/Media.json, with the DateCreated filters. */
export const listMedia: Handler = (exchange) => {
  const { sim, account, query } = exchange;
  const message = findMessage(exchange);
  if (message === null) return missing(exchange);
  let matching = sim.store.media.of(account.sid).filter((media) => media.parentSid === message.sid);
  for (const [name, value] of query) {
    if (!/^DateCreated[<>]?$/.test(name)) continue;
    const range = parseDateFilter(value);
    if (range === null) return failure(400, 20422, 'Invalid Parameter: DateCreated');
    matching = matching.filter(
      ({ dateCreated }) =>
        (name === 'DateCreated<' || dateCreated >= range.from) && (name === 'DateCreated>' || dateCreated <= range.to),
    );
  }
  return listAnswer(exchange, matching, 'media_list', renderMedia);
};

/** GET /Messages/{sid}/Media/{sid}.json */
export const fetchMedia: Handler = (exchange) => {
  const media = findMedia(exchange);
  return media === null ? missing(exchange) : { status: 200, body: renderMedia(media) };
};

/** GET without a suffix: the file itself. Nothing is stored here, so the answer leads to where the file came from. */
export const redirectToMedia: Handler = (exchange) => {
  const media = findMedia(exchange);
  return media === null ? missing(exchange) : { status: 307, body: null, headers: { Location: media.url } };
};

/** DELETE /Messages/{sid}/Media/{sid}.json */
export const deleteMedia: Handler = (exchange) => {
  const { sim } = exchange;
  const media = findMedia(exchange);
  const message = findMessage(exchange);
  if (media === null || message === null) return missing(exchange);
  sim.store.media.remove(media);
  message.numMedia -= 1;
  sim.store.messages.save(message);
  return { status: 204, body: null };
};

function findMedia(exchange: Exchange): Media | null {
  const media = exchange.sim.store.media.get(exchange.account.sid, exchange.subSid);
  return media === null || media.parentSid !== exchange.sid || findMessage(exchange) === null ? null : media;
}

/** Which events a sink gets once more: chosen by their ids or their time, or its dead letters. */

import type { EventRecord } from '../core/event.ts';
import type { Store } from '../core/ports.ts';
import type { EventStretch, SinkSettings } from '../core/sinks.ts';
import { TollboardError } from '../core/errors.ts';
import { MAX_REPLAYED, wantsEvent } from '../core/sinks.ts';
import { consumerOf, deadRecords, letterView } from './progress.ts';

/** Events read, or handed on, at a time. */
const BATCH = 500;

/** Letters whose events are gone by now (`retention.events`) go as well; those that the sink wants no more stay. */
export async function replayDead(store: Store, sink: SinkSettings): Promise<string[]> {
  const replayed: string[] = [];
  for (const record of await deadRecords(store, sink.name)) {
    const { event: id } = letterView(sink.name, record);
    const event = await store.event(id);
    if (event !== null && !wantsEvent(sink, event)) continue;
    if (event !== null) replayed.push(...(await handOn(store, sink, [event])));
    // After the replay: what is killed in between is rather there twice than not at all.
    await store.keep({ remove: [record] });
  }
  return replayed;
}

/** All or, when one of them is not there, none. Throws `TOLLBOARD_EVENT_NOT_FOUND`. */
export async function replayEvents(store: Store, sink: SinkSettings, ids: readonly string[]): Promise<string[]> {
  const events: EventRecord[] = [];
  for (const id of new Set(ids)) {
    const event = await store.event(id);
    if (event === null) throw new TollboardError('TOLLBOARD_EVENT_NOT_FOUND', { details: { id: id.slice(0, 40) } });
    if (wantsEvent(sink, event)) events.push(event);
  }
  return handOn(store, sink, events);
}

/** Throws `TOLLBOARD_SINK_REPLAY_TOO_LARGE`, and hands on nothing, where more than {@link MAX_REPLAYED} fit. */
export async function replayStretch(
  store: Store,
  sink: SinkSettings,
  { since, until }: EventStretch,
): Promise<string[]> {
  const newest = await store.newestEvent();
  const chosen: EventRecord[] = [];
  for (let afterSeq = 0; ; ) {
    const events = await store.events({ limit: BATCH, afterSeq, since });
    // The clock may have been set back, so a later event need not have a later time.
    chosen.push(...events.filter((event) => event.seq <= newest && event.at <= until && wantsEvent(sink, event)));
    if (chosen.length > MAX_REPLAYED)
      throw new TollboardError('TOLLBOARD_SINK_REPLAY_TOO_LARGE', {
        details: { sink: sink.name, limit: MAX_REPLAYED },
      });
    const last = events.at(-1);
    if (last === undefined || last.seq >= newest) break;
    afterSeq = last.seq;
  }
  const replayed: string[] = [];
  // Writes of a batch share a commit.
  for (let at = 0; at < chosen.length; at += BATCH)
    replayed.push(...(await handOn(store, sink, chosen.slice(at, at + BATCH))));
  return replayed;
}

/** In their order; those that are still there. */
async function handOn(store: Store, sink: SinkSettings, events: readonly EventRecord[]): Promise<string[]> {
  const reached = await Promise.all(events.map(({ seq }) => store.replay(seq, [consumerOf(sink.name)])));
  return events.filter((_event, at) => reached[at]?.length === 1).map(({ id }) => id);
}

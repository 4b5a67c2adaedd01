/** The gateway as Twilio's own REST API sees it: what came of a create, and Twilio itself for everything else. */

import type { EntryKind, EntryRecord } from '../core/entry.ts';
import type { CreateAnswer, FacadeGateway, RelayAnswer, RelayRequest, TwilioResource } from '../core/facade-gateway.ts';
import type { Fact, StatusFact } from '../core/outbox.ts';
import type { Clock, ListedResource, Store } from '../core/ports.ts';
import type { CreateVerdict, CreateWaits } from './create-waits.ts';
import type { LateChanges } from './late-changes.ts';
import { errorReport, isTollboardError, TollboardError } from '../core/errors.ts';
import { recognise } from '../core/resolution.ts';
import { statusFields } from '../core/status-fields.ts';

/** What the facade asks of an account's client. */
export interface RelayingClient {
  relay(request: RelayRequest): Promise<RelayAnswer>;
}

export interface FacadeGatewayOptions {
  store: Store;
  clock: Clock;
  /** Configured accounts by SID. */
  accounts: ReadonlyMap<string, RelayingClient>;
  /** Those with an auth token. */
  tokened: ReadonlySet<string>;
  waits: CreateWaits;
  late: LateChanges;
  answerWithinMs: number;
  /** What Twilio's words in a resource mean; null where it is no resource of this kind. */
  statusOf(kind: EntryKind, resource: TwilioResource): StatusFact | null;
  listedOf(kind: EntryKind, resource: TwilioResource): ListedResource | null;
}

export function createFacadeGateway(options: FacadeGatewayOptions): FacadeGateway {
  const { store, clock, accounts } = options;
  const apply = (entry: EntryRecord, fact: Fact) => store.apply([{ key: { id: entry.id }, fact }], clock.now());
  return {
    knows: (account) => accounts.has(account),
    opens: (account) => options.tokened.has(account),
    answer: (id) => answer(id, options),
    async relay(account, request) {
      const client = accounts.get(account);
      if (client === undefined)
        throw new TollboardError('TOLLBOARD_ACCOUNT_UNKNOWN', { details: { account, known: '' } });
      return client.relay(request);
    },
    async find(account, kind, sid) {
      const entry = (await store.entry({ id: sid })) ?? (await store.entry({ sid }));
      return entry?.account === account && entry.kind === kind ? entry : null;
    },
    bySids: (sids) => store.entriesBySid(sids),
    given: (query) => store.given(query),
    explain(entries, rows) {
      const listed = rows.flatMap((row) => options.listedOf(entries[0]?.kind ?? 'message', row) ?? []);
      return recognise(entries, listed);
    },
    async shown(entry, resource) {
      const told = options.statusOf(entry.kind, resource);
      if (told === null || told.sid !== entry.sid || told.status === entry.status) return;
      await apply(entry, { type: 'status', source: 'poll', fields: statusFields(entry, told), ...told });
    },
    async mark(entry, what) {
      await apply(entry, { type: what });
    },
  };
}

async function answer(id: string, options: FacadeGatewayOptions): Promise<CreateAnswer> {
  const verdict = await options.waits.wait(id, options.answerWithinMs);
  const entry = await options.store.entry({ id });
  if (entry === null) throw new TollboardError('TOLLBOARD_ENTRY_NOT_FOUND', { details: { id } });
  if (entry.state === 'rejected' && !entry.idGiven) return refusalOf(entry, verdict);
  const resource = verdict?.outcome === 'accepted' ? verdict.resource : null;
  if (entry.sid !== null || entry.idGiven) return { outcome: 'taken', entry, resource };
  // The disk did not take Twilio's answer yet: the client may know the SID all the same.
  if (verdict?.outcome === 'accepted') return { outcome: 'taken', entry: { ...entry, sid: verdict.sid }, resource };
  return { outcome: 'taken', entry: await giveId(entry, options), resource: null };
}

function refusalOf({ error }: EntryRecord, verdict: CreateVerdict | null): CreateAnswer {
  if (verdict?.outcome === 'rejected' && verdict.error.httpStatus !== null)
    return { outcome: 'refused', status: verdict.error.httpStatus, body: verdict.refusal };
  return { outcome: 'rejected', error: error ?? errorReport('TOLLBOARD_INTERNAL') };
}

/** As it stands afterwards: Twilio's SID may have come in between, and then is the one to tell. */
async function giveId(entry: EntryRecord, { store, clock, late }: FacadeGatewayOptions): Promise<EntryRecord> {
  const change = { key: { id: entry.id }, fact: { type: 'idGiven' } } as const;
  try {
    const [applied] = await store.apply([change], clock.now());
    return applied === undefined || applied.outcome === 'missing' ? entry : applied.entry;
  } catch (error) {
    if (!isTollboardError(error) || error.kind !== 'unavailable') throw error;
    // The entry is on disk: an error would make the client send it a second time.
    late.keep(change);
    return { ...entry, idGiven: true };
  }
}

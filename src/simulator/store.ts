/** The simulator's memory: records by SID and by account, bounded, and written through to a journal where there is one. */

import type { Call, CallerId, Feedback, Media, Message, PhoneNumber } from './model.ts';

/** Where records outlive the process. `put` with null removes. */
export interface Journal {
  put(kind: string, key: string, record: unknown): void;
  /** Resolves when everything put so far is committed. */
  committed(): Promise<void>;
  load(kind: string): unknown[];
  close(): Promise<void>;
}

interface Kept {
  sid: string;
  accountSid: string;
}

export interface Records<T extends Kept> {
  /** Adds or rewrites. */
  save(record: T): void;
  remove(record: T): void;
  get(accountSid: string, sid: string): T | null;
  /** Whatever the account. */
  find(sid: string): T | null;
  /** In the order added. */
  of(accountSid: string): T[];
  all(): IterableIterator<T>;
  size(): number;
}

export interface OptOut extends Kept {
  sender: string;
  recipient: string;
}

export interface SimulatorStore {
  messages: Records<Message> & { to(accountSid: string, to: string): Message[] };
  calls: Records<Call>;
  media: Records<Media>;
  feedback: Records<Feedback>;
  numbers: Records<PhoneNumber>;
  callerIds: Records<CallerId>;
  optOuts: Records<OptOut>;
  /** The next place in the order of acceptance. */
  nextSeq(): number;
  /** Null where nothing has to be waited for. */
  committed(): Promise<void> | null;
}

/** `maxRecords` bounds messages and calls each; the oldest make room. */
export function createSimulatorStore(journal: Journal | null, maxRecords: number): SimulatorStore {
  const messages = createMessages(journal, maxRecords);
  const calls = createRecords<Call>('call', journal, maxRecords);
  let seq = 0;
  for (const record of [...messages.all(), ...calls.all()]) seq = Math.max(seq, record.seq);
  return {
    messages,
    calls,
    media: createRecords<Media>('media', journal),
    feedback: createRecords<Feedback>('feedback', journal),
    numbers: createRecords<PhoneNumber>('number', journal),
    callerIds: createRecords<CallerId>('caller_id', journal),
    optOuts: createRecords<OptOut>('opt_out', journal),
    nextSeq: () => ++seq,
    committed: () => journal?.committed() ?? null,
  };
}

/** Messages are also found by recipient: a sender that lost an answer lists by To, again and again. */
function createMessages(journal: Journal | null, limit: number): SimulatorStore['messages'] {
  /** Most phones get one message: only the others need a set. */
  const byRecipient = new Map<string, Message | Set<Message>>();
  const index: Index<Message> = {
    add(message) {
      const key = `${message.accountSid} ${message.to}`;
      const own = byRecipient.get(key);
      if (own instanceof Set) own.add(message);
      else byRecipient.set(key, own === undefined ? message : new Set([own, message]));
    },
    remove(message) {
      const key = `${message.accountSid} ${message.to}`;
      const own = byRecipient.get(key);
      if (own instanceof Set) own.delete(message);
      if (own === message || (own instanceof Set && own.size === 0)) byRecipient.delete(key);
    },
  };
  const records = createRecords<Message>('message', journal, limit, index);
  return Object.assign(records, {
    to(accountSid: string, to: string) {
      const own = byRecipient.get(`${accountSid} ${to}`);
      return own instanceof Set ? [...own] : own === undefined ? [] : [own];
    },
  });
}

interface Index<R> {
  add(record: R): void;
  remove(record: R): void;
}

function createRecords<R extends Kept>(
  kind: string,
  journal: Journal | null,
  limit = Number.POSITIVE_INFINITY,
  index?: Index<R>,
): Records<R> {
  const bySid = new Map<string, R>();
  const byAccount = new Map<string, Map<string, R>>();

  function add(record: R): void {
    bySid.set(record.sid, record);
    let own = byAccount.get(record.accountSid);
    if (own === undefined) {
      own = new Map();
      byAccount.set(record.accountSid, own);
    }
    own.set(record.sid, record);
    index?.add(record);
  }

  const records: Records<R> = {
    save(record) {
      if (!bySid.has(record.sid)) {
        add(record);
        if (bySid.size > limit) records.remove(bySid.values().next().value as R);
      }
      journal?.put(kind, record.sid, record);
    },
    remove(record) {
      bySid.delete(record.sid);
      byAccount.get(record.accountSid)?.delete(record.sid);
      index?.remove(record);
      journal?.put(kind, record.sid, null);
    },
    get: (accountSid, sid) => byAccount.get(accountSid)?.get(sid) ?? null,
    find: (sid) => bySid.get(sid) ?? null,
    of: (accountSid) => [...(byAccount.get(accountSid)?.values() ?? [])],
    all: () => bySid.values(),
    size: () => bySid.size,
  };
  for (const record of journal?.load(kind) ?? []) add(record as R);
  return records;
}

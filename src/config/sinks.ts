/** The sinks of the configuration, each checked as a whole: what its kind needs is there, what it cannot use is not. */

import type { EventType } from '../core/event.ts';
import type { SinkKind, SinkSettings, SinkTarget } from '../core/sinks.ts';
import type { Found, Values } from './values.ts';
import path from 'node:path';
import { TollboardError } from '../core/errors.ts';
import { EVENT_TYPES } from '../core/event.ts';
import { SINK_KINDS } from '../core/sinks.ts';
import { parseDuration } from './duration.ts';
import { SINK } from './schema.ts';

/** Keys that belong to some kinds only. */
const OF_KIND: Readonly<Record<SinkKind, { needs: readonly string[]; may: readonly string[] }>> = {
  home_assistant: { needs: [], may: ['url', 'token', 'webhook', 'auth_token', 'signed_url'] },
  twilio: { needs: ['url', 'auth_token'], may: ['signed_url'] },
  standard_webhooks: { needs: ['url', 'secret'], may: [] },
  command: { needs: ['command'], may: ['timeout'] },
};
const OF_ALL: readonly string[] = ['kind', 'events', 'where', 'attempts', 'give_up_after'];

const NAME = /^[A-Za-z0-9_-]{1,64}$/;
/** Standard Webhooks 1.0.0: 24 to 64 random bytes. */
const SECRET_BYTES = { min: 24, max: 64 };

/** Throws `TOLLBOARD_CONFIG_VALUE_INVALID` for the first fault, with its place. */
export function sinksOf(values: Values): SinkSettings[] {
  const names = [...values.keys()].flatMap((key) =>
    key.startsWith('sinks.') ? [key.slice('sinks.'.length, key.lastIndexOf('.'))] : [],
  );
  return [...new Set(names)].map((name) => new SinkReader(name, values).read());
}

class SinkReader {
  readonly #name: string;
  readonly #values: Values;

  constructor(name: string, values: Values) {
    this.#name = name;
    this.#values = values;
  }

  read(): SinkSettings {
    if (!NAME.test(this.#name))
      throw this.#fault('', JSON.stringify(this.#name.slice(0, 60)), 'a name of at most 64 letters, digits, _ and -');
    const kind = this.#kind();
    this.#refuseOthers(kind);
    const target = TARGETS[kind](this);
    return {
      name: this.#name,
      kind,
      target,
      events: this.#events(target),
      fields: this.#fields(),
      attempts: Number(this.get('attempts')?.value ?? SINK.attempts.default),
      giveUpAfterMs: this.duration('give_up_after'),
    };
  }

  get(key: string): Found | undefined {
    return this.#values.get(`sinks.${this.#name}.${key}`);
  }

  text(key: string): string {
    return String(this.get(key)?.value ?? '');
  }

  texts(key: string): string[] {
    return [this.get(key)?.value ?? []].flat().map(String);
  }

  duration(key: 'give_up_after' | 'timeout'): number {
    return Number(this.get(key)?.value ?? parseDuration(SINK[key].default));
  }

  /** Of the whole configuration. */
  shared(key: string): string | null {
    const found = this.#values.get(key);
    return found === undefined ? null : String(found.value);
  }

  missing(key: string, expected: string): TollboardError {
    return this.#fault(key, 'absent', expected);
  }

  invalid(key: string, value: string, expected: string): TollboardError {
    const secret = this.get(key)?.secret === true;
    return this.#fault(key, secret ? 'a value that is not shown' : JSON.stringify(value.slice(0, 60)), expected);
  }

  #kind(): SinkKind {
    const kind = SINK_KINDS.find((one) => one === this.get('kind')?.value);
    if (kind === undefined) throw this.missing('kind', `one of ${SINK_KINDS.join(', ')}`);
    return kind;
  }

  #refuseOthers(kind: SinkKind): void {
    const { needs, may } = OF_KIND[kind];
    const known = [...OF_ALL, ...needs, ...may];
    const stranger = Object.keys(SINK).find((key) => this.get(key) !== undefined && !known.includes(key));
    if (stranger !== undefined)
      throw this.#fault(stranger, 'given', `none: a sink of kind ${kind} has ${known.slice(1).sort().join(', ')}`);
    const lacking = needs.find((key) => this.get(key) === undefined);
    if (lacking !== undefined) throw this.missing(lacking, `it for a sink of kind ${kind}`);
  }

  #events(target: SinkTarget): EventType[] {
    const given = this.get('events') === undefined ? null : this.texts('events');
    if (given === null) return target.via === 'form' ? ['twilio_data_received'] : [...EVENT_TYPES];
    const odd = given.find((type) => !EVENT_TYPES.some((known) => known === type));
    if (odd !== undefined || given.length === 0)
      throw this.invalid('events', odd ?? '[]', `some of ${EVENT_TYPES.join(', ')}`);
    return EVENT_TYPES.filter((type) => given.includes(type));
  }

  #fields(): Array<[name: string, value: string]> {
    return this.texts('where').map((text) => {
      const match = /^([A-Za-z0-9_]{1,64})=(.*)$/s.exec(text);
      if (match === null)
        throw this.invalid('where', text, "a field of Twilio's and its value, such as To=+15550000001");
      return [match[1] ?? '', match[2] ?? ''];
    });
  }

  #fault(key: string, value: string, expected: string): TollboardError {
    const where = this.get(key)?.where ?? this.get('kind')?.where ?? this.#firstPlace();
    const path = `sinks.${this.#name.slice(0, 60)}${key === '' ? '' : `.${key}`}`;
    return new TollboardError('TOLLBOARD_CONFIG_VALUE_INVALID', { details: { where, key: path, value, expected } });
  }

  #firstPlace(): string {
    return [...this.#values].find(([key]) => key.startsWith(`sinks.${this.#name}.`))?.[1].where ?? 'configuration';
  }
}

const TARGETS: Readonly<Record<SinkKind, (reader: SinkReader) => SinkTarget>> = {
  home_assistant(reader) {
    const url = (reader.text('url') || reader.shared('home_assistant.url'))?.replace(/\/+$/, '') ?? null;
    if (url === null) throw reader.missing('url', 'the address of Home Assistant, here or as home_assistant.url');
    const bare = URL.parse(url);
    if (bare === null || bare.search !== '' || bare.username !== '' || bare.password !== '')
      throw reader.invalid('url', url, 'the address of Home Assistant itself, without credentials and query');
    const webhook = reader.text('webhook');
    return webhook === '' ? eventApi(reader, url) : ownWebhook(reader, url, webhook);
  },
  twilio(reader) {
    const url = reader.text('url');
    return { via: 'form', url, signedUrl: reader.text('signed_url') || url, authToken: reader.text('auth_token') };
  },
  standard_webhooks(reader) {
    const secrets = reader.texts('secret');
    const odd = secrets.find((secret) => !isSecret(secret));
    if (odd !== undefined || secrets.length === 0)
      throw reader.invalid(
        'secret',
        odd ?? '',
        'whsec_ and 24 to 64 bytes in base64; make one: openssl rand -base64 32',
      );
    return { via: 'standard_webhooks', url: reader.text('url'), secrets };
  },
  command(reader) {
    const argv = reader.texts('command');
    if (!path.isAbsolute(argv[0] ?? ''))
      throw reader.invalid('command', argv[0] ?? '[]', 'the absolute path of a program, then its arguments, as a list');
    return { via: 'command', argv, timeoutMs: reader.duration('timeout') };
  },
};

function eventApi(reader: SinkReader, url: string): SinkTarget {
  const stray = ['auth_token', 'signed_url'].find((key) => reader.get(key) !== undefined);
  if (stray !== undefined) throw reader.missing('webhook', `it beside ${stray}, or neither`);
  const token =
    reader.text('token') || (reader.get('url') === undefined ? reader.shared('home_assistant.token') : null);
  if (token === null)
    throw reader.missing('token', 'a long-lived access token of Home Assistant, or webhook and auth_token');
  return { via: 'event_api', url, token };
}

function ownWebhook(reader: SinkReader, base: string, webhook: string): SinkTarget {
  if (!/^[A-Za-z0-9_-]{1,128}$/.test(webhook))
    throw reader.invalid('webhook', webhook, 'the id of a webhook, without its URL');
  if (reader.get('token') !== undefined)
    throw reader.invalid('token', '', 'none beside webhook, which takes auth_token');
  const authToken = reader.text('auth_token');
  if (authToken === '')
    throw reader.missing('auth_token', 'it beside webhook: the auth token that Home Assistant checks with');
  const url = `${base}/api/webhook/${webhook}`;
  return { via: 'form', url, signedUrl: reader.text('signed_url') || url, authToken };
}

function isSecret(text: string): boolean {
  const match = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(text);
  const bytes = Buffer.from(match?.[1] ?? '', 'base64').length;
  return bytes >= SECRET_BYTES.min && bytes <= SECRET_BYTES.max;
}

/** Every setting as data: type, limits, default, environment name, flag and text. Loader and reference page derive from it. */

import { SINK_KINDS } from '../core/sinks.ts';

export type SettingType =
  | 'text'
  | 'integer'
  | 'number'
  | 'duration'
  | 'url'
  | 'path'
  | 'sender'
  | 'host'
  | 'store'
  | 'target'
  | 'texts';

export interface Setting {
  readonly kind: 'setting';
  readonly type: SettingType;
  /** As it would be written in the file; absent when there is none. */
  readonly default?: string;
  readonly description: string;
  /** Environment variable that goes before the file. */
  readonly environment?: string;
  /** Flag of `tollboard start` that goes before everything. */
  readonly flag?: string;
  readonly choices?: readonly string[];
  /** Inclusive bounds: of a number, or of a duration in milliseconds. */
  readonly min?: number;
  readonly max?: number;
  /** Most items of `texts`. */
  readonly maxItems?: number;
  /** What each of `texts` has to be. Default: any text. */
  readonly items?: SettingType;
  readonly secret?: true;
}

export interface Group {
  readonly kind: 'group';
  readonly description: string;
  readonly fields: Readonly<Record<string, SchemaNode>>;
}

/** A mapping whose keys are chosen by the user. */
export interface Named {
  readonly kind: 'named';
  readonly description: string;
  /** What the key stands for, in capitals, for messages and docs. */
  readonly keyName: string;
  /** What the key has to be. Default: any text. */
  readonly keyType?: SettingType;
  readonly each: Group;
}

/** A part that its own room reads: kept as it is written, with its places. */
export interface Raw {
  readonly kind: 'raw';
  readonly description: string;
}

export type SchemaNode = Setting | Group | Named | Raw;

const DAY_MS = 86_400_000;

function account(environment: boolean): Record<string, Setting> {
  const env = (name: string) => (environment ? { environment: name } : {});
  return {
    account_sid: {
      kind: 'setting',
      type: 'text',
      description: 'The account SID. One that does not begin with `AC` gets a warning.',
      ...env('TWILIO_ACCOUNT_SID'),
    },
    auth_token: {
      kind: 'setting',
      type: 'texts',
      maxItems: 2,
      secret: true,
      description: 'The auth token, or a list of two while it is rotated: the first sends, both prove signatures.',
      ...env('TWILIO_AUTH_TOKEN'),
    },
    api_key: {
      kind: 'setting',
      type: 'text',
      description: 'SID of an API key (`SK…`), with `api_secret` in place of or beside the auth token.',
      ...env('TWILIO_API_KEY'),
    },
    api_secret: {
      kind: 'setting',
      type: 'text',
      secret: true,
      description: 'Secret of the API key.',
      ...env('TWILIO_API_SECRET'),
    },
    base_url: {
      kind: 'setting',
      type: 'url',
      default: 'https://api.twilio.com',
      description: 'Where Twilio is: scheme, host, port and optional prefix. A trailing `/` or `/2010-04-01` is cut.',
      ...env('TWILIO_BASE_URL'),
    },
  };
}

/** What one sink may say; `sinks.ts` knows which kind takes what. */
export const SINK = {
  kind: { kind: 'setting', type: 'text', choices: SINK_KINDS, description: 'What it is: see docs/guide/sinks.md.' },
  url: {
    kind: 'setting',
    type: 'target',
    description:
      'Where it answers. Of `home_assistant`: the address of Home Assistant itself; default `home_assistant.url`.',
  },
  token: {
    kind: 'setting',
    type: 'text',
    secret: true,
    description:
      'Of `home_assistant`: a long-lived access token; where there is no `url` either, default `home_assistant.token`.',
  },
  webhook: {
    kind: 'setting',
    type: 'text',
    description: "Of `home_assistant`: the id of its own webhook, which then gets Twilio's form instead of an event.",
  },
  auth_token: {
    kind: 'setting',
    type: 'text',
    secret: true,
    description:
      "Of `twilio`, and of `home_assistant` with `webhook`: what the receiver takes for Twilio's auth token.",
  },
  signed_url: {
    kind: 'setting',
    type: 'target',
    description:
      'Beside `auth_token`: the URL under which the receiver checks the signature. Default: the one that is called.',
  },
  secret: {
    kind: 'setting',
    type: 'texts',
    secret: true,
    maxItems: 2,
    description: 'Of `standard_webhooks`: `whsec_` and 24 to 64 bytes in base64; two during rotation.',
  },
  command: {
    kind: 'setting',
    type: 'texts',
    description: 'Of `command`: the absolute path of the program, then its arguments.',
  },
  timeout: {
    kind: 'setting',
    type: 'duration',
    default: '10s',
    min: 100,
    max: 300_000,
    description: 'Of `command`: how long it may take.',
  },
  events: {
    kind: 'setting',
    type: 'texts',
    description: "Only events of these types. Default: all; where it gets Twilio's form, `twilio_data_received` alone.",
  },
  where: {
    kind: 'setting',
    type: 'texts',
    description: 'Only events with all of these values: `To=+15550000001`.',
  },
  attempts: {
    kind: 'setting',
    type: 'integer',
    default: '5',
    min: 1,
    max: 100,
    description: 'Tries of an event that the receiver refuses; then it is a dead letter.',
  },
  give_up_after: {
    kind: 'setting',
    type: 'duration',
    default: '24h',
    min: 1000,
    max: 30 * DAY_MS,
    description: 'How long an event waits for a receiver that cannot be reached; then it is a dead letter.',
  },
} as const satisfies Readonly<Record<string, Setting>>;

/** The whole file. */
export const SCHEMA: Group = {
  kind: 'group',
  description: 'The configuration file.',
  fields: {
    listen: {
      kind: 'group',
      description: 'Where the gateway listens.',
      fields: {
        host: {
          kind: 'setting',
          type: 'text',
          default: '127.0.0.1',
          flag: '--host',
          description: 'Address to listen on.',
        },
        port: {
          kind: 'setting',
          type: 'integer',
          default: '8655',
          min: 0,
          max: 65_535,
          flag: '--port',
          environment: 'PORT',
          description: 'Port to listen on; 0 takes any free one.',
        },
        hosts: {
          kind: 'setting',
          type: 'texts',
          items: 'host',
          default: '[]',
          maxItems: 100,
          description:
            'Further names that a request may carry in its `Host` header, beside loopback names and `public_url`.',
        },
      },
    },
    public_url: {
      kind: 'setting',
      type: 'url',
      description: 'The https address under which Twilio reaches this gateway. Without it statuses come by polling.',
    },
    data: {
      kind: 'setting',
      type: 'path',
      default: './data',
      flag: '--data',
      description: 'Folder of the store; one gateway per folder.',
    },
    store: {
      kind: 'setting',
      type: 'store',
      default: 'sqlite',
      description: 'Where entries are kept: `sqlite`, a file in the data folder.',
    },
    twilio: {
      kind: 'group',
      description: 'The Twilio account. Without one the simulator is started.',
      fields: account(true),
    },
    accounts: {
      kind: 'named',
      keyName: 'NAME',
      description: 'Further Twilio accounts by name.',
      each: { kind: 'group', description: 'One account.', fields: account(false) },
    },
    sender: {
      kind: 'setting',
      type: 'sender',
      environment: 'TWILIO_FROM',
      description: 'The default sender: a number in E.164 form, or a Messaging Service (`MG…`).',
    },
    senders: {
      kind: 'named',
      keyName: 'FROM',
      keyType: 'sender',
      description: 'Pace per sender. Without an entry there is none: Twilio queues.',
      each: {
        kind: 'group',
        description: 'One sender.',
        fields: {
          per_second: {
            kind: 'setting',
            type: 'number',
            min: 0.01,
            max: 1000,
            description: 'Messages per second.',
          },
        },
      },
    },
    simulator: {
      kind: 'group',
      description: 'The offline Twilio inside `tollboard start`.',
      fields: {
        accounts: {
          kind: 'setting',
          type: 'path',
          flag: '--accounts',
          description: 'File that declares accounts of the simulator beside its four own ones.',
        },
        trial: {
          kind: 'setting',
          type: 'text',
          choices: ['seeds', '2026'],
          default: 'seeds',
          description: 'Rules of a trial account: as the five tools describe them, or as Twilio has them since 2026.',
        },
      },
    },
    delivery: {
      kind: 'group',
      description: 'How messages are delivered.',
      fields: {
        on_unknown: {
          kind: 'setting',
          type: 'text',
          choices: ['resend', 'hold'],
          default: 'resend',
          description:
            'What follows when three complete listings lack a message whose answer was lost: `resend` sends what they lack, `hold` never repeats.',
        },
        resolve_window: {
          kind: 'setting',
          type: 'duration',
          default: '120s',
          min: 1000,
          max: 7 * DAY_MS,
          description: 'The least time over which a lost answer is looked for before absence is concluded.',
        },
        concurrency: {
          kind: 'setting',
          type: 'integer',
          default: '50',
          min: 1,
          max: 1000,
          description: 'Requests under way to one account at a time.',
        },
        status_callback: {
          kind: 'setting',
          type: 'text',
          choices: ['auto', 'always', 'never'],
          default: 'auto',
          description:
            "Whether the gateway's own status callback goes out with a message: `auto` where Twilio can reach it.",
        },
      },
    },
    retention: {
      kind: 'group',
      description: 'How long finished things are kept.',
      fields: {
        messages: {
          kind: 'setting',
          type: 'duration',
          default: '90d',
          min: 60_000,
          max: 36_500 * DAY_MS,
          description: 'Finished messages and calls.',
        },
        idempotency: {
          kind: 'setting',
          type: 'duration',
          default: '7d',
          min: 60_000,
          max: 36_500 * DAY_MS,
          description: 'Idempotency keys with their answers.',
        },
        events: {
          kind: 'setting',
          type: 'duration',
          default: '90d',
          min: 60_000,
          max: 36_500 * DAY_MS,
          description: 'Events.',
        },
      },
    },
    facade: {
      kind: 'group',
      description: "Twilio's own REST API, served by the gateway.",
      fields: {
        answer_within: {
          kind: 'setting',
          type: 'duration',
          default: '5s',
          min: 0,
          max: 30_000,
          description:
            "How long a create waits for Twilio's own answer before it is answered `accepted` with the entry's id.",
        },
      },
    },
    notify: {
      kind: 'raw',
      description:
        "Home Assistant's notifiers: a list of blocks with `name`, `platform` (`twilio_sms`, `twilio_call`) and `from_number`.",
    },
    automation: {
      kind: 'raw',
      description: "Home Assistant's automations: a mapping, a list of them, or `!include` of a file that is one.",
    },
    rest_command: {
      kind: 'raw',
      description:
        'Requests that automations make, as in Home Assistant: by name `url`, `method`, `payload`, `headers`, `content_type`, `timeout`.',
    },
    home_assistant: {
      kind: 'group',
      description: 'The Home Assistant to which services are handed on that are not ours.',
      fields: {
        url: { kind: 'setting', type: 'url', description: 'Its address, such as `http://homeassistant.local:8123`.' },
        token: { kind: 'setting', type: 'text', secret: true, description: 'A long-lived access token of it.' },
      },
    },
    sinks: {
      kind: 'named',
      description: 'Where events are handed on to.',
      keyName: 'NAME',
      each: { kind: 'group', description: 'One of them.', fields: SINK },
    },
  },
};

/** The descriptors of both generations of the Flogo engine, and what the Go activity takes from the host. */

import type { Field } from '../../src/hosts/host.ts';
import { SEPARATORS } from '../../src/core/address.ts';
import { BACKOFF_BASE_MS, BACKOFF_CAP_MS } from '../../src/core/retry.ts';
import { ATTEMPTS, LANES } from '../../src/delivery/one-shot.ts';
import { BLANKS, CODES, DEFAULT_METHOD, METHOD_NAMES, STATUSES, TEXTS } from '../../src/hosts/flogo/answers.ts';
import { flogoDefinition } from '../../src/hosts/flogo/definition.ts';
import { LEAST_ERROR_CODE, TOO_FAST } from '../../src/twilio/answers.ts';
import { MAX_PAGES, PAGE_SIZE } from '../../src/twilio/conversation.ts';
import { KIND_ACTIONS } from '../../src/twilio/resources.ts';
import { ANSWER_TIMEOUT_MS, MAX_ANSWER_BYTES } from '../../src/twilio/transport.ts';
import { version } from '../../src/version.ts';

const MODULE = 'github.com/tollboard/tollboard/integrations/flogo';

/** Path below `integrations/` → text. */
export function flogoFiles(): Record<string, string> {
  return {
    'flogo/twiliosms/descriptor.json': json(newDescriptor()),
    'flogo/legacy/twiliosms/activity.json': json(oldDescriptor()),
    'flogo/twiliosms/sms/contract.json': json(contract()),
  };
}

const { title, description, fields, outputs } = flogoDefinition;
const inputs = fields.inputs ?? [];
const added = (fields.settings ?? []).filter((field) => field.added === true);

/** As the document's schema has it, word for word. */
function attribute({ name, type, required, default: value, choices }: Field): Record<string, unknown> {
  return {
    name,
    type,
    ...(choices === undefined ? {} : { allowed: choices.map((choice) => choice.value) }),
    ...(value === undefined ? {} : { value }),
    ...(required ? { required } : {}),
  };
}

function head(ref: string): Record<string, unknown> {
  return { name: 'twiliosms', type: 'flogo:activity', version, title, description, ref };
}

const returned = () => outputs.map(({ name, type }) => ({ name, type }));

/** project-flogo: `ref` is the module path, and settings are read once, when the flow is loaded. */
function newDescriptor(): Record<string, unknown> {
  const { ref: _ref, ...names } = head('');
  return { ...names, settings: added.map(attribute), input: inputs.map(attribute), output: returned() };
}

/** flogo-lib: with a `ref`, and with the setting among the inputs, where its editors show it. */
function oldDescriptor(): Record<string, unknown> {
  return {
    ...head(`${MODULE}/legacy/twiliosms`),
    inputs: [...inputs, ...added].map(attribute),
    outputs: returned(),
  };
}

/** What `\s` takes in ECMAScript; in Go it is ASCII alone. */
const BLANK_IN_GO = '\\s\\v\\p{Z}\\x{feff}';

/** What the Go activity knows: it has no codes, texts or limits of its own. */
function contract(): Record<string, unknown> {
  return {
    version,
    inputs: inputs.map(({ name }) => name),
    methods: METHOD_NAMES,
    defaultMethod: DEFAULT_METHOD,
    blanks: BLANKS,
    statuses: STATUSES,
    codes: CODES,
    texts: TEXTS,
    twilio: {
      sid: KIND_ACTIONS.message.sid.source,
      separators: SEPARATORS.source.replace('\\s', BLANK_IN_GO),
      tooFast: [...TOO_FAST],
      leastErrorCode: LEAST_ERROR_CODE,
      timeoutMs: ANSWER_TIMEOUT_MS,
      maxAnswerBytes: MAX_ANSWER_BYTES,
      lanes: LANES,
      attempts: ATTEMPTS,
      backoffMs: BACKOFF_BASE_MS,
      maxBackoffMs: BACKOFF_CAP_MS,
      pageSize: PAGE_SIZE,
      maxPages: MAX_PAGES,
    },
  };
}

/** With short lists on one line, as the formatter writes them. */
function json(value: unknown): string {
  const text = JSON.stringify(value, null, 2);
  return `${text.replaceAll(/\[\n\s+((?:"[^"\n]*"|\d+)(?:,\n\s+(?:"[^"\n]*"|\d+))*)\n\s+\]/g, (_, items: string) => `[${items.replaceAll(/,\n\s+/g, ', ')}]`)}\n`;
}

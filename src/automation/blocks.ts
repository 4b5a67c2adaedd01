/** The blocks beside the automations: `notify:` and `rest_command:` as Home Assistant writes them. */

import type { AddressKind } from '../core/address.ts';
import type { Located } from '../core/located.ts';
import type { NotifyBlock, RestCommand } from './services.ts';
import { parseAddress } from '../core/address.ts';
import { durationMs } from './durations.ts';
import { Fields, invalid, kindOf, listOf, type PrintPlace } from './fields.ts';
import { slug } from './template/texts.ts';

const PLATFORMS = ['twilio_sms', 'twilio_call'] as const;

const BUILT_IN = 'persistent_notification';

/** What may send (the original's pattern took any text), as `core/message.ts` and `core/call.ts` have it. */
const SENDERS: Readonly<
  Record<NotifyBlock['platform'], { kinds: ReadonlySet<AddressKind | undefined>; expected: string }>
> = {
  twilio_sms: {
    kinds: new Set(['e164', 'short-code', 'alphanumeric', 'channel', 'sid']),
    expected: "a number such as '+15551112222', a sender ID of up to 11 letters and digits, or a channel address",
  },
  twilio_call: { kinds: new Set(['e164']), expected: "a number such as '+15551112222'" },
};

/** Throws `TOLLBOARD_AUTOMATION_INVALID`. A block without a name is `notify.notify`, as in Home Assistant. */
export function parseNotify(source: Located | null, printPlace: PrintPlace): NotifyBlock[] {
  const blocks = listOf(source).map((item, index): NotifyBlock => {
    const fields = new Fields(item, `notify/${index}`, printPlace);
    const platform = fields.need('platform') as NotifyBlock['platform'];
    if (!PLATFORMS.includes(platform))
      throw invalid(fields.where, `${fields.path}/platform`, `is ${platform.slice(0, 40)}`, PLATFORMS.join(' or '));
    const name = slug(fields.text('name') ?? '', '_') || 'notify';
    if (name === BUILT_IN)
      throw invalid(fields.where, `${fields.path}/name`, `is ${name}, which is built in`, 'another name');
    const fromNumber = fields.need('from_number');
    const { kinds, expected } = SENDERS[platform];
    // Home Assistant's own schema takes a number without +.
    if (![fromNumber, `+${fromNumber}`].some((text) => kinds.has(parseAddress(text)?.kind)))
      throw invalid(fields.where, `${fields.path}/from_number`, `is ${fromNumber.slice(0, 40)}`, expected);
    fields.end('a block of notify');
    return { name, platform, fromNumber };
  });
  for (const [index, { name }] of blocks.entries()) {
    const first = blocks.findIndex((block) => block.name === name);
    const item = listOf(source)[index];
    if (first === index || item === undefined) continue;
    throw invalid(
      printPlace(item.place),
      `notify/${index}/name`,
      `is ${name}, as of notify/${first}`,
      'a name of its own',
    );
  }
  return blocks;
}

const METHODS = ['get', 'post', 'put', 'patch', 'delete'];
/** Home Assistant's default, in milliseconds. */
const TIMEOUT_MS = 10_000;

/** Throws `TOLLBOARD_AUTOMATION_INVALID`. */
export function parseRestCommands(source: Located | null, printPlace: PrintPlace): Record<string, RestCommand> {
  if (source === null) return {};
  if (source.kind !== 'map')
    throw invalid(printPlace(source.place), 'rest_command', `is ${kindOf(source)}`, 'a mapping of names');
  return Object.fromEntries(
    source.entries.map(({ key, value }) => [key, restCommand(new Fields(value, `rest_command/${key}`, printPlace))]),
  );
}

function restCommand(fields: Fields): RestCommand {
  const method = (fields.text('method') ?? 'get').toLowerCase();
  if (!METHODS.includes(method))
    throw invalid(fields.where, `${fields.path}/method`, `is ${method.slice(0, 20)}`, METHODS.join(', '));
  const timeout = fields.text('timeout');
  const timeoutMs = timeout === null ? TIMEOUT_MS : (durationMs(timeout) ?? -1);
  if (timeoutMs <= 0 || timeoutMs > 60_000)
    throw invalid(fields.where, `${fields.path}/timeout`, `is ${timeout?.slice(0, 20)}`, 'seconds, up to 60');
  const headers = Object.entries(fields.mapping('headers')).map(([name, value]) => [name.toLowerCase(), String(value)]);
  const command: RestCommand = {
    url: fields.need('url'),
    method: method.toUpperCase(),
    payload: fields.text('payload'),
    contentType: fields.text('content_type'),
    headers: Object.fromEntries(headers),
    timeoutMs,
    where: fields.where,
  };
  fields.end('a rest_command');
  return command;
}

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readSource } from '../config/source.ts';
import { parseNotify, parseRestCommands } from './blocks.ts';

const folder = mkdtempSync(join(tmpdir(), 'tollboard-blocks-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const source = (yaml: string) => {
  const file = join(folder, 'blocks.yaml');
  writeFileSync(file, yaml);
  return readSource(file, {});
};
const place = ({ line, column }: { line: number; column: number }) => `blocks.yaml:${line}:${column}`;
const notifiers = (yaml: string) => parseNotify(source(yaml), place);
const commands = (yaml: string) => parseRestCommands(source(yaml), place);

describe('a block of notify', () => {
  it('is named as Home Assistant names its service', () => {
    const block = (name: string) => `- {platform: twilio_sms, from_number: '+15550000001'${name}}\n`;
    const blocks = notifiers(block('') + block(', name: Ops on Call') + block(', name: Küche 1'));
    expect(blocks.map(({ name }) => name)).toEqual(['notify', 'ops_on_call', 'kuche_1']);
  });

  const faults: Array<[what: string, yaml: string, says: RegExp]> = [
    [
      'another platform',
      '- {platform: mqtt}\n',
      /:1:3: notify\/0\/platform is mqtt; expected twilio_sms or twilio_call/,
    ],
    ...['garbage!!', '+12', 'client:ann'].map((sender): [string, string, RegExp] => [
      `the sender ${sender}`,
      `- {platform: twilio_sms, from_number: '${sender}'}\n`,
      /:1:3: notify\/0\/from_number is .*; expected a number such as '\+15551112222', a sender ID/,
    ]),
    [
      'a caller that is no number',
      '- {platform: twilio_call, from_number: Home}\n',
      /from_number is Home; expected a number/,
    ],
    [
      'the name of what is built in',
      '- {platform: twilio_sms, from_number: Home, name: Persistent Notification}\n',
      /notify\/0\/name is persistent_notification, which is built in; expected another name/,
    ],
    ['no sender', '- {platform: twilio_sms}\n', /notify\/0 lacks from_number/],
    [
      'the name of another',
      '- {platform: twilio_sms, from_number: Home}\n- {platform: twilio_call, from_number: 15550000001, name: Notify}\n',
      /:2:3: notify\/1\/name is notify, as of notify\/0; expected a name of its own/,
    ],
  ];
  it.each(faults)('with %s is told with its place', (_what, yaml, says) => expect(() => notifiers(yaml)).toThrow(says));
});

describe('a rest_command', () => {
  it('has what Home Assistant gives it where the file says nothing', () => {
    expect(commands("tell: {url: 'http://a.test/{{ x }}', headers: {X-Key: 1}}\n")).toEqual({
      tell: {
        url: 'http://a.test/{{ x }}',
        method: 'GET',
        payload: null,
        contentType: null,
        headers: { 'x-key': '1' },
        timeoutMs: 10_000,
        where: 'blocks.yaml:1:7',
      },
    });
  });

  const faults: Array<[what: string, yaml: string, says: RegExp]> = [
    [
      'another method',
      "a: {url: 'http://a.test', method: brew}\n",
      /rest_command\/a\/method is brew; expected get, post/,
    ],
    [
      'no time',
      "a: {url: 'http://a.test', timeout: 61}\n",
      /rest_command\/a\/timeout is 61; expected seconds, up to 60/,
    ],
    ['no url', 'a: {method: get}\n', /rest_command\/a lacks url/],
    ['a list in its place', '[1]\n', /rest_command is a list; expected a mapping of names/],
  ];
  it.each(faults)('with %s is told with its place', (_what, yaml, says) => expect(() => commands(yaml)).toThrow(says));
});

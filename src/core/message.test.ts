import type { ErrorReport } from './errors.ts';
import type { ParameterValues } from './parameter.ts';
import { describe, expect, it } from 'vitest';
import openapi from '../../test/contract/data/twilio-openapi-subset.json' with { type: 'json' };
import { checkMessage, checkParameters, MESSAGE_STATUSES, messageStatus } from './message.ts';
import { MESSAGE_PARAMETERS } from './message-parameters.ts';
import { twilioError } from './twilio-errors.ts';

const NOW = Date.UTC(2026, 0, 1);
const TO = '+15550001111';
const SERVICE = `MG${'0'.repeat(32)}`;
const TEXT = { from: '+15550000001', body: 'Hello' };

type Properties = Record<string, { type?: string; items?: object; pattern?: string; $ref?: string }>;
const create = openapi.paths['/2010-04-01/Accounts/{AccountSid}/Messages.json'].post;
const properties: Properties = create.requestBody.content['application/x-www-form-urlencoded'].schema.properties;
const schemas = openapi.components.schemas;

function enumOf(reference: string | undefined): readonly string[] | undefined {
  const name = reference?.split('/').at(-1);
  return name === undefined ? undefined : (schemas as Record<string, { enum?: string[] }>)[name]?.enum;
}

describe("the message table and Twilio's OpenAPI", () => {
  it('name the same 25 parameters', () => {
    expect(MESSAGE_PARAMETERS.map((row) => row.wire).sort()).toEqual(Object.keys(properties).sort());
    expect(MESSAGE_PARAMETERS).toHaveLength(25);
  });

  it.each(MESSAGE_PARAMETERS.map((row) => [row.wire, row] as const))('agree on %s', (wire, row) => {
    const property = properties[wire];
    const types = { integer: 'integer', number: 'number', boolean: 'boolean', list: 'array' } as Record<string, string>;
    if (property?.$ref === undefined) expect(types[row.type] ?? 'string').toBe(property?.type);
    expect(row.choices).toEqual(enumOf(property?.$ref));
    expect(row.prefix === undefined ? undefined : `^${row.prefix}[0-9a-fA-F]{32}$`).toBe(property?.pattern);
    expect(row.name).toBe(wire[0]?.toLowerCase() + wire.slice(1));
    expect(row.description).not.toBe('');
  });

  it('name the same statuses', () => {
    expect(Object.keys(MESSAGE_STATUSES).sort()).toEqual([...schemas.message_enum_status.enum].sort());
  });

  it('use codes that Twilio has', () => {
    for (const { twilioCode } of MESSAGE_PARAMETERS) if (twilioCode) expect(twilioError(twilioCode)).toBeDefined();
  });
});

describe('a message status', () => {
  it('that Twilio added later counts as a beginning', () => {
    expect(messageStatus('teleported')).toEqual({ rank: 0, final: false, failed: false });
    expect(messageStatus('constructor')).toEqual({ rank: 0, final: false, failed: false });
  });

  it('of sent is not the end, of read is behind delivered', () => {
    expect(messageStatus('sent').final).toBe(false);
    expect(messageStatus('read').rank).toBeGreaterThan(messageStatus('delivered').rank);
  });
});

describe('a message is refused', () => {
  const faults: Array<[situation: string, to: string, params: ParameterValues, code: string, twilioCode: number]> = [
    ['without a recipient', ' ', TEXT, 'MESSAGE_TO_MISSING', 21604],
    ['without a sender', TO, { body: 'x' }, 'MESSAGE_SENDER_MISSING', 21603],
    ['without content', TO, { from: TEXT.from }, 'MESSAGE_CONTENT_MISSING', 21602],
    ['with an empty body alone', TO, { ...TEXT, body: '' }, 'MESSAGE_CONTENT_MISSING', 21602],
    ['with an empty list of media alone', TO, { from: TEXT.from, mediaUrl: [] }, 'MESSAGE_CONTENT_MISSING', 21602],
    ['to a number without +', '15550001111', TEXT, 'MESSAGE_TO_INVALID', 21211],
    ['to a number of impossible length', '+1555', TEXT, 'MESSAGE_TO_INVALID', 21211],
    ['to a local number of seven digits', '5551234', TEXT, 'MESSAGE_TO_INVALID', 21211],
    ['to a client', 'client:bob', TEXT, 'MESSAGE_TO_INVALID', 21211],
    ['to a short code', '12345', TEXT, 'MESSAGE_TO_SHORT_CODE', 21265],
    ['to its own sender', TO, { ...TEXT, from: '+1 555 000 1111' }, 'MESSAGE_TO_EQUALS_FROM', 21266],
    ['from a text that is no sender', TO, { ...TEXT, from: '15550000001' }, 'MESSAGE_FROM_INVALID', 21212],
    ['from a client', TO, { ...TEXT, from: 'client:bob' }, 'MESSAGE_FROM_INVALID', 21212],
    ['from WhatsApp to a phone', TO, { ...TEXT, from: 'whatsapp:+15550000001' }, 'MESSAGE_CHANNEL_MISMATCH', 21910],
    ['from a phone to WhatsApp', `whatsapp:${TO}`, TEXT, 'MESSAGE_CHANNEL_MISMATCH', 21910],
    ['with 1601 characters', TO, { ...TEXT, body: 'x'.repeat(1601) }, 'MESSAGE_BODY_TOO_LONG', 21617],
    ['with 801 emoji', TO, { ...TEXT, body: '😀'.repeat(801) }, 'MESSAGE_BODY_TOO_LONG', 21617],
    ['with half of an emoji', TO, { ...TEXT, body: 'x\ud83d' }, 'PARAMETER_TYPE', 20422],
    ['with eleven media', TO, { ...TEXT, mediaUrl: Array(11).fill('http://a/b') }, 'MESSAGE_MEDIA_TOO_MANY', 21623],
    ['with a medium that is no URL', TO, { ...TEXT, mediaUrl: ['logo.png'] }, 'MESSAGE_MEDIA_URL_INVALID', 21620],
    ['with a medium on FTP', TO, { ...TEXT, mediaUrl: 'ftp://a/b' }, 'MESSAGE_MEDIA_URL_INVALID', 21620],
    ['with an underscore in the host', TO, { ...TEXT, statusCallback: 'http://a_b/' }, 'PARAMETER_CALLBACK_URL', 21609],
    [
      'with a callback of 4001 characters',
      TO,
      { ...TEXT, statusCallback: `http://a/${'x'.repeat(3992)}` },
      'PARAMETER_CALLBACK_URL',
      21609,
    ],
    ['with validity 0', TO, { ...TEXT, validityPeriod: 0 }, 'PARAMETER_RANGE', 21624],
    ['with validity 36001', TO, { ...TEXT, validityPeriod: 36_001 }, 'PARAMETER_RANGE', 21624],
    ['with a validity in words', TO, { ...TEXT, validityPeriod: 'long' }, 'PARAMETER_TYPE', 21624],
    ['with half a second of validity', TO, { ...TEXT, validityPeriod: 0.5 }, 'PARAMETER_TYPE', 21624],
    ['with a price of nothing', TO, { ...TEXT, maxPrice: 0 }, 'PARAMETER_RANGE', 21627],
    ['with a price below nothing', TO, { ...TEXT, maxPrice: -1 }, 'PARAMETER_RANGE', 21627],
    ['with a price in words', TO, { ...TEXT, maxPrice: 'cheap' }, 'PARAMETER_TYPE', 21627],
    ['with variables but no template', TO, { ...TEXT, contentVariables: '{}' }, 'MESSAGE_CONTENT_SID_MISSING', 21654],
    [
      'with variables as the only content',
      TO,
      { from: TEXT.from, contentVariables: '{}' },
      'MESSAGE_CONTENT_SID_MISSING',
      21654,
    ],
    ['with a template SID of another form', TO, { ...TEXT, contentSid: 'HX1' }, 'PARAMETER_TYPE', 21655],
    [
      'with variables that are a list',
      TO,
      { ...TEXT, contentVariables: '[1]' },
      'MESSAGE_CONTENT_VARIABLES_INVALID',
      21656,
    ],
    [
      'with variables that are no JSON',
      TO,
      { ...TEXT, contentVariables: '{' },
      'MESSAGE_CONTENT_VARIABLES_INVALID',
      21656,
    ],
    ['with a service SID of another form', TO, { body: 'x', messagingServiceSid: 'MG1' }, 'PARAMETER_TYPE', 21705],
    ['with an application SID of another form', TO, { ...TEXT, applicationSid: 'x' }, 'PARAMETER_TYPE', 21218],
    ['with a retention of another word', TO, { ...TEXT, contentRetention: 'forget' }, 'PARAMETER_CHOICE', 20422],
    ['with yes for a boolean', TO, { ...TEXT, smartEncoded: 'yes' }, 'PARAMETER_TYPE', 20422],
  ];
  it.each(faults)('%s', (_situation, to, params, code, twilioCode) => {
    expectFault(checkMessage(to, params, NOW), code, twilioCode);
  });

  const soon = (seconds: number) => new Date(NOW + seconds * 1000).toISOString();
  const scheduled = { body: 'x', messagingServiceSid: SERVICE, scheduleType: 'fixed' };
  const schedules: Array<[situation: string, params: ParameterValues, code: string, twilioCode: number]> = [
    [
      'with a schedule but no service',
      { ...TEXT, scheduleType: 'fixed', sendAt: soon(3600) },
      'MESSAGE_SCHEDULE_SERVICE_MISSING',
      35118,
    ],
    ['with sendAt alone and no service', { ...TEXT, sendAt: soon(3600) }, 'MESSAGE_SCHEDULE_SERVICE_MISSING', 35118],
    ['with a schedule type but no time', scheduled, 'MESSAGE_SEND_AT_MISSING', 35111],
    [
      'with a time but no schedule type',
      { body: 'x', messagingServiceSid: SERVICE, sendAt: soon(3600) },
      'MESSAGE_SCHEDULE_TYPE_MISSING',
      35126,
    ],
    [
      'with another schedule type',
      { ...scheduled, scheduleType: 'weekly', sendAt: soon(3600) },
      'PARAMETER_CHOICE',
      35126,
    ],
    ['scheduled five minutes ahead', { ...scheduled, sendAt: soon(300) }, 'MESSAGE_SEND_AT_RANGE', 35114],
    ['scheduled a second too early', { ...scheduled, sendAt: soon(899) }, 'MESSAGE_SEND_AT_RANGE', 35114],
    ['scheduled a second too late', { ...scheduled, sendAt: soon(3_024_001) }, 'MESSAGE_SEND_AT_RANGE', 35114],
    ['scheduled in the past', { ...scheduled, sendAt: soon(-60) }, 'MESSAGE_SEND_AT_RANGE', 35114],
    ['scheduled in words', { ...scheduled, sendAt: 'tomorrow' }, 'PARAMETER_TYPE', 35114],
    ['scheduled without a zone', { ...scheduled, sendAt: '2026-01-01T09:00:00' }, 'PARAMETER_TYPE', 35114],
    ['scheduled on February 30', { ...scheduled, sendAt: '2026-02-30T09:00:00Z' }, 'PARAMETER_TYPE', 35114],
  ];
  it.each(schedules)('%s', (_situation, params, code, twilioCode) => {
    expectFault(checkMessage(TO, params, NOW), code, twilioCode);
  });

  it("and told of the gateway's own schedule where a service is missing", () => {
    const fault = checkMessage(TO, { ...TEXT, scheduleType: 'fixed', sendAt: soon(3600) }, NOW);
    expect(fault?.remedy).toContain('--at');
    expect(fault?.remedy).toContain('notBefore');
  });

  it('without its text, or the password of a URL, in the error', () => {
    expect(checkMessage(TO, { ...TEXT, body: 5 }, NOW)?.message).toBe('body is a number; expected a string.');
    expect(checkMessage(TO, { ...TEXT, statusCallback: 'http://jo:pw@a_b/' }, NOW)?.message).not.toContain('pw');
  });
});

describe('a message is taken', () => {
  const soon = (seconds: number) => new Date(NOW + seconds * 1000).toISOString();
  const taken: Array<[situation: string, to: string, params: ParameterValues]> = [
    ['with body and number', TO, TEXT],
    ['with 1600 characters', TO, { ...TEXT, body: 'x'.repeat(1600) }],
    ['with media alone', TO, { from: TEXT.from, mediaUrl: ['https://demo.twilio.com/logo.png'] }],
    ['with one medium as text', TO, { from: TEXT.from, mediaUrl: 'https://demo.twilio.com/logo.png' }],
    ['with ten media', TO, { ...TEXT, mediaUrl: Array(10).fill('http://a/b') }],
    ['from a service', TO, { body: 'x', messagingServiceSid: SERVICE }],
    ['from a service named in from', TO, { body: 'x', from: SERVICE }],
    ['from a sender name', TO, { body: 'x', from: 'My Shop' }],
    ['from a short code', TO, { body: 'x', from: '89454' }],
    ['within WhatsApp', `whatsapp:${TO}`, { body: 'x', from: 'whatsapp:+15550000001' }],
    ['from RCS to a phone', TO, { body: 'x', from: 'rcs:brand' }],
    [
      'with a wrong callback that an application silences',
      TO,
      { ...TEXT, statusCallback: 'x', applicationSid: `AP${'0'.repeat(32)}` },
    ],
    [
      'with a template and variables as an object',
      TO,
      { from: TEXT.from, contentSid: `HX${'a'.repeat(32)}`, contentVariables: { 1: 'Ann' } },
    ],
    [
      'with empty fields, which Twilio takes as absent',
      TO,
      { ...TEXT, messagingServiceSid: '', contentSid: '', riskCheck: '' },
    ],
    [
      'scheduled 15 minutes ahead',
      TO,
      { body: 'x', messagingServiceSid: SERVICE, scheduleType: 'fixed', sendAt: soon(900) },
    ],
    ['scheduled 35 days ahead', TO, { body: 'x', from: SERVICE, scheduleType: 'fixed', sendAt: soon(3_024_000) }],
    [
      'scheduled with an offset',
      TO,
      { body: 'x', from: SERVICE, scheduleType: 'fixed', sendAt: '2026-01-01T09:00:00+02:00' },
    ],
    ['with a callback on this machine', TO, { ...TEXT, statusCallback: 'http://127.0.0.1:9/x' }],
  ];
  it.each(taken)('%s', (_situation, to, params) => {
    expect(checkMessage(to, params, NOW)).toBeNull();
  });
});

describe('parameters of a request', () => {
  it('that no table has are refused with the nearest name', () => {
    expect(checkParameters('message', { bdy: 'x' })).toMatchObject({
      code: 'TOLLBOARD_PARAMETER_UNKNOWN',
      remedy: 'Did you mean body?',
    });
    expect(checkParameters('message', { media_url: 'x' })?.remedy).toBe('Did you mean mediaUrl?');
    expect(checkParameters('call', { twilm: 'x' })?.remedy).toBe('Did you mean twiml?');
    expect(checkParameters('message', { zzzzzz: 1 })?.remedy).toContain('tollboard send --help');
    expect(checkParameters('message', { constructor: 'x' })?.code).toBe('TOLLBOARD_PARAMETER_UNKNOWN');
  });

  it('that only the other kind has are unknown', () => {
    expect(checkParameters('call', { body: 'x' })?.code).toBe('TOLLBOARD_PARAMETER_UNKNOWN');
    expect(checkParameters('message', { twiml: 'x' })?.code).toBe('TOLLBOARD_PARAMETER_UNKNOWN');
  });

  it('are checked for type and bounds', () => {
    expect(checkParameters('message', { attempt: 1.5 })?.code).toBe('TOLLBOARD_PARAMETER_TYPE');
    expect(checkParameters('message', { persistentAction: ['geo:1,2|here'], attempt: 2 })).toBeNull();
    expect(checkParameters('call', { timeout: 601 })).toMatchObject({
      code: 'TOLLBOARD_PARAMETER_RANGE',
      twilioCode: 21208,
    });
  });
});

function expectFault(fault: ErrorReport | null, code: string, twilioCode: number): void {
  expect(fault).toMatchObject({ code: `TOLLBOARD_${code}`, kind: 'invalid', twilioCode });
  // Every placeholder was filled.
  expect(`${fault?.message} ${fault?.remedy}`).not.toMatch(/\{\w+\}|undefined/);
}

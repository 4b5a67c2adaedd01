import type { ParameterValues } from './parameter.ts';
import { describe, expect, it } from 'vitest';
import openapi from '../../test/contract/data/twilio-openapi-subset.json' with { type: 'json' };
import { CALL_STATUSES, callStatus, checkCall, sayTwiml } from './call.ts';
import { CALL_PARAMETERS } from './call-parameters.ts';

const TO = '+15550001111';
const CALL = { from: '+15550000001', url: 'http://example.com/voice.xml' };

type Properties = Record<string, { type?: string; enum?: string[]; pattern?: string }>;
const create = openapi.paths['/2010-04-01/Accounts/{AccountSid}/Calls.json'].post;
const properties: Properties = create.requestBody.content['application/x-www-form-urlencoded'].schema.properties;

describe("the call table and Twilio's OpenAPI", () => {
  it('name the same 36 parameters', () => {
    expect(CALL_PARAMETERS.map((row) => row.wire).sort()).toEqual(Object.keys(properties).sort());
    expect(CALL_PARAMETERS).toHaveLength(36);
  });

  it.each(CALL_PARAMETERS.map((row) => [row.wire, row] as const))('agree on %s', (wire, row) => {
    const property = properties[wire];
    const types = { integer: 'integer', number: 'number', boolean: 'boolean', list: 'array' } as Record<string, string>;
    expect(types[row.type] ?? 'string').toBe(property?.type);
    if (property?.enum !== undefined) expect(row.choices).toEqual(property.enum);
    expect(row.prefix === undefined ? undefined : `^${row.prefix}[0-9a-fA-F]{32}$`).toBe(property?.pattern);
    expect(row.required === true).toBe(['To', 'From'].includes(wire));
    expect(row.name).toBe(wire[0]?.toLowerCase() + wire.slice(1));
  });

  it('name the same statuses, but for initiated, which only callbacks carry', () => {
    const { initiated, ...rest } = CALL_STATUSES;
    expect(initiated.rank).toBe(0);
    expect(Object.keys(rest).sort()).toEqual([...openapi.components.schemas.call_enum_status.enum].sort());
  });
});

describe('a call status', () => {
  it('runs from queued over ringing and in-progress to one end', () => {
    expect(['queued', 'initiated', 'ringing', 'in-progress', 'completed'].map((word) => callStatus(word).rank)).toEqual(
      [0, 0, 1, 2, 3],
    );
  });

  it('that Twilio added later counts as a beginning', () => {
    expect(callStatus('hovering')).toEqual({ rank: 0, final: false, failed: false });
  });
});

describe('a call is refused', () => {
  const faults: Array<[situation: string, to: string, params: ParameterValues, code: string, twilioCode: number]> = [
    ['without a recipient', '', CALL, 'CALL_TO_MISSING', 21201],
    ['without a caller', TO, { url: CALL.url }, 'CALL_FROM_MISSING', 21213],
    ['without anything to do', TO, { from: CALL.from }, 'CALL_INSTRUCTIONS_MISSING', 21205],
    ['to a number without +', '15550001111', CALL, 'CALL_TO_INVALID', 21217],
    ['to WhatsApp', `whatsapp:${TO}`, CALL, 'CALL_TO_INVALID', 21217],
    ['from a name to a phone', TO, { ...CALL, from: 'Bob' }, 'CALL_FROM_INVALID', 21212],
    ['with a url that is none', TO, { ...CALL, url: 'voice.xml' }, 'PARAMETER_TYPE', 21205],
    ['with 4001 characters of TwiML', TO, { from: CALL.from, twiml: 'x'.repeat(4001) }, 'CALL_TWIML_TOO_LONG', 32018],
    ['with method PUT', TO, { ...CALL, method: 'PUT' }, 'PARAMETER_CHOICE', 21209],
    [
      'with an unknown event',
      TO,
      { ...CALL, statusCallbackEvent: ['ringing', 'picked'] },
      'CALL_STATUS_EVENT_INVALID',
      21626,
    ],
    ['with a timeout of 601 s', TO, { ...CALL, timeout: 601 }, 'PARAMETER_RANGE', 21208],
    ['with digits that no phone has', TO, { ...CALL, sendDigits: '12x' }, 'CALL_SEND_DIGITS_INVALID', 21206],
    ['with 33 digits', TO, { ...CALL, sendDigits: '1'.repeat(33) }, 'CALL_SEND_DIGITS_INVALID', 21206],
    [
      'with an underscore in the callback host',
      TO,
      { ...CALL, statusCallback: 'http://a_b/' },
      'PARAMETER_CALLBACK_URL',
      21609,
    ],
    [
      'with a threshold below its bound',
      TO,
      { ...CALL, machineDetectionSpeechThreshold: 999 },
      'PARAMETER_RANGE',
      20422,
    ],
  ];
  it.each(faults)('%s', (_situation, to, params, code, twilioCode) => {
    const fault = checkCall(to, params);
    expect(fault).toMatchObject({ code: `TOLLBOARD_${code}`, kind: 'invalid', twilioCode });
    expect(`${fault?.message} ${fault?.remedy}`).not.toMatch(/\{\w+\}|undefined/);
  });

  it('without its SIP password in the error', () => {
    expect(checkCall(TO, { ...CALL, sipAuthPassword: 12_345 })?.message).not.toContain('12345');
  });
});

describe('a call is taken', () => {
  const taken: Array<[situation: string, to: string, params: ParameterValues]> = [
    ['with a url', TO, CALL],
    ['with TwiML of 4000 characters', TO, { from: CALL.from, twiml: 'x'.repeat(4000) }],
    ['with an application', TO, { from: CALL.from, applicationSid: `AP${'0'.repeat(32)}` }],
    ['to a SIP address from a client', 'sip:jo@example.com', { ...CALL, from: 'client:bob' }],
    ['with keys and pauses', TO, { ...CALL, sendDigits: 'wwW12#*AD' }],
    [
      'with events of the recording in one value',
      TO,
      { ...CALL, recordingStatusCallbackEvent: ['in-progress completed'] },
    ],
  ];
  it.each(taken)('%s', (_situation, to, params) => {
    expect(checkCall(to, params)).toBeNull();
  });
});

describe('a spoken text', () => {
  it('becomes TwiML that says just that', () => {
    expect(sayTwiml({ text: `Tom & "Jerry" <it's> ]]>` })).toBe(
      '<Response><Say>Tom &amp; &quot;Jerry&quot; &lt;it&apos;s&gt; ]]&gt;</Say></Response>',
    );
    expect(sayTwiml({ text: 'Hallo', voice: 'Polly.Vicki-Neural', language: 'de-DE' })).toBe(
      '<Response><Say voice="Polly.Vicki-Neural" language="de-DE">Hallo</Say></Response>',
    );
  });

  it('loses only what XML cannot hold', () => {
    expect(sayTwiml({ text: 'a\u0000b\ud83dc😀\n' })).toBe('<Response><Say>a b\ufffdc😀\n</Say></Response>');
  });

  const unfit: Array<[situation: string, say: unknown, code: string]> = [
    ['when it is empty', { text: ' ' }, 'TOLLBOARD_CALL_SAY_INVALID'],
    ['when it is missing', {}, 'TOLLBOARD_CALL_SAY_INVALID'],
    ['when it is no object', 'hello', 'TOLLBOARD_CALL_SAY_INVALID'],
    ['when it is null', null, 'TOLLBOARD_CALL_SAY_INVALID'],
    ['with 4097 characters', { text: 'x'.repeat(4097) }, 'TOLLBOARD_CALL_SAY_INVALID'],
    ['with TwiML over 4000 characters', { text: '&'.repeat(900) }, 'TOLLBOARD_CALL_TWIML_TOO_LONG'],
    ['with markup in the voice', { text: 'x', voice: 'a"><Hangup/>' }, 'TOLLBOARD_CALL_SAY_INVALID'],
    ['with a member of another name', { text: 'x', loop: 3 }, 'TOLLBOARD_CALL_SAY_INVALID'],
  ];
  it.each(unfit)('is refused %s', (_situation, say, code) => {
    expect(() => sayTwiml(say)).toThrow(expect.objectContaining({ code }));
  });
});

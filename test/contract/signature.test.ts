/** Webhook signatures, judged by Twilio's published vectors and by the official SDK over random requests. */

import type { FormFields } from '../../src/core/parameter.ts';
import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import {
  getExpectedBodyHash,
  getExpectedTwilioSignature,
  validateRequest,
  validateRequestWithBody,
} from 'twilio/lib/webhooks/webhooks.js';
import { describe, expect, it } from 'vitest';
import { signForm, verifySignature } from '../../src/twilio/signature.ts';
import { holds } from '../support/property.ts';

interface Vector {
  name: string;
  authToken: string;
  configuredUrl: string;
  signedUrl: string;
  urlSeenByServer: string;
  method: 'GET' | 'POST';
  params: FormFields;
  body?: string;
  signature: string;
  validatesWithPythonSdk: boolean;
}

const { vectors } = JSON.parse(readFileSync(new URL('data/signature-vectors.json', import.meta.url), 'utf8')) as {
  vectors: Vector[];
};

/** What a server has of the vector's request. */
function received(vector: Vector) {
  const { urlSeenByServer: url, signature, authToken, method, params, body } = vector;
  const fields = method === 'GET' ? [] : params;
  return { url, signature, authTokens: [authToken], fields, ...(body === undefined ? {} : { rawBody: body }) };
}

describe('verifySignature on the vectors of the Twilio fact sheet', () => {
  it.each(vectors.map((vector) => [vector.name, vector] as const))('%s', (_name, vector) => {
    expect(verifySignature(received(vector))).toBe(vector.validatesWithPythonSdk);
  });

  it.each(vectors.map((vector) => [vector.name, vector] as const))(
    '%s: no other token, no altered signature',
    (_name, vector) => {
      const request = received(vector);
      expect(verifySignature({ ...request, authTokens: ['54321', ''] })).toBe(false);
      expect(verifySignature({ ...request, authTokens: [] })).toBe(false);
      expect(verifySignature({ ...request, signature: `${vector.signature.slice(0, -2)}A=` })).toBe(false);
      expect(verifySignature({ ...request, signature: '' })).toBe(false);
      expect(verifySignature({ ...request, signature: null })).toBe(false);
    },
  );

  const forms = vectors.filter(({ method, body, signedUrl, urlSeenByServer }) => {
    const portsAreOurs =
      signedUrl.includes(':443') === urlSeenByServer.includes(':443') && !urlSeenByServer.includes(':8443');
    return method === 'POST' && body === undefined && portsAreOurs;
  });
  it.each(forms.map((vector) => [vector.name, vector] as const))(
    'signForm makes the signature of: %s',
    (_name, vector) => {
      expect(signForm(vector.configuredUrl, vector.params, vector.authToken)).toBe(vector.signature);
    },
  );

  it('signForm drops the port of a call over HTTPS, and keeps every other one', () => {
    const [voice] = vectors.filter(({ name }) => name.startsWith('voice over HTTPS'));
    if (voice === undefined) throw new Error('the vector is gone');
    expect(signForm(voice.configuredUrl, voice.params, voice.authToken, 'call')).toBe(voice.signature);
    expect(signForm(voice.configuredUrl, voice.params, voice.authToken)).not.toBe(voice.signature);
    const http = signForm('http://h.example:8080/voice', [['CallSid', 'CA1']], '12345');
    expect(signForm('http://h.example:8080/voice', [['CallSid', 'CA1']], '12345', 'call')).toBe(http);
  });
});

describe('verifySignature', () => {
  const url = 'https://h.example/sms?ref=SM1';
  const fields: FormFields = [
    ['Body', 'x'],
    ['From', '+15550000001'],
  ];
  const signature = signForm(url, fields, 'new token');

  it('takes either token during rotation', () => {
    expect(verifySignature({ url, signature, fields, authTokens: ['new token', 'old token'] })).toBe(true);
    expect(verifySignature({ url, signature, fields, authTokens: ['old token', 'new token'] })).toBe(true);
    expect(verifySignature({ url, signature, fields, authTokens: ['old token'] })).toBe(false);
  });

  it('takes no signature made with an empty token, even if one is configured', () => {
    const forged = signForm(url, fields, '');
    expect(verifySignature({ url, signature: forged, fields, authTokens: ['', 'new token'] })).toBe(false);
  });

  it('covers every parameter, known or not, and the whole URL', () => {
    const authTokens = ['new token'];
    const altered: FormFields[] = [
      [...fields, ['Surprise', '1']],
      [...fields, ['Body', 'y']],
      fields.slice(1),
      [['Body', 'X'], ...fields.slice(1)],
    ];
    for (const other of altered) expect(verifySignature({ url, signature, fields: other, authTokens })).toBe(false);
    for (const other of [
      'http://h.example/sms?ref=SM1',
      'https://h.example/sms?ref=SM2',
      'https://h2.example/sms?ref=SM1',
      'nonsense',
    ]) {
      expect(verifySignature({ url: other, signature, fields, authTokens })).toBe(false);
    }
  });

  it('does not take a form for a raw body, nor a raw body without its hash', () => {
    const authTokens = ['new token'];
    const bare = signForm('https://h.example/x', [], 'new token');
    const request = { url: 'https://h.example/x', signature: bare, fields: [], authTokens };
    expect(verifySignature(request)).toBe(true);
    expect(verifySignature({ ...request, rawBody: '{}' })).toBe(false);
    expect(verifySignature({ url, signature, fields, authTokens, rawBody: 'Body=x' })).toBe(false);
  });
});

const token = fc.stringMatching(/^[0-9a-f]{32}$/);
const text = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 12 }),
  fc.constantFrom('', '+15550000001', 'a b&c=d%', '👍', 'ü'),
);
const name = fc.oneof(
  fc.constantFrom('Body', 'From', 'To', 'MediaUrl0', 'body', 'StatusCallbackEvent'),
  fc.stringMatching(/^[A-Za-z0-9_]{1,8}$/),
);
const fields = fc.array(fc.tuple(name, text), { maxLength: 8 });
const queryPart = fc.stringMatching(/^[A-Za-z0-9_.~-]{0,6}$/);
const url = fc
  .record({
    scheme: fc.constantFrom('http', 'https'),
    host: fc.constantFrom('h.example', 'xn--bcher-kva.example', '127.0.0.1', '[::1]'),
    port: fc.constantFrom('', ':80', ':443', ':8080'),
    path: fc.constantFrom('/', '/sms', '/a/b%20c', '/sms/'),
    query: fc.array(fc.tuple(queryPart, queryPart), { maxLength: 3 }),
  })
  .map(({ scheme, host, port, path, query }) => {
    const search = query.map(([key, value]) => `${key}=${value}`).join('&');
    return `${scheme}://${host}${port}${path}${search === '' ? '' : `?${search}`}`;
  });

/** The SDK takes an object with lists for repeated names. */
function asObject(list: FormFields): Record<string, string | string[]> {
  const object: Record<string, string | string[]> = Object.create(null);
  for (const [key, value] of list) {
    const known = object[key];
    object[key] = known === undefined ? value : [...(Array.isArray(known) ? known : [known]), value];
  }
  return object;
}

/** Byte order and UTF-16 order of JavaScript differ only between surrogates and U+E000 to U+FFFF. */
function sortsAlike(list: FormFields): boolean {
  return (
    list.every(([, value]) => !/[\uE000-\uFFFF]/.test(value)) ||
    list.every(([, value]) => !/[\uD800-\uDFFF]/.test(value))
  );
}

describe('against the official SDK', () => {
  it('makes the same signature over random forms', () => {
    holds(
      fc.property(url, fields.filter(sortsAlike), token, (address, form, key) => {
        expect(signForm(address, form, key)).toBe(getExpectedTwilioSignature(key, address, asObject(form)));
      }),
      { numRuns: 500 },
    );
  });

  it('accepts and refuses the same requests, whatever was changed on the way', () => {
    const change = fc.constantFrom(
      'nothing',
      'port added',
      'port removed',
      'field added',
      'field altered',
      'token',
      'path',
      'order',
    );
    holds(
      fc.property(url, fields.filter(sortsAlike), token, change, (address, form, key, what) => {
        const signature = getExpectedTwilioSignature(key, address, asObject(form));
        const seen = {
          url:
            what === 'port added'
              ? withPort(address)
              : what === 'port removed'
                ? withoutPort(address)
                : what === 'path'
                  ? `${address}/x`
                  : address,
          form:
            what === 'field added'
              ? [...form, ['New', '1'] as [string, string]]
              : what === 'field altered'
                ? form.map(([k, v]) => [k, `${v}.`] as [string, string])
                : what === 'order'
                  ? [...form].reverse()
                  : form,
          key: what === 'token' ? 'f'.repeat(31) : key,
        };
        const judged = validateRequest(seen.key, signature, seen.url, asObject(seen.form));
        expect(verifySignature({ url: seen.url, signature, fields: seen.form, authTokens: [seen.key] })).toBe(judged);
      }),
      { numRuns: 1_000 },
    );
  });

  it('accepts and refuses the same JSON bodies', () => {
    holds(
      fc.property(fc.json(), fc.json(), fc.boolean(), token, (body, other, alter, key) => {
        const rawBody = alter ? other : body;
        const address = `https://h.example/x?bodySHA256=${getExpectedBodyHash(body)}`;
        const signature = getExpectedTwilioSignature(key, address, {});
        const judged = validateRequestWithBody(key, signature, address, rawBody);
        expect(verifySignature({ url: address, signature, fields: [], authTokens: [key], rawBody })).toBe(judged);
      }),
      { numRuns: 300 },
    );
  });

  describe('differs only where', () => {
    const key = '0123456789abcdef0123456789abcdef';

    it('userinfo or a fragment is left in the URL: Twilio cuts both before it signs, the SDK leaves that to its caller', () => {
      const signed = getExpectedTwilioSignature(key, 'https://h.example/x', { A: '1' });
      for (const given of ['https://me:pass@h.example/x', 'https://h.example/x#rc=2']) {
        expect(verifySignature({ url: given, signature: signed, fields: [['A', '1']], authTokens: [key] })).toBe(true);
        expect(validateRequest(key, signed, given, { A: '1' })).toBe(false);
      }
    });

    it('only a re-encoded query was signed: the SDK also tries encodings that Twilio no longer signs, we take the characters as they came', () => {
      const given = "https://h.example/x?a=it's";
      const signed = getExpectedTwilioSignature(key, 'https://h.example/x?a=it%27s', {});
      expect(validateRequest(key, signed, given, {})).toBe(true);
      expect(verifySignature({ url: given, signature: signed, fields: [], authTokens: [key] })).toBe(false);
    });

    it('names or values sort differently in bytes and in UTF-16: Twilio sorts bytes', () => {
      const form: FormFields = [
        ['A', '\uFFFD'],
        ['A', '👍'],
      ];
      const bytewise = getExpectedTwilioSignature(key, 'https://h.example/xA\uFFFDA👍', {});
      expect(signForm('https://h.example/x', form, key)).toBe(bytewise);
      expect(getExpectedTwilioSignature(key, 'https://h.example/x', { A: ['\uFFFD', '👍'] })).not.toBe(bytewise);
    });
  });
});

function withPort(address: string): string {
  return address.replace(
    /^(\w+):\/\/([^/]+?)(:\d+)?\//,
    (_all, scheme: string, host: string) => `${scheme}://${host}:${scheme === 'https' ? 443 : 80}/`,
  );
}

function withoutPort(address: string): string {
  return address.replace(/^(\w+:\/\/(?:\[[^\]]*\]|[^/:]+)):\d+\//, '$1/');
}

/** The simulator's own signatures, judged by the vectors of the fact sheet and by the official SDK. */

import type { FormFields } from '../../src/core/parameter.ts';
import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { getExpectedTwilioSignature } from 'twilio/lib/webhooks/webhooks.js';
import { describe, expect, test } from 'vitest';
import { signatureOf, signedUrl } from '../../src/simulator/sign.ts';
import { holds } from '../support/property.ts';

interface Vector {
  name: string;
  authToken: string;
  configuredUrl: string;
  signedUrl: string;
  method: string;
  params: FormFields;
  signature: string;
}

const { vectors } = JSON.parse(readFileSync(new URL('data/signature-vectors.json', import.meta.url), 'utf8')) as {
  vectors: Vector[];
};

describe('signatures equal the vectors', () => {
  test.each(vectors.map((vector) => [vector.name, vector] as const))('%s', (_name, vector) => {
    const { authToken: token, method, params, signature } = vector;
    const fields = method === 'GET' ? [] : params;
    expect(signatureOf({ token, url: vector.signedUrl, fields, voice: false })).toBe(signature);
  });

  test('the configured URL becomes the signed one wherever Twilio changes it', () => {
    const changed = vectors.filter(({ method, name }) => method === 'POST' && !name.includes('spelled out'));
    expect(changed.length).toBeGreaterThan(5);
    for (const vector of changed) {
      expect(signedUrl(vector.configuredUrl, vector.name.startsWith('voice')), vector.name).toBe(vector.signedUrl);
    }
  });
});

test('any form is signed as the official SDK expects it', () => {
  // The SDK sorts repeated values by UTF-16 unit, Twilio's documentation bytewise: they differ only where an astral
  // character meets one of U+E000 to U+FFFF, so the latter are left out here.
  const text = fc.string({ unit: 'grapheme', maxLength: 12 }).filter((value) => !/[\uE000-\uFFFF]/.test(value));
  const name = fc.constantFrom('From', 'To', 'Body', 'MediaUrl0', 'körper', 'a', 'A', 'From ');
  holds(
    fc.property(fc.array(fc.tuple(name, text), { maxLength: 8 }), text, (fields, token) => {
      const byName: Record<string, string | string[]> = {};
      for (const [key, value] of fields) byName[key] = [byName[key] ?? [], value].flat();
      const single = Object.fromEntries(
        Object.entries(byName).map(([key, [first, ...rest]]) => [key, rest.length === 0 ? first : [first, ...rest]]),
      );
      const url = 'https://h.example:8443/sms?ref=1';
      expect(signatureOf({ token: `t${token}`, url, fields, voice: false })).toBe(
        getExpectedTwilioSignature(`t${token}`, url, single as Record<string, string>),
      );
    }),
  );
});

/**
 * The components of integrations/home-assistant by their Python alone: the vectors of the notifiers, and signatures.
 * Prepared by .ci/hosts/home-assistant.sh.
 */

import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import signatures from '../contract/data/signature-vectors.json' with { type: 'json' };
import { COMPONENTS } from '../support/home-assistant.ts';
import { missing, python } from '../support/home-assistant-scene.ts';
import { inOrder, NOTIFY_VECTORS, serveNotifyVector } from '../support/home-assistant-vectors.ts';
import { likeVector } from '../support/soar-vectors.ts';
import { ROOT } from '../support/tree.ts';

describe('the components, run by their Python', () => {
  test.skipIf(missing !== '')(`give every vector its results and its error${missing}`, async () => {
    const servers = await Promise.all(NOTIFY_VECTORS.map((vector) => serveNotifyVector(vector)));
    const inputs = NOTIFY_VECTORS.map(({ input }, index) => ({
      ...input,
      twilio: { ...input.twilio, url: servers[index]?.url },
    }));
    const run = join(ROOT, 'test/hosts/home-assistant/run_notify.py');
    const answers = await piped(run, join(COMPONENTS, '..'), inputs.map((input) => JSON.stringify(input)).join('\n'));
    const asked = servers.map((server) => server.asked());
    await Promise.all(servers.map((server) => server.close()));
    const told = answers
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Told);
    for (const [index, { name, results, raises, requests }] of NOTIFY_VECTORS.entries()) {
      const { results: own = [], raises: error } = told[index] ?? {};
      // What is refused as a whole has one error and no results.
      const before = error?.before === true;
      const seen = own.map(({ twilio_code, error: _error, ...row }) => ({ ...row, twilioCode: twilio_code }));
      expect({ name, results: seen }).toMatchObject({ name, results: before ? [] : results });
      const pattern = raises === null ? null : likeVector(raises, (form) => expect.stringMatching(form));
      expect({ name, raises: error?.text ?? null }).toEqual({ name, raises: pattern });
      expect({ name, requests: asked[index] }).toEqual({ name, requests: requests.map(inOrder).sort() });
    }
    expect(answers).not.toContain('a-token-that-nobody-may-see');
  });

  test.skipIf(missing !== '')(`judge signatures as Twilio's published vectors say${missing}`, async () => {
    const cases = signatures.vectors.map(({ urlSeenByServer, signature, authToken, method, params, ...vector }) => ({
      url: urlSeenByServer,
      signature,
      token: authToken,
      fields: method === 'GET' ? [] : params,
      body: 'body' in vector ? vector.body : null,
    }));
    const others = cases.map((one) => ({ ...one, token: '54321' }));
    const unsigned = cases.map((one) => ({ ...one, signature: '' }));
    const script = join(ROOT, 'test/hosts/home-assistant/verify_signatures.py');
    const all = JSON.stringify([...cases, ...others, ...unsigned]);
    const verdicts = JSON.parse(await piped(script, join(COMPONENTS, 'twilio/signature.py'), all)) as boolean[];
    expect(verdicts.slice(0, cases.length)).toEqual(signatures.vectors.map((row) => row.validatesWithPythonSdk));
    expect(verdicts.slice(cases.length)).toEqual([...others, ...unsigned].map(() => false));
  });
});

interface Told {
  results: Array<Record<string, unknown> & { twilio_code: number | null; error: string | null }>;
  raises: { text: string; before: boolean } | null;
}

/** Runs a script of test/hosts/home-assistant with one argument. */
async function piped(script: string, argument: string, input: string): Promise<string> {
  const running = promisify(execFile)(python, [script, argument], {
    env: { PATH: process.env.PATH, PYTHONDONTWRITEBYTECODE: '1' },
  });
  running.child.stdin?.end(input);
  return (await running).stdout;
}

/** The packed app for Splunk SOAR, run by Python 3.9 to 3.13 on the SOAR SDK's classes and on those of the documents. */

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { packSoarApp } from '../../scripts/pack-soar.ts';
import { soarDefinition } from '../../src/hosts/soar/definition.ts';
import {
  installSoarApp,
  readByTheSdk,
  runSoarActions,
  SOAR_PLATFORMS,
  SOAR_PYTHONS,
  type SoarApp,
  soarPython,
} from '../support/soar-app.ts';
import { likeVector, SOAR_VECTORS, serveVector } from '../support/soar-vectors.ts';

let app: SoarApp;
beforeAll(async () => {
  app = await installSoarApp();
});
afterAll(() => app.remove());

test('the package is the same bytes each time it is packed', () => {
  expect(packSoarApp().equals(packSoarApp())).toBe(true);
});

describe.each(SOAR_PYTHONS)('the app on Python %s', (version) => {
  const python = soarPython(version) ?? '';
  const missing = python === '' ? `: skipped, .ci/hosts/soar.sh found no Python ${version} with splunk-soar-sdk` : '';

  test.skipIf(missing !== '')(`is read by the SDK with every field of the definition${missing}`, async () => {
    const { identity, fields, actions } = soarDefinition;
    const read = await readByTheSdk(python, app);
    expect(read).toMatchObject({
      name: soarDefinition.title,
      appid: identity.appId,
      publisher: identity.publisher,
      version: identity.version,
      python: version === '3.13' ? '3.13' : '3.9,3.13',
      configuration: Object.fromEntries(
        fields.configuration.map(({ name, type, required }) => [name, { data_type: type, required }]),
      ),
    });
    const members = soarDefinition.outputs.flatMap(
      ({ name }) => /^action_result\.data\.\*\.(\w+)/.exec(name)?.[1] ?? [],
    );
    const parameters = fields['send message'].map(({ name }) => name).sort();
    expect(read.actions).toEqual(
      Object.fromEntries(
        actions.map(({ name, identifier, type, readOnly }) => [
          identifier,
          {
            action: name,
            type,
            read_only: readOnly,
            parameters: identifier === 'send_text' ? parameters : [],
            output: identifier === 'send_text' ? [...new Set(members)].sort() : [],
          },
        ]),
      ),
    );
  });

  test.skipIf(missing !== '').each(SOAR_PLATFORMS)(
    `gives every vector its output, on the %s${missing}`,
    async (platform) => {
      const servers = await Promise.all(SOAR_VECTORS.map((vector) => serveVector(vector)));
      const actions = SOAR_VECTORS.map(({ input }, index) => ({
        ...input,
        config: { ...input.config, base_url: servers[index]?.baseUrl ?? '' },
      }));
      const { results, all } = await runSoarActions({ python, platform, app }, actions);
      const asked = servers.map((server) => server.asked());
      await Promise.all(servers.map((server) => server.close()));
      for (const [index, { name, output, requests }] of SOAR_VECTORS.entries()) {
        expect({ name, ...results[index] }).toEqual({
          name,
          ...(likeVector(output, (pattern) => expect.stringMatching(pattern)) as object),
        });
        expect({ name, requests: asked[index] }).toEqual({ name, requests });
      }
      expect(all).not.toContain('a-token-that-nobody-may-see');
    },
  );
});

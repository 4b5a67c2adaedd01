/** What integrations/home-assistant ships beside its Python: manifests, translations and the add-on's configuration. */

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { parseAddress } from '../../src/core/address.ts';
import { definition } from '../../src/hosts/home-assistant/definition.ts';
import { FORMS } from '../../src/hosts/home-assistant/texts.ts';
import { ADDON_DEFAULTS, ADDON_OBSOLETE, addonConfig } from '../support/addon-config.ts';
import { ROOT, readRepositoryFile } from '../support/tree.ts';

const FOLDER = 'integrations/home-assistant';
const json = (path: string) => JSON.parse(readRepositoryFile(`${FOLDER}/${path}`));
const own = JSON.parse(readRepositoryFile('package.json')) as {
  version: string;
  engines: { node: string };
};

test('the folder is laid out as HACS wants a repository: its file, a page, the components', () => {
  expect(json('hacs.json')).toEqual({ name: 'Twilio', homeassistant: '2024.10.0' });
  const page = readRepositoryFile(`${FOLDER}/README.md`);
  for (const part of ['custom_components', 'packages/tollboard.yaml', 'addon/tollboard']) expect(page).toContain(part);
});

describe('the components', () => {
  test("have the page's head in the manifest: title, domain, config flow and Cloud Push", () => {
    const { identity, title } = definition;
    expect(identity).toMatchObject({ category: 'Hub', release: '0.40', integrationType: 'integration' });
    expect(json('custom_components/twilio/manifest.json')).toMatchObject({
      domain: identity.domain,
      name: title,
      config_flow: true,
      iot_class: identity.iotClass.toLowerCase().replace(' ', '_'),
    });
  });

  test.each(['twilio', 'twilio_sms', 'twilio_call'])('%s has what Home Assistant asks of a custom one', (domain) => {
    const manifest = json(`custom_components/${domain}/manifest.json`);
    expect(manifest).toMatchObject({
      domain,
      version: own.version,
      requirements: [],
      documentation: expect.any(String),
    });
    expect(existsSync(join(ROOT, FOLDER, 'custom_components', domain, '__init__.py'))).toBe(true);
    expect(Object.keys(manifest).slice(0, 2)).toEqual(['domain', 'name']);
    expect(Object.keys(manifest).slice(2)).toEqual(Object.keys(manifest).slice(2).toSorted());
  });

  test.each(['twilio', 'twilio_sms', 'twilio_call'])('%s declares what it uses of Home Assistant', (domain) => {
    const { dependencies, after_dependencies: after = [] } = json(`custom_components/${domain}/manifest.json`);
    const folder = join(ROOT, FOLDER, 'custom_components', domain);
    const sources = readdirSync(folder).filter((name) => name.endsWith('.py'));
    const texts = sources.map((name) => readFileSync(join(folder, name), 'utf8')).join('\n');
    const used = [...texts.matchAll(/^\s*from homeassistant\.components(?:\.(\w+))? import (\w+)/gm)].map(
      ([, below, name]) => below ?? name,
    );
    // Its class for platforms needs no component.
    const declared = [...dependencies, ...after, 'notify'];
    expect(used.filter((name) => !declared.includes(name))).toEqual([]);
  });

  test('take an address exactly where the gateway has a form for it', () => {
    const texts = [
      '+15551230001',
      '+12',
      '12',
      '12345',
      'whatsapp:+15551230001',
      'Home 1',
      'nobody at all!',
      '',
      '+0155',
      'sip:a@b',
    ];
    for (const text of texts) {
      const kind = parseAddress(text)?.kind;
      const fits = FORMS.twilio_sms.target.some((form) => new RegExp(form).test(text));
      const taken = kind === 'e164' || kind === 'channel' || kind === 'short-code';
      // A number that no country has is left to Twilio.
      expect([text, fits]).toEqual([text, taken || /^\+[1-9]\d+$/.test(text)]);
    }
  });
});

describe("the add-on's config.yaml", () => {
  const addon = parse(readRepositoryFile(`${FOLDER}/addon/tollboard/config.yaml`)) as Record<string, unknown>;

  test('has the form that the supervisor wants', () => {
    expect(addonConfig.safeParse(addon).error?.issues ?? []).toEqual([]);
    expect(addon.version).toBe(own.version);
    // A copy of a database in use may be broken.
    expect(addon.backup).toBe('cold');
  });

  test('says nothing that goes without saying, and nothing that the supervisor drops', () => {
    for (const [name, value] of Object.entries(ADDON_DEFAULTS)) expect(addon[name], name).not.toEqual(value);
    for (const name of ADDON_OBSOLETE) expect(addon).not.toHaveProperty(name);
  });

  test.each([
    ['a name that is none', { machines: ['yellow'] }],
    ['a value that is none', { startup: 'service' }],
    ['a port without a number', { ports: { 'http/tcp': 8655 } }],
    ['no version', { version: undefined }],
  ])('of %s the form says so', (_what, wrong) => {
    expect(addonConfig.safeParse({ ...addon, ...wrong }).success).toBe(false);
  });

  test('gives every option a type that the supervisor knows, and the token one that is hidden', () => {
    const { options, schema } = addon as Record<'options' | 'schema', Record<string, unknown>>;
    const optional = Object.keys(schema).filter((name) => String(schema[name]).endsWith('?'));
    expect(Object.keys(options)).toEqual(Object.keys(schema).filter((name) => !optional.includes(name)));
    // Null: the supervisor does not start it before they are given.
    expect(options).toMatchObject({ account_sid: null, auth_token: null });
    const { configuration } = parse(readRepositoryFile(`${FOLDER}/addon/tollboard/translations/en.yaml`));
    expect(Object.keys(configuration)).toEqual(Object.keys(schema));
    for (const texts of Object.values(configuration))
      expect(texts).toEqual({ name: expect.any(String), description: expect.any(String) });
    for (const type of Object.values(schema).flat())
      expect(type).toMatch(/^(?:str|bool|int|float|email|url|password|port|match\(.*\)|list\(.+\))\??$/);
    expect(schema.auth_token).toBe('password');
  });

  test('is built with the program of the same version', () => {
    const image = readRepositoryFile(`${FOLDER}/addon/tollboard/Dockerfile`);
    expect(image).toContain(`ARG TOLLBOARD_VERSION=${own.version}\n`);
    expect(image).toContain('COPY run.sh /run.sh');
    const { ports } = addon as { ports: Record<string, number> };
    expect(image).toContain(`http://127.0.0.1:${Number.parseInt(Object.keys(ports)[0] ?? '', 10)}/healthz`);
    expect(image).toContain(`FROM node:${/\d+/.exec(own.engines.node)?.[0]}-slim\n`);
  });
});

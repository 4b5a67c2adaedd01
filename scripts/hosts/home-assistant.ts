/** Manifests, translations and constants of the components for Home Assistant. */

import type { Field } from '../../src/hosts/host.ts';
import manifest from '../../package.json' with { type: 'json' };
import { definition } from '../../src/hosts/home-assistant/definition.ts';
import { BARE_SENDER, FORMS, LIMITS, SEPARATORS, SETUP, TEXTS } from '../../src/hosts/home-assistant/texts.ts';

const { identity, fields, title } = definition;
const FOLDER = 'home-assistant/custom_components';
const DOCUMENTATION = 'https://www.home-assistant.io/integrations';

/** Path below `integrations/` → text. */
export function homeAssistantFiles(): Record<string, string> {
  return {
    [`${FOLDER}/twilio/manifest.json`]: json(
      component(identity.domain, title, ['http', 'webhook'], {
        // The URL may be a cloud hook.
        after_dependencies: ['cloud'],
        config_flow: identity.configFlow,
        iot_class: snakeCase(identity.iotClass),
      }),
    ),
    ...Object.fromEntries(platforms().map((row) => [`${FOLDER}/${row.domain}/manifest.json`, json(row)])),
    [`${FOLDER}/twilio/translations/en.json`]: json(translations()),
    [`${FOLDER}/twilio/const.py`]: constants(),
  };
}

/** In the order that Home Assistant asks for: domain and name, then by the alphabet. */
function component(domain: string, name: string, dependencies: string[], more: Record<string, unknown> = {}) {
  const rest = {
    codeowners: [],
    dependencies,
    documentation: `${DOCUMENTATION}/${domain}`,
    iot_class: 'cloud_push',
    requirements: [],
    version: manifest.version,
    ...more,
  };
  const sorted = Object.entries(rest).sort(([left], [right]) => (left < right ? -1 : 1));
  return { domain, name, ...Object.fromEntries(sorted) };
}

function platforms() {
  const rows: readonly Field[] = fields.notify;
  const choices = rows.find(({ name }) => name === 'platform')?.choices ?? [];
  return choices.map(({ value, label }) => component(String(value), String(label), [identity.domain]));
}

function translations() {
  const { title: heading, ask, show, aborts, unverified } = SETUP;
  const shown = show.join('\n');
  return {
    config: {
      abort: aborts,
      create_entry: { default: shown },
      step: {
        reconfigure: { description: shown, title: heading },
        user: { description: ask, title: heading },
      },
    },
    issues: { unverified },
  };
}

function constants(): string {
  const lines: Array<[name: string, value: unknown]> = [
    ['domain', identity.domain],
    ['event', identity.event],
    ['entryTitle', SETUP.entryTitle],
    ['docsUrl', SETUP.docsUrl],
    ['consoleUrl', SETUP.consoleUrl],
    ['notShown', SETUP.notShown],
    ['forms', FORMS],
    ['bareSender', BARE_SENDER],
    ['separators', SEPARATORS],
    ['timeoutSeconds', LIMITS.timeoutMs / 1000],
    ['connectSeconds', LIMITS.connectMs / 1000],
    ['answerBytes', LIMITS.answerBytes],
    ['parallel', LIMITS.parallel],
    ['replays', LIMITS.replays],
    ['sayCharacters', LIMITS.sayCharacters],
    ['twimlCharacters', LIMITS.twimlCharacters],
    ['attribute', LIMITS.attribute],
    ...Object.entries(TEXTS).map(([name, text]): [string, string] => [`say_${name}`, text]),
  ];
  return [
    '"""Words, forms and limits. Written by `npm run hosts` from src/hosts/home-assistant/; change them there."""',
    '',
    ...lines.map(([name, value]) => `${constant(name)} = ${JSON.stringify(value)}`),
    '',
  ].join('\n');
}

function constant(name: string): string {
  return name.replaceAll(/(?<=[a-z])[A-Z]/g, (letter) => `_${letter}`).toUpperCase();
}

function snakeCase(words: string): string {
  return words.toLowerCase().replaceAll(' ', '_');
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

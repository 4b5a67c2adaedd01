/** What the tests with a real Home Assistant share: its account and numbers, the page's examples, a garage door. */

import { type Fired, type HomeAssistant, homeAssistantPython, homeAssistantVersion } from './home-assistant.ts';
import { readRepositoryFile } from './tree.ts';

export const python = homeAssistantPython() ?? '';
export const missing = python === '' ? ': skipped, .ci/hosts/home-assistant.sh could not install Home Assistant' : '';

export const SID = `AC${'4'.repeat(32)}`;
export const TOKEN = 'the-token-that-no-log-may-show';
export const [OURS, CALLER] = ['+15550004001', '+15551230001'];

/** The page's example with digits in the places of its X and Y. */
export const example = (name: string) =>
  readRepositoryFile(`examples/seeds/home-assistant/${name}.yaml`)
    .replace('+1XXXXXXXXXXX', CALLER)
    .replace('+1YYYYYYYYYYY', OURS);

/** What every Home Assistant of these tests has: a garage door, and a log that hides nothing. */
export const COMMON = `
homeassistant:
  external_url: "{url}"
http:
  server_host: 127.0.0.1
  server_port: {port}
api:
logger:
  default: info
  logs:
    custom_components: debug
    homeassistant.components.webhook: debug
    aiohttp: debug
input_boolean:
  garage_open:
${garageDoor()}`;

/** The place of a template cover in the configuration: its old one is refused since 2026.6, its new one came with 2025.6. */
function garageDoor(): string {
  const works = `open_cover: { action: input_boolean.turn_on, target: { entity_id: input_boolean.garage_open } }
        close_cover: { action: input_boolean.turn_off, target: { entity_id: input_boolean.garage_open } }`;
  const open = `"{{ is_state('input_boolean.garage_open', 'on') }}"`;
  if (python === '' || homeAssistantVersion(python) < '2025.6')
    return `cover:
  - platform: template
    covers:
      garage_door:
        value_template: ${open}
        ${works}
`;
  return `template:
  - cover:
      - name: garage_door
        state: ${open}
        ${works}
`;
}

/** The persistent notification with this text, once it is there. */
export async function noticed(hass: HomeAssistant, fired: Fired, text: string): Promise<string> {
  for (;;) {
    const count = fired.all.length + 1;
    const all = (await hass.call('persistent_notification/get')) as Array<{ message: string }>;
    const found = all.find(({ message }) => message.includes(text));
    if (found !== undefined) return found.message;
    await fired.until(count);
  }
}

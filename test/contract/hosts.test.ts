/** One suite for every host: whatever happens, its own words tell the truth about each recipient. */

import type { Setup, World } from '../support/messenger-world.ts';
import type { Asked, HostForm, Told } from './hosts/form.ts';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createDirectMessenger } from '../../src/direct.ts';
import { HOST_NAMES } from '../../src/hosts/host.ts';
import { HOSTS } from '../../src/hosts.ts';
import { createHttpsTransport } from '../../src/twilio/https-transport.ts';
import { type Implementation, startTestGateway, startWorld } from '../support/messenger-world.ts';
import { form as ansible } from './hosts/ansible.ts';
import { form as bytechef } from './hosts/bytechef.ts';
import { form as flogo } from './hosts/flogo.ts';
import { form as homeAssistant } from './hosts/home-assistant.ts';
import { form as soar } from './hosts/soar.ts';

const FORMS: readonly HostForm[] = [ansible, bytechef, flogo, soar, homeAssistant];

const [ANN, BEA] = ['+15551230001', '+15551230002'];
/** No number at all, for any host and its rules. */
const NOBODY = '+1555';
const SENDER = '+15550000001';
const SID = `AC${'7'.repeat(32)}`;
/** Not the simulator's well-known token, which is no secret. */
const TOKEN = 'b5d1f3a90c4e4c33a8f2d6e7914c0a5e';
const WRONG = '0123456789abcdef0123456789abcdef';
/** Times real time, where waits and searches have to pass. */
const HURRY = 40;
/** Where Twilio answers: a busy machine takes part of a second for that, and a host waits 10 s of its own. */
const CALM = 8;

const ACCOUNTS = { accounts: [{ sid: SID, auth_token: TOKEN, numbers: [SENDER] }] };

type Way = Pick<Implementation, 'name' | 'start'>;

const WAYS: readonly Way[] = [
  {
    name: 'straight to Twilio',
    async start(settings, clock) {
      const messenger = createDirectMessenger(settings, { clock, transport: createHttpsTransport({ clock }) });
      return { messenger, tried: async (entry) => entry, close: () => messenger.close() };
    },
  },
  {
    name: 'through a gateway',
    async start(settings, clock) {
      const { gateway, tried } = await startTestGateway(settings, clock);
      return { messenger: gateway.messenger, tried, close: () => gateway.stop() };
    },
  },
];

interface Situation {
  name: string;
  ask: Partial<Asked>;
  /** What is configured otherwise. */
  account?: Setup['account'];
  before?(world: World): void;
  /** By way, where both do not end alike. */
  expect(told: Told, facts: { sent: readonly string[]; media: readonly string[]; way: string }): void;
}

const situations: readonly Situation[] = [
  {
    name: 'tells one text as taken',
    ask: { to: [ANN] },
    expect: (told, { sent }) => expect([told.taken, told.failed, told.unsure, sent]).toEqual([[ANN], [], [], [ANN]]),
  },
  {
    name: 'tells one bad number among good ones, and what the others came to',
    ask: { to: [ANN, NOBODY, BEA] },
    expect(told) {
      expect(told.taken).toContain(ANN);
      expect(told.failed).toContain(NOBODY);
      expect(told.says).toContain(NOBODY);
    },
  },
  {
    name: 'tells bad numbers alone as failed',
    ask: { to: [NOBODY, '+'] },
    expect(told, { sent }) {
      expect([told.taken, told.unsure, sent]).toEqual([[], [], []]);
      expect(told.failed.length).toBeGreaterThan(0);
    },
  },
  {
    name: 'says that a recipient is missing',
    ask: { to: [] },
    expect(told, { sent }) {
      expect([told.taken, sent]).toEqual([[], []]);
      expect(told.says).toMatch(/target|recipient|number|to\b/i);
    },
  },
  {
    name: 'drops blanks around a number',
    ask: { to: [`  ${ANN} `] },
    expect: (told, { sent }) => expect([told.taken.map((to) => to.trim()), sent]).toEqual([[ANN], [ANN]]),
  },
  {
    name: 'sends once to a number that is given twice',
    ask: { to: [ANN, BEA, ANN] },
    expect: (told, { sent }) => {
      expect([...sent].sort()).toEqual([ANN, BEA]);
      expect(told.failed).toEqual([]);
    },
  },
  {
    name: 'takes an integer for a number as its digits, and never guesses in silence',
    ask: { to: [15_551_230_001] },
    expect(told, { sent }) {
      if (sent.length > 0) expect([sent, told.taken.length]).toEqual([[ANN], 1]);
      else expect(told.says).toContain('15551230001');
    },
  },
  {
    name: 'leaves a WhatsApp address as it is',
    ask: { to: ['whatsapp:+15551230001'], from: 'whatsapp:+15550000001' },
    expect: (told, { sent }) => {
      expect([told.taken, sent]).toEqual([['whatsapp:+15551230001'], ['whatsapp:+15551230001']]);
    },
  },
  {
    name: 'refuses 1,601 characters before anything is sent',
    ask: { to: [ANN], body: 'x'.repeat(1601) },
    expect(told, { sent }) {
      expect([told.taken, told.failed, sent]).toEqual([[], [ANN], []]);
      expect(told.says).toMatch(/1,?600/);
    },
  },
  {
    name: 'tells a wrong token and sends nothing',
    ask: { to: [ANN], authToken: WRONG },
    account: { authTokens: [WRONG] },
    expect: (told, { sent }) => expect([told.taken, told.failed, sent]).toEqual([[], [ANN], []]),
  },
  {
    name: 'tells an account that Twilio does not know',
    ask: { to: [ANN], accountSid: `AC${'9'.repeat(32)}` },
    account: { accountSid: `AC${'9'.repeat(32)}` },
    expect(told, { sent }) {
      expect([told.taken, told.failed, sent]).toEqual([[], [ANN], []]);
    },
  },
  {
    name: 'tells an unreachable Twilio: nothing was sent, or a gateway has it',
    ask: { to: [ANN] },
    account: { baseUrl: 'http://127.0.0.1:1' },
    expect(told, { way }) {
      const accepted = way === 'through a gateway';
      expect([told.taken, told.failed, told.unsure]).toEqual(accepted ? [[ANN], [], []] : [[], [ANN], []]);
    },
  },
  {
    name: 'calls a page of a proxy unsure, and says not to send again',
    ask: { to: [ANN] },
    before: ({ simulator }) => mute(simulator, { fault: 'proxy_error', accept: true }),
    expect: unsure,
  },
  {
    name: 'calls an empty 503 unsure, and says not to send again',
    ask: { to: [ANN] },
    before: ({ simulator }) => mute(simulator, { fault: 'proxy_error', status: 503, empty: true }),
    expect: unsure,
  },
  {
    name: 'calls a lost answer unsure, and says not to send again',
    ask: { to: [ANN] },
    before: ({ simulator }) => mute(simulator, { fault: 'drop_answer' }),
    expect: unsure,
  },
  {
    name: 'finds a lost answer in the list of Twilio',
    ask: { to: [ANN] },
    before: ({ simulator }) => void simulator.control.faults.add({ fault: 'drop_answer', count: 1 }),
    expect(told, { sent, way }) {
      expect(sent).toEqual([ANN]);
      // A gateway answers after 10 s, before it has looked long enough, unless a callback comes first.
      if (way === 'straight to Twilio') expect([told.taken, told.unsure]).toEqual([[ANN], []]);
      else expect([...told.taken, ...told.unsure]).toEqual([ANN]);
    },
  },
  {
    name: 'gets through a storm of 429',
    ask: { to: [ANN] },
    before: ({ simulator }) => void simulator.control.faults.add({ fault: 'rate_limit', count: 2 }),
    expect: (told, { way }) => {
      expect([told.taken, told.failed, told.unsure], way).toEqual([[ANN], [], []]);
    },
  },
];

const media: Situation = {
  name: 'sends media',
  ask: { to: [ANN], mediaUrl: ['https://example.org/a.png'] },
  expect: (told, { sent, media }) =>
    expect([told.taken, sent, media]).toEqual([[ANN], [ANN], ['https://example.org/a.png']]),
};

describe.each(FORMS)('the host $host.definition.host', (form) => {
  const own = form.media ? [...situations, media] : situations;
  describe.each(WAYS)('$name', (way) => {
    for (const situation of own) {
      const reason = form.skips[situation.name] ?? tooMany(form, situation);
      if (reason === undefined) test(situation.name, () => play(form, way, situation));
      else test.skip(`${situation.name} (skipped: ${reason})`, () => undefined);
    }
  });

  test('skips only situations that exist', () => {
    const names = own.map(({ name }) => name);
    expect(Object.keys(form.skips).filter((name) => !names.includes(name))).toEqual([]);
  });

  test('describes every field, and names none twice in a section', () => {
    const { definition } = form.host;
    for (const [section, fields] of Object.entries(definition.fields)) {
      const names = fields.flatMap(({ name, aliases = [] }) => [name, ...aliases]);
      expect(new Set(names).size, section).toBe(names.length);
    }
    expect(definition.outputs.length).toBeGreaterThan(0);
    expect(JSON.parse(JSON.stringify(definition))).toEqual(definition);
  });

  test('answers any input at all in its own form', async () => {
    const { messenger } = await worldOf(WAYS[0] as Way, {});
    for (const input of [null, undefined, 1, 'x', [], {}, { to: {} }, [[[]]]]) {
      expect(form.host.credentials(input)).toBeNull();
      expect(JSON.stringify(await form.host.run(input, messenger))).toMatch(/\w/);
    }
  });
});

test('the suite judges every host that the package has', () => {
  expect(FORMS.map(({ host }) => host.definition.host).sort()).toEqual(Object.keys(HOSTS).sort());
  expect(Object.keys(HOSTS)).toEqual(HOST_NAMES);
});

async function play(form: HostForm, way: Way, situation: Situation): Promise<void> {
  const world = await worldOf(way, { account: { ...situation.account } });
  const asked: Asked = {
    to: [],
    from: SENDER,
    body: 'The build is green.',
    accountSid: SID,
    authToken: TOKEN,
    baseUrl: world.simulator.url,
    ...situation.ask,
  };
  situation.before?.(world);
  world.clock.run(situation.before === undefined && situation.account?.baseUrl === undefined ? CALM : HURRY);
  const output = await form.host.run(form.input(asked), world.messenger, { clock: world.clock });
  const sent = world.taken().map(({ to }) => to);
  const told = form.read(output, asked);
  const media = world.taken().flatMap(({ mediaUrl }) => mediaUrl);
  situation.expect(told, { sent, media, way: way.name });
  truthful(told, sent, situation.account?.baseUrl !== undefined);
  const text = JSON.stringify(output);
  for (const secret of [TOKEN, WRONG]) expect(text).not.toContain(secret);
}

/** Nobody is told two things; who is told as taken was sent to (or a gateway will), who failed was not. */
function truthful(told: Told, sent: readonly string[], unreachable: boolean): void {
  const trimmed = (list: readonly string[]) => [...new Set(list.map((to) => to.trim()))];
  const [taken, failed, open] = [trimmed(told.taken), trimmed(told.failed), trimmed(told.unsure)];
  expect(new Set([...taken, ...failed, ...open]).size).toBe(taken.length + failed.length + open.length);
  const plain = (to: string) => to.replace(/^(?:\+?1)?(?=\d{10}$)/, '+1');
  if (!unreachable) expect(taken.map(plain).filter((to) => !sent.includes(to))).toEqual([]);
  expect(sent.filter((to) => failed.map(plain).includes(to))).toEqual([]);
  const told3 = new Set([...taken, ...open].map(plain));
  expect(sent.filter((to) => !told3.has(to))).toEqual([]);
}

function unsure(told: Told): void {
  expect([told.taken, told.failed]).toEqual([[], []]);
  expect(told.unsure).toEqual([ANN]);
  expect(told.says).toMatch(/not (?:to )?(?:re)?send|not (?:be )?sen[dt]/i);
}

/** The fault strikes, and nothing afterwards tells what became of it: no callback, no list. */
function mute(simulator: World['simulator'], fault: Record<string, unknown>): void {
  const { faults } = simulator.control;
  faults.add({ ...fault, count: 1, method: 'POST' });
  faults.add({ fault: 'server_error', method: 'GET' });
  faults.add({ fault: 'callback_lost' });
}

function tooMany({ maxRecipients }: HostForm, { ask }: Situation): string | undefined {
  const count = ask.to?.length ?? 0;
  return count > maxRecipients ? `one input names at most ${maxRecipients} recipients` : undefined;
}

async function worldOf(way: Way, { account }: Setup): Promise<World> {
  const setup: Setup = {
    simulator: { accounts: ACCOUNTS },
    account: { accountSid: SID, authTokens: [TOKEN], ...account },
  };
  const world = await startWorld(way, setup);
  onTestFinished(() => world.close());
  return world;
}

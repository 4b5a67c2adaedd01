/** Automations over a gateway in this process: read from the configuration, reloaded when it changes, given their services. */

import type { CheckFault } from './automation/check.ts';
import type { Automation } from './automation/definition.ts';
import type { Runner } from './automation/runner.ts';
import type { NotifyBlock, OutgoingRequest } from './automation/services.ts';
import type { Value } from './automation/template/python.ts';
import type { AutomationSettings } from './config/settings.ts';
import type { AutomationGateway, RunView } from './core/automations.ts';
import type { Replier } from './core/inbound.ts';
import type { Located } from './core/located.ts';
import type { Clock, Logger, Messenger, Random, Store } from './core/ports.ts';
import { parseNotify, parseRestCommands } from './automation/blocks.ts';
import { checkAutomations } from './automation/check.ts';
import { deadlineOf, type Run } from './automation/journal.ts';
import { parseAutomations } from './automation/parse.ts';
import { createReplies } from './automation/replies.ts';
import { CONSUMER, startRunner } from './automation/runner.ts';
import { createSecrets, type Secrets, withoutSecrets } from './automation/secrets.ts';
import { createServices, serviceNames } from './automation/services.ts';
import { createSpokenPages, type SpokenPages } from './automation/spoken-pages.ts';
import { createTemplateEngine, type TemplateEngine } from './automation/template/engine.ts';
import { watchFiles } from './automation/watch-files.ts';
import { loadSettings } from './config/load.ts';
import { isTollboardError, TollboardError } from './core/errors.ts';
import { homeAssistantHost } from './hosts/home-assistant/host.ts';
import { runHost } from './hosts/run.ts';
import { systemClock } from './system.ts';

export interface AutomationsOptions {
  settings: AutomationSettings;
  /** SID of the account that notifications go out from. */
  accountSid: string;
  store: Store;
  messenger: Messenger;
  clock: Clock;
  random: Random;
  /** Where Twilio reaches this gateway, or null. */
  base(): string | null;
  logger: Logger;
  request(request: OutgoingRequest): Promise<{ status: number; body: string }>;
  /** How long traces of runs are kept, milliseconds. */
  keepTracesMs: number;
  /** Whether automations take events; false while there are none. */
  consume(consumer: string, wanted: boolean): Promise<void>;
}

export interface Automations extends AutomationGateway {
  /** Answers webhooks with what automations reply. */
  replier: Replier;
  stop(): Promise<void>;
}

/** Throws `TOLLBOARD_AUTOMATION_INVALID` for the first fault of the configuration, with its place. */
export async function startAutomations(given: AutomationsOptions): Promise<Automations> {
  const secrets = createSecrets();
  const options = { ...given, logger: hiding(given.logger, secrets) };
  const { clock, store, logger } = options;
  const parsed = parse(options.settings);
  learn(secrets, options.settings);
  const engine = createTemplateEngine({ clock });
  const replies = createReplies(clock);
  const pages = createSpokenPages(options);
  let services = servicesOf(options, parsed, { engine, replies, pages });
  const runner = await startRunner({
    store,
    clock,
    logger,
    engine,
    automations: parsed.automations,
    consume: (wanted) => options.consume(CONSUMER, wanted),
    keepTracesMs: options.keepTracesMs,
    secrets,
    call: (call, signal) => services(call, signal),
    onQuiet: (eventId) => replies.over(eventId),
  });
  const stopping = new AbortController();
  /** Beside what else is done: each template is looked at in the thread that renders. */
  const tellFaults = (settings: AutomationSettings, found: Parsed): void => {
    const tell = (faults: readonly CheckFault[]) => {
      if (stopping.signal.aborted) return;
      for (const { message: fault, ...place } of faults.slice(0, FAULTS_TOLD)) logger.warn({ ...place, fault }, FAULT);
    };
    faultsOf(settings, found, engine)
      .then(tell)
      .catch((error: unknown) => logger.warn({ error: String(error) }, 'the automations could not be checked'));
  };
  tellFaults(options.settings, parsed);
  const watching = watch(options, stopping.signal, async (settings) => {
    const changed = parse(settings);
    learn(secrets, settings);
    services = servicesOf({ ...options, settings }, changed, { engine, replies, pages });
    await runner.reload(changed.automations);
    logger.info({ automations: changed.automations.length }, 'the automations were read again');
    tellFaults(settings, changed);
  });
  return {
    ...gatewayOf(runner, pages, secrets),
    replier: (event, signal) => (runner.mayAnswer(event) ? replies.await(event.id, signal) : null),
    async stop() {
      stopping.abort();
      await watching;
      await runner.stop();
      await engine.close();
    },
  };
}

/** Faults that the log has room for at a time. */
const FAULTS_TOLD = 20;
const FAULT = 'an automation has a fault; tollboard automations check looks for all';

function learn(secrets: Secrets, { automations, notify, restCommand }: AutomationSettings): void {
  secrets.learn([automations, notify, restCommand]);
}

function hiding(logger: Logger, { show, hush }: Secrets): Logger {
  const hidden = (facts: object) =>
    Object.fromEntries(
      Object.entries(facts).map(([name, fact]) => [
        name,
        typeof fact === 'string' ? hush(fact) : show(fact as unknown),
      ]),
    );
  return {
    debug: (facts, message) => logger.debug(hidden(facts), message),
    info: (facts, message) => logger.info(hidden(facts), message),
    warn: (facts, message) => logger.warn(hidden(facts), message),
    error: (facts, message) => logger.error(hidden(facts), message),
  };
}

type Parsed = ReturnType<typeof parse>;

function parse({ automations, notify, restCommand, printPlace }: AutomationSettings) {
  try {
    return {
      automations: parseAutomations(automations, printPlace),
      notify: parseNotify(notify, printPlace),
      restCommands: parseRestCommands(restCommand, printPlace),
    };
  } catch (error) {
    if (!isTollboardError(error)) throw error;
    const { message, remedy, code, details } = error;
    const told = (text: string) => withoutSecrets(text, [automations, notify, restCommand]);
    throw new TollboardError(code, {
      message: told(message),
      remedy: told(remedy),
      details: Object.fromEntries(Object.entries(details).map(([name, value]) => [name, told(String(value))])),
    });
  }
}

function servicesOf(
  options: AutomationsOptions,
  { notify, restCommands }: Parsed,
  { engine, replies, pages }: Pick<Parameters<typeof createServices>[0], 'engine' | 'replies'> & { pages: SpokenPages },
) {
  const { messenger, logger, request, settings, store } = options;
  const { homeAssistant } = settings;
  const notifyBy = (...args: Notification) => notifyTargets({ ...options, pages }, ...args);
  const answerTo = (eventId: string) => store.answerTo(eventId);
  return createServices({
    answerTo,
    messenger,
    logger,
    engine,
    replies,
    notify,
    restCommands,
    homeAssistant,
    request,
    notifyBy,
  });
}

/** For a check: what a configuration holds and what is wrong with it; nothing is run. Throws the errors of reading it. */
export async function readAutomations(
  settings: AutomationSettings,
): Promise<{ automations: Automation[]; faults: CheckFault[] }> {
  const parsed = parse(settings);
  const engine = createTemplateEngine({ clock: systemClock });
  try {
    return { automations: parsed.automations, faults: await faultsOf(settings, parsed, engine) };
  } finally {
    await engine.close();
  }
}

async function faultsOf(
  { automations, notify, restCommand, homeAssistant }: AutomationSettings,
  parsed: Parsed,
  engine: TemplateEngine,
): Promise<CheckFault[]> {
  const services = serviceNames(parsed);
  const faults = await checkAutomations(parsed.automations, {
    engine,
    services,
    homeAssistant: homeAssistant !== null,
    restCommands: parsed.restCommands,
  });
  const told = (text: string) => withoutSecrets(text, [automations, notify, restCommand]);
  return faults.map((fault) => ({ ...fault, message: told(fault.message) }));
}

/** Keys that tell an automation from a whole configuration. */
const OWN: ReadonlySet<string> = new Set(['id', 'alias', 'trigger', 'triggers', 'action', 'actions']);

/**
 * A whole configuration has its automations below a key; a file of automations is them, and what it calls is configured
 * `around` it.
 */
export async function automationsOfFile(
  file: string,
  env: Readonly<Record<string, string | undefined>>,
  around: () => Promise<AutomationSettings>,
): Promise<AutomationSettings> {
  const { printPlace, readSource } = await import('./config/source.ts');
  const source = readSource(file, env);
  const whole = source.kind === 'map' && source.entries.length > 0 && !source.entries.some(({ key }) => OWN.has(key));
  if (whole) return (await loadSettings({ flags: { config: file }, env, cwd: process.cwd() })).automation;
  return { ...(await around()), automations: source, printPlace };
}

type Notification = [block: NotifyBlock, data: Readonly<Record<string, Value>>, key: string, signal: AbortSignal];

type Failed = { target: string; why: string; twilioCode: number | null };

/**
 * All targets, with those that failed. A call whose account refuses TwiML within the request is made once more, to a URL of
 * this gateway that says the same.
 */
async function notifyTargets(
  options: AutomationsOptions & { pages: SpokenPages },
  ...[block, data, key, signal]: Notification
): Promise<Failed[]> {
  const failed = await notifyOnce(options, block, data, key, signal);
  const refused = failed.filter(({ twilioCode }) => twilioCode === INLINE_TWIML_REFUSED);
  const message = String(data.message);
  if (block.platform !== 'twilio_call' || refused.length === 0 || /^https?:\/\//.test(message)) return failed;
  const { voice, language } = (data.data ?? {}) as Record<string, Value>;
  const say = {
    text: message,
    ...(voice === undefined ? {} : { voice }),
    ...(language === undefined ? {} : { language }),
  };
  const url = await options.pages.publish(say, key);
  if (url === null) return failed;
  const again = { ...data, message: url, target: refused.map(({ target }) => target) };
  const others = failed.filter((one) => !refused.includes(one));
  return [...others, ...(await notifyOnce(options, block, again, `${key}:url`, signal))];
}

/** A trial account may not do this (Twilio's dictionary): here, TwiML within the request of a call. */
const INLINE_TWIML_REFUSED = 10002;

/** By the host that does what Home Assistant's own notifiers do; the account is the gateway's, so it needs no proof. */
async function notifyOnce(
  { messenger, clock, accountSid }: AutomationsOptions,
  ...[block, data, key, signal]: Notification
): Promise<Failed[]> {
  const input = {
    twilio: { account_sid: accountSid, auth_token: 'of the configuration' },
    notify: { platform: block.platform, from_number: block.fromNumber },
    data,
  };
  const idempotencyKey = `automation:${key}`;
  const run = await runHost(homeAssistantHost, input, messenger, { clock, signal, idempotencyKey });
  const { results, error } = run.output;
  if (error !== undefined) return [{ target: 'no target', why: `${error.message} ${error.remedy}`, twilioCode: null }];
  return results.flatMap(({ target, error: fault }) =>
    fault === null ? [] : [{ target, why: `${fault.message} ${fault.remedy}`, twilioCode: fault.twilioCode }],
  );
}

function gatewayOf(runner: Runner, pages: SpokenPages, { show }: Secrets): AutomationGateway {
  return {
    automations: () => runner.automations(),
    runs: async (id) => (await runner.runs(id)).map((run) => runView(show(run))),
    async run(id) {
      const { run, as } = await runner.runNow(id);
      return { ...runView(show(run)), outcome: as };
    },
    page: (name) => pages.page(name),
  };
}

function runView({ id, automation, startedAt, endedAt, ending, error, trigger, steps }: Run): RunView {
  const iso = (at: number) => new Date(at).toISOString();
  return {
    id,
    automation: automation.id,
    startedAt: iso(startedAt),
    endedAt: endedAt === null ? null : iso(endedAt),
    ending,
    error,
    trigger,
    steps: steps.map((step) => {
      const { path, where, at, result, changed, error: fault } = step;
      const until = deadlineOf(step);
      return {
        path,
        where,
        time: iso(at),
        result: until === null ? result : { until: iso(until) },
        changed,
        error: fault,
      };
    }),
  };
}

/** A broken file is told and refused; what was read before runs on. */
async function watch(
  { settings, clock, logger }: AutomationsOptions,
  signal: AbortSignal,
  apply: (settings: AutomationSettings) => Promise<void>,
): Promise<void> {
  const { reload, atStart } = settings;
  if (reload === null) return;
  let told: readonly string[] = [];
  const read = async () => {
    const changed = await reload();
    await apply(changed);
    const keys = Object.keys({ ...atStart, ...changed.atStart }).filter((key) => atStart[key] !== changed.atStart[key]);
    if (keys.some((key) => !told.includes(key)))
      logger.warn({ keys }, 'settings changed that are read at a start only: start the gateway again');
    told = keys;
    return filesOf(changed);
  };
  const refuse = (error: unknown) => {
    const why = isTollboardError(error) ? `${error.message} ${error.remedy}` : String(error);
    logger.error({ error: why }, 'the configuration changed and cannot be used; the automations read before run on');
  };
  await watchFiles({ files: filesOf(settings), clock, read, refuse }, signal);
}

/** The files that the automations were read from, included ones too. */
function filesOf({ automations, notify, restCommand, configFile }: AutomationSettings): string[] {
  const files = new Set<string>(configFile === null ? [] : [configFile]);
  const visit = (value: Located | null): void => {
    if (value === null) return;
    files.add(value.place.file);
    if (value.kind === 'list') for (const item of value.items) visit(item);
    if (value.kind === 'map') for (const entry of value.entries) visit(entry.value);
  };
  for (const value of [automations, notify, restCommand]) visit(value);
  return [...files];
}

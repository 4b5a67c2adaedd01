/** `tollboard host NAME [FILE|-]`: a tool's own input JSON in, its own output JSON out. */

import type { Messenger } from '../../core/ports.ts';
import type { DocumentPart, HostName } from '../../hosts/host.ts';
import type { Ending } from '../../hosts/run.ts';
import type { RunnableHost } from '../../hosts.ts';
import type { Call, CommandRow } from '../command.ts';
import type { ExitCode } from '../exit-code.ts';
import type { Destination } from '../where.ts';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { isTollboardError, TollboardError } from '../../core/errors.ts';
import { plainRandom, systemClock } from '../../system.ts';
import { DESTINATION_OPTIONS, usageError } from '../command.ts';
import { findDestination } from '../where.ts';

/** Bytes of an input: as many as the gateway takes. */
const MAX_INPUT = 1024 * 1024;
/** A playbook that is followed for a minute, or a long list one after the other, takes its time. */
const ANSWER_MS = 15 * 60_000;

const EXIT: Readonly<Record<Ending, ExitCode>> = { ok: 0, invalid: 2, failed: 1, some: 3, unsure: 4 };

/** All that a host's document specifies, in its order: for people, so nothing but `--describe` loads it. */
const DOCUMENTS: Readonly<Record<HostName, () => Promise<readonly DocumentPart[]>>> = {
  ansible: async () => (await import('../../hosts/ansible/document.ts')).ansibleDocument,
  soar: async () => (await import('../../hosts/soar/document.ts')).soarDocument,
  bytechef: async () => (await import('../../hosts/bytechef/document.ts')).bytechefDocument,
  flogo: async () => (await import('../../hosts/flogo/document.ts')).flogoDocument,
  'home-assistant': async () => (await import('../../hosts/home-assistant/document.ts')).homeAssistantDocument,
};

export const commands: readonly CommandRow[] = [
  {
    name: 'host',
    summary: "Carry out a tool's own input and print its own output.",
    arguments: [
      { name: '<name>', description: 'ansible, soar, bytechef, flogo or home-assistant.' },
      { name: '[file]', description: 'The input as JSON; - or nothing: standard input.' },
    ],
    options: [
      { flags: '--describe', description: "Print all that the tool's own document specifies instead." },
      { flags: '--direct', description: 'Straight to Twilio, also where there is a gateway.' },
      ...DESTINATION_OPTIONS,
    ],
    examples: ['tollboard host home-assistant notification.json', 'tollboard host flogo --describe'],
    run: async (call) => {
      const host = await hostOf(call.args[0] ?? '');
      if (call.options.describe === true) return describe(host, call);
      const input = await inputOf(call);
      const { output, ending } = await carryOut(host, input, call);
      call.out.text(call.out.json ? JSON.stringify(output) : JSON.stringify(output, null, 2));
      return EXIT[ending];
    },
  },
];

async function hostOf(name: string): Promise<RunnableHost> {
  const { HOSTS } = await import('../../hosts.ts');
  const host = Object.hasOwn(HOSTS, name) ? HOSTS[name as keyof typeof HOSTS] : undefined;
  if (host !== undefined) return host;
  const details = { host: name.slice(0, 40), known: Object.keys(HOSTS).join(', ') };
  throw new TollboardError('TOLLBOARD_HOST_UNKNOWN', { details });
}

async function describe({ definition }: RunnableHost, { out }: Call): Promise<ExitCode> {
  if (out.json) out.line(definition);
  else {
    for (const part of await DOCUMENTS[definition.host]()) printPart(part, out);
  }
  return 0;
}

/** Between others by an empty line; without a terminal, too, a table says what its columns are. */
function printPart({ heading, text, table }: DocumentPart, out: Call['out']): void {
  out.text(out.style('bold', heading));
  if (text !== undefined) out.text(text);
  if (table !== undefined) out.table(table.head, out.terminal ? table.rows : [table.head, ...table.rows]);
  out.text('');
}

async function inputOf({ args, io }: Call): Promise<unknown> {
  const file = args[1] ?? '-';
  const text = file === '-' ? await standardInput(io) : readInput(resolve(io.cwd, file), file);
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    const where = file === '-' ? 'standard input' : file;
    throw usageError(`${where} is no JSON (${faultOf(cause)})`);
  }
}

/** Without the piece of the input that the parser quotes, which may be one of a token. */
function faultOf(cause: unknown): string {
  return cause instanceof Error ? cause.message.replace(/, (?:\.\.\.)?".*$/s, '') : '';
}

function readInput(path: string, name: string): string {
  try {
    const content = readFileSync(path);
    if (content.length <= MAX_INPUT) return content.toString('utf8');
  } catch (error) {
    throw usageError(`${name} cannot be read (${(error as NodeJS.ErrnoException).code ?? ''})`);
  }
  throw usageError(`${name} has more than ${MAX_INPUT} bytes`);
}

async function standardInput({ stdin }: Call['io']): Promise<string> {
  if (stdin.isTTY === true) throw usageError('An input is missing: give a file, or write it to standard input');
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of stdin as AsyncIterable<Buffer | string>) {
    const chunk = Buffer.from(part);
    size += chunk.length;
    if (size > MAX_INPUT) throw usageError(`Standard input has more than ${MAX_INPUT} bytes`);
    parts.push(chunk);
  }
  return Buffer.concat(parts).toString('utf8');
}

interface Carried {
  output: unknown;
  ending: Ending;
}

/** Over the gateway where there is one, else straight to Twilio with the credentials of the input itself. */
async function carryOut(host: RunnableHost, input: unknown, call: Call): Promise<Carried> {
  const { options, io } = call;
  const destination = await findDestination({ options, env: io.env, cwd: io.cwd }).catch((error: unknown) => {
    if (isTollboardError(error) && error.code === 'TOLLBOARD_CLI_NO_DESTINATION') return null;
    throw error;
  });
  if (destination?.kind === 'gateway') return overGateway(destination, host, input, call);
  return direct(host, input, call);
}

async function overGateway(
  { url, token, newToken }: Extract<Destination, { kind: 'gateway' }>,
  host: RunnableHost,
  input: unknown,
  { io }: Call,
): Promise<Carried> {
  const { createGatewayClient } = await import('../../remote/client.ts');
  const client = createGatewayClient({ url, token, newToken, clock: systemClock, random: plainRandom });
  let ending: Ending = 'ok';
  try {
    const output = await client.request<unknown>({
      method: 'POST',
      path: `/hosts/${host.definition.host}`,
      body: input,
      headers: { 'idempotency-key': plainRandom.hex(32) },
      repeatable: true,
      answerMs: ANSWER_MS,
      signal: io.interrupted,
      onHeaders: (headers) => (ending = (headers['tollboard-ending'] ?? 'ok') as Ending),
    });
    return { output, ending };
  } catch (error) {
    // Only what says nothing about this input is told in the host's own form: whether anything was sent.
    if (!isTollboardError(error) || !UNTOLD.has(error.code)) throw error;
    return await host.refuse(input, error);
  } finally {
    client.close();
  }
}

const UNTOLD: ReadonlySet<string> = new Set([
  'TOLLBOARD_GATEWAY_ANSWER_LOST',
  'TOLLBOARD_GATEWAY_ANSWER_UNEXPECTED',
  'TOLLBOARD_GATEWAY_UNREACHABLE',
]);

/** TWILIO_BASE_URL comes first: what is tried against another server must never reach Twilio. */
async function direct(host: RunnableHost, input: unknown, { io }: Call): Promise<Carried> {
  const credentials = host.credentials(input);
  if (credentials === null) return host.report(input, await withoutCredentials(host));
  const { normalizeBaseUrl } = await import('../../core/base-url.ts');
  const given = io.env.TWILIO_BASE_URL || credentials.baseUrl || 'https://api.twilio.com';
  const baseUrl = normalizeBaseUrl(given);
  if (baseUrl === null) throw usageError('The address of Twilio is not usable; expected an http or https address');
  const { createDirectMessenger } = await import('../../direct.ts');
  const { accountSid, username, password } = credentials;
  const key = username === accountSid ? null : username;
  const account = {
    name: 'default',
    accountSid,
    authTokens: key === null ? [password] : [],
    apiKey: key,
    apiSecret: key === null ? null : password,
    baseUrl,
    simulated: false,
  };
  const messenger = createDirectMessenger({ accounts: [account], sender: null }, { random: plainRandom });
  try {
    return await host.report(input, messenger, { signal: io.interrupted });
  } finally {
    await messenger.close();
  }
}

async function withoutCredentials({ definition }: RunnableHost): Promise<Messenger> {
  const { refusingMessenger } = await import('../../hosts/run.ts');
  const details = {
    host: definition.host,
    field: 'the credentials',
    value: 'absent',
    expected: 'an account and its token',
  };
  return refusingMessenger(new TollboardError('TOLLBOARD_HOST_INPUT_INVALID', { details }));
}

/**
 * What the module files run: reads the argument file that Ansible names, sends straight to Twilio or through a gateway,
 * and prints the result as one JSON object. `prelude.ts` is what stands before it in the file.
 */

import type { AnsibleAsked } from '../../src/hosts/ansible/request.ts';
import type { AnsibleOutput } from '../../src/hosts/ansible/result.ts';
import type { SendWork } from '../../src/hosts/host.ts';
import { readFileSync } from 'node:fs';
import { normalizeBaseUrl, TWILIO_BASE_URL, withoutCredentials } from '../../src/core/base-url.ts';
import { isTollboardError, TollboardError } from '../../src/core/errors.ts';
import { createDirectMessenger } from '../../src/direct.ts';
import { pythonText } from '../../src/hosts/ansible/arguments.ts';
import { ansibleHost } from '../../src/hosts/ansible/host.ts';
import { failure } from '../../src/hosts/ansible/result.ts';
import { masked } from '../../src/hosts/ansible/secrets.ts';
import { refuseHost, runHost } from '../../src/hosts/run.ts';
import { createGatewayClient } from '../../src/remote/client.ts';
import { plainRandom, systemClock } from '../../src/system.ts';

type TaskArguments = Readonly<Record<string, unknown>>;

async function outputOf(given: unknown): Promise<AnsibleOutput> {
  const work = ansibleHost.request(given);
  if (work.do === 'answer' && !work.ok) return work.output;
  const args = given as TaskArguments;
  const gateway = textOf(args.gateway_url) || (process.env.TOLLBOARD_URL ?? '');
  if (gateway === '' && textOf(args.idempotency_key) !== '') {
    const details = { what: 'An idempotency key' };
    return refused(args, new TollboardError('TOLLBOARD_DIRECT_NEEDS_GATEWAY', { stage: 'before_send', details }));
  }
  if (work.do === 'answer') return work.output;
  if (work.do !== 'send') throw new Error(`the module has no ${work.do}`);
  try {
    return gateway === '' ? await direct(args) : await throughGateway(gateway, args, work);
  } catch (error) {
    return refused(args, isTollboardError(error) ? error : new TollboardError('TOLLBOARD_INTERNAL', { cause: error }));
  }
}

/** What to do in the words of a task, which has no options of a command line. */
const REMEDIES: Readonly<Record<string, string>> = {
  TOLLBOARD_DIRECT_NEEDS_GATEWAY: 'Name one with gateway_url and gateway_token, or TOLLBOARD_URL and TOLLBOARD_TOKEN.',
  TOLLBOARD_HTTP_TOKEN_INVALID:
    'Give gateway_token, or TOLLBOARD_TOKEN: the token of gateway.json in the gateway\'s data folder, or one of "tollboard config token create".',
};

/** Every number meets the same error; a dry run, too. */
async function refused(args: TaskArguments, { code, report, details }: TollboardError): Promise<AnsibleOutput> {
  const error = TollboardError.from({ ...report, remedy: REMEDIES[code] ?? report.remedy }, details);
  const task = { ...args, _ansible_check_mode: false };
  return (await refuseHost(ansibleHost, task, error, { clock: systemClock })).output;
}

async function direct(args: TaskArguments): Promise<AnsibleOutput> {
  const credentials = ansibleHost.credentials(args);
  if (credentials === null) throw new Error('the credentials are incomplete');
  const { accountSid, username, password } = credentials;
  const own = username === accountSid;
  const account = {
    name: 'default',
    accountSid,
    authTokens: own ? [password] : [],
    apiKey: own ? null : username,
    apiSecret: own ? null : password,
    baseUrl: twilioAddress(),
    simulated: false,
  };
  const messenger = createDirectMessenger({ accounts: [account], sender: null }, { random: plainRandom });
  try {
    return (await runHost(ansibleHost, args, messenger, { clock: systemClock })).output;
  } finally {
    await messenger.close();
  }
}

function twilioAddress(): string {
  const given = process.env.TWILIO_BASE_URL ?? '';
  const address = given === '' ? TWILIO_BASE_URL : normalizeBaseUrl(given);
  if (address !== null) return address;
  throw unusable('TWILIO_BASE_URL', 'not usable', 'an http or https address without credentials');
}

function unusable(key: string, value: string, expected: string): TollboardError {
  const details = { where: 'Of this task', key, value, expected };
  return new TollboardError('TOLLBOARD_CONFIG_VALUE_INVALID', { stage: 'before_send', details });
}

/**
 * The gateway carries the task out itself, with the account that the arguments name and prove. Its key makes a repeat after
 * a lost answer safe; a key that the task names comes first.
 */
async function throughGateway(
  url: string,
  args: TaskArguments,
  { asked, wait, requests }: SendWork<AnsibleAsked>,
): Promise<AnsibleOutput> {
  const token = textOf(args.gateway_token) || (process.env.TOLLBOARD_TOKEN ?? '');
  if (token === '') throw unusable('gateway_token', 'absent', 'a token of the gateway, or TOLLBOARD_TOKEN');
  if (normalizeBaseUrl(url) === null) {
    const expected = 'an http or https address without credentials, such as http://127.0.0.1:8655';
    throw unusable('gateway_url', JSON.stringify(withoutCredentials(url).slice(0, 80)), expected);
  }
  const client = createGatewayClient({ url, token, clock: systemClock, random: plainRandom });
  try {
    const output = await client.request<AnsibleOutput>({
      method: 'POST',
      path: '/hosts/ansible',
      body: forGateway(args),
      headers: { 'idempotency-key': plainRandom.hex(32) },
      repeatable: true,
      answerMs: ANSWER_MS + requests.length * (wait?.ms ?? 0),
    });
    const { moduleArgs, secrets } = asked.frame;
    return masked({ ...output, invocation: { module_args: moduleArgs } }, secrets);
  } finally {
    client.close();
  }
}

/** Beside the waits that the task asked for. */
const ANSWER_MS = 60_000;

/** The task's own arguments: the gateway has no use for its own address and token, nor for Ansible's settings. */
function forGateway(args: TaskArguments): TaskArguments {
  const dropped = /^(?:gateway_(?:url|token)|_ansible_(?!module_name$).*)$/;
  return Object.fromEntries(Object.entries(args).filter(([name]) => !dropped.test(name)));
}

function textOf(value: unknown): string {
  return value === undefined || value === null ? '' : pythonText(value).trim();
}

function argumentsGiven(): unknown {
  const file = process.argv[2];
  if (file === undefined) return null;
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return null;
  }
}

async function main(): Promise<void> {
  let output: AnsibleOutput;
  try {
    output = await outputOf(argumentsGiven());
  } catch {
    // Whatever it is, Ansible gets its JSON; the words of an unforeseen error might hold anything.
    const msg = "The module failed by a fault of its own. Look in Twilio's log before you send again.";
    output = failure(msg, { moduleArgs: {}, secrets: [] });
  }
  process.stdout.write(`${JSON.stringify(output)}\n`);
  if (output.failed === true) process.exitCode = 1;
}

void main();

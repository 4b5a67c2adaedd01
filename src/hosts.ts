/** The public entry of the hosts: what each of the five tools hands over and gets back, over any Messenger. */

import type { TollboardError } from './core/errors.ts';
import type { Clock, Messenger } from './core/ports.ts';
import type { Host, HostDefinition, HostName } from './hosts/host.ts';
import type { Run, RunOptions } from './hosts/run.ts';
import { ansibleHost } from './hosts/ansible/host.ts';
import { bytechefHost } from './hosts/bytechef/host.ts';
import { flogoHost } from './hosts/flogo/host.ts';
import { homeAssistantHost } from './hosts/home-assistant/host.ts';
import { refuseHost, runHost } from './hosts/run.ts';
import { soarHost } from './hosts/soar/host.ts';
import { systemClock } from './system.ts';

export type { Field, Host, HostDefinition, HostName, OutputField } from './hosts/host.ts';
export type { Ending, Run } from './hosts/run.ts';

export interface HostRunOptions extends Omit<RunOptions, 'clock'> {
  /** Default: the system's. */
  clock?: Clock;
}

/** A host ready for use: its documents as data, and its input carried out. */
export interface RunnableHost<Output = unknown> {
  readonly definition: HostDefinition;
  /** The host's own input (JSON) in, the host's own output out. Rejects only when aborted before anything was sent. */
  run(input: unknown, messenger: Messenger, options?: HostRunOptions): Promise<Output>;
  /** The same with how it ended, for exit codes. */
  report(input: unknown, messenger: Messenger, options?: HostRunOptions): Promise<Run<Output>>;
  /** The answer where one error met the input as a whole: every recipient is met alike. */
  refuse(input: unknown, error: TollboardError): Promise<Run<Output>>;
  credentials: Host<unknown, Output>['credentials'];
  /** The input with the account that came beside it, where it names none itself and may do without. */
  withAccount(input: unknown, account: { username: string; password: string }): unknown;
}

function ready<Asked, Output>(host: Host<Asked, Output>): RunnableHost<Output> {
  const report = (input: unknown, messenger: Messenger, options: HostRunOptions = {}) =>
    runHost(host, input, messenger, { clock: systemClock, ...options });
  return {
    definition: host.definition,
    credentials: host.credentials,
    withAccount: host.withAccount ?? ((input) => input),
    report,
    refuse: (input, error) => refuseHost(host, input, error, { clock: systemClock }),
    run: async (input, messenger, options) => (await report(input, messenger, options)).output,
  };
}

export const ansible = ready(ansibleHost);
export const bytechef = ready(bytechefHost);
export const flogo = ready(flogoHost);
export const soar = ready(soarHost);
export const homeAssistant = ready(homeAssistantHost);

/** Every host by its name. */
export const HOSTS: Readonly<Record<HostName, RunnableHost>> = {
  ansible,
  soar,
  bytechef,
  flogo,
  'home-assistant': homeAssistant,
};

/** The hosts over a gateway in this process: an input's own credentials are proven, then it is carried out. */

import type { GatewayApi } from './core/gateway-api.ts';
import type { Clock } from './core/ports.ts';
import type { GatewayMessenger } from './delivery/messenger.ts';
import type { RunnableHost } from './hosts.ts';
import type { HostRunner } from './server/hosts.ts';
import { isTollboardError, TollboardError } from './core/errors.ts';
import { createGatewayMessenger } from './delivery/messenger.ts';
import { refusingMessenger } from './hosts/run.ts';
import { HOSTS } from './hosts.ts';

export interface HostRunners {
  readonly byName: ReadonlyMap<string, HostRunner>;
  /** Ends the waits under way. */
  close(): void;
}

export function createHostRunners(gateway: GatewayApi, clock: Clock): HostRunners {
  /** One for each account, since a host may ask for an account's recipients. */
  const messengers = new Map<string, GatewayMessenger>();

  function messengerOf(accountSid: string): GatewayMessenger {
    const messenger = messengers.get(accountSid) ?? createGatewayMessenger(gateway, accountSid);
    messengers.set(accountSid, messenger);
    return messenger;
  }

  const runner = (host: RunnableHost): HostRunner => ({
    async run(asked, { account, ...options }) {
      const input = account === null ? asked : host.withAccount(asked, account);
      const refusal = refusalOf(host, input, gateway);
      const { accountSid = '' } = host.credentials(input) ?? {};
      const messenger = refusal === null ? messengerOf(accountSid) : refusingMessenger(refusal);
      return host.report(input, messenger, { clock, ...options });
    },
  });

  return {
    byName: new Map(Object.values(HOSTS).map((host) => [host.definition.host, runner(host)])),
    close() {
      for (const messenger of messengers.values()) messenger.close();
    },
  };
}

/** Null when the input proves a right to the account that it names. Without credentials it proves none. */
function refusalOf(host: RunnableHost, input: unknown, gateway: GatewayApi): TollboardError | null {
  const credentials = host.credentials(input);
  if (credentials === null)
    return new TollboardError('TOLLBOARD_ACCOUNT_CREDENTIALS', { details: { account: '(none)' } });
  try {
    gateway.proveAccount(credentials);
    return null;
  } catch (error) {
    return isTollboardError(error) ? error : new TollboardError('TOLLBOARD_INTERNAL', { cause: error });
  }
}

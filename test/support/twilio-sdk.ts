/** Twilio's official SDK pointed at a simulator or a gateway; every answer it gets is judged by Twilio's OpenAPI on the way. */

import type { Simulator } from '../../src/simulator/server.ts';
import twilio from 'twilio';
import { expectTwilioAnswer } from './twilio-openapi.ts';

const TWILIO = 'https://api.twilio.com';

type SdkRequest = Parameters<InstanceType<typeof twilio.RequestClient>['request']>[0];

/** The SDK's own HTTP client; only the origin is another. */
class OtherOriginClient extends twilio.RequestClient {
  readonly #url: string;

  constructor(url: string) {
    super();
    this.#url = url;
  }

  override async request<TData>(options: SdkRequest & { data?: TData }) {
    const uri = options.uri.replace(TWILIO, this.#url);
    const response = await super.request<TData>({ ...options, uri } as never);
    const body =
      typeof response.body === 'string'
        ? response.body
        : response.body === undefined
          ? ''
          : JSON.stringify(response.body);
    expectTwilioAnswer(options.method, options.uri.replace(TWILIO, ''), response.statusCode, body);
    return response;
  }
}

/** `account`: which of the simulator's accounts, or credentials of one's own. Default: the first account. */
export function sdkFor(
  simulator: Pick<Simulator, 'url' | 'accounts'>,
  account: number | { accountSid: string; username?: string; password: string } = 0,
): twilio.Twilio {
  const declared = typeof account === 'number' ? simulator.accounts[account] : undefined;
  const own =
    typeof account === 'number' ? { accountSid: declared?.sid ?? '', password: declared?.authToken ?? '' } : account;
  return twilio(('username' in own && own.username) || own.accountSid, own.password, {
    accountSid: own.accountSid,
    httpClient: new OtherOriginClient(simulator.url),
  });
}

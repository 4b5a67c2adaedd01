/** Credentials that came in a request against those of the configuration, in constant time. */

import type { AccountCredentials } from '../core/gateway-api.ts';
import { createHash, timingSafeEqual } from 'node:crypto';
import { TollboardError } from '../core/errors.ts';

/** What the configuration has of an account. */
export interface ProvenAccount {
  readonly accountSid: string;
  readonly authTokens: readonly string[];
  readonly apiKey: string | null;
  readonly apiSecret: string | null;
}

/** Throws `TOLLBOARD_ACCOUNT_UNKNOWN` and `TOLLBOARD_ACCOUNT_CREDENTIALS`; neither names a secret. */
export function createAccountProof(accounts: readonly ProvenAccount[]): (credentials: AccountCredentials) => void {
  return ({ accountSid, username, password }) => {
    const account = accounts.find((one) => one.accountSid === accountSid);
    if (account === undefined) {
      const known = accounts.map((one) => one.accountSid).join(', ') || 'none';
      const details = { account: accountSid.slice(0, 64), known };
      throw new TollboardError('TOLLBOARD_ACCOUNT_UNKNOWN', { details, httpStatus: 404 });
    }
    const secrets =
      username === accountSid
        ? account.authTokens
        : username === account.apiKey && account.apiSecret !== null
          ? [account.apiSecret]
          : [];
    let proven = false;
    for (const secret of secrets) if (timingSafeEqual(hashOf(secret), hashOf(password))) proven = true;
    if (proven) return;
    throw new TollboardError('TOLLBOARD_ACCOUNT_CREDENTIALS', { details: { account: accountSid }, httpStatus: 401 });
  };
}

function hashOf(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}

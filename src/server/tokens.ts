/** Access to a gateway: the local token of this start, and named tokens that are stored as hashes only. */

import type { IssuedToken } from '../core/gateway-api.ts';
import type { Clock, Random, Store, TokenRecord } from '../core/ports.ts';
import { hash, timingSafeEqual } from 'node:crypto';
import { TollboardError } from '../core/errors.ts';

export interface Tokens {
  /** The local token, minted for this start; kept in `gateway.json` (0600). */
  readonly local: string;
  issue(name: string): Promise<IssuedToken & { secret: string }>;
  list(): Promise<TokenRecord[]>;
  revoke(sid: string): Promise<boolean>;
  authorize(credentials: { bearer: string } | { username: string; password: string }): Promise<boolean>;
}

const NAME = /^[\w .@-]{1,64}$/;

/** A secret has 160 random bits, so a plain SHA-256 is as good as a slow hash and takes no time. */
const SECRET_HEX = 40;

export function createTokens({ store, clock, random }: { store: Store; clock: Clock; random: Random }): Tokens {
  const local = random.hex(SECRET_HEX);
  const localHash = hashOf(local);
  return {
    local,
    async issue(name) {
      if (!NAME.test(name))
        throw new TollboardError('TOLLBOARD_TOKEN_NAME_INVALID', { details: { name: name.slice(0, 80) } });
      const secret = random.hex(SECRET_HEX);
      const token: TokenRecord = {
        sid: `SK${random.hex(32)}`,
        name,
        hash: hashOf(secret).toString('hex'),
        createdAt: clock.now(),
        revokedAt: null,
      };
      await store.addToken(token);
      return { sid: token.sid, name, createdAt: token.createdAt, revokedAt: null, secret };
    },
    list: () => store.tokens(),
    revoke: (sid) => store.revokeToken(sid, clock.now()),
    async authorize(credentials) {
      const presented = hashOf('bearer' in credentials ? credentials.bearer : credentials.password);
      if ('bearer' in credentials && timingSafeEqual(presented, localHash)) return true;
      let granted = false;
      for (const token of await store.tokens()) {
        const same = timingSafeEqual(presented, Buffer.from(token.hash, 'hex'));
        const meant = 'bearer' in credentials || credentials.username === token.sid;
        if (same && meant && token.revokedAt === null) granted = true;
      }
      return granted;
    },
  };
}

function hashOf(secret: string): Buffer {
  return hash('sha256', secret, 'buffer');
}

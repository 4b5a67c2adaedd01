/** GET /Balance.json */

import type { Handler } from './exchange.ts';
import { renderBalance } from '../wire/account.ts';

/** The declared balance in US dollars; sending does not draw on it. */
export const fetchBalance: Handler = ({ account }) => ({
  status: 200,
  body: renderBalance(account.sid, account.balance, 'USD'),
});

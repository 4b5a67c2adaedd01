/** Which endpoints and parameters of the simulated API have been used. */

import type { FormFields } from '../core/parameter.ts';

export interface EndpointUse {
  method: string;
  /** E.g. `Accounts/:sid/Messages`. */
  path: string;
  requests: number;
  /** How often each parameter was given, query and form together. */
  parameters: Record<string, number>;
  /** Answers by HTTP status. */
  statuses: Record<string, number>;
}

export interface Coverage {
  note(method: string, pattern: string, fields: readonly FormFields[], status: number): void;
  list(): EndpointUse[];
}

/** More names than this on one endpoint are not told apart. */
const MAX_NAMES = 200;

export function createCoverage(): Coverage {
  const byEndpoint = new Map<string, EndpointUse & { names: number }>();
  return {
    note(method, pattern, fields, status) {
      const key = `${method} ${pattern}`;
      let use = byEndpoint.get(key);
      if (use === undefined) {
        if (byEndpoint.size >= MAX_NAMES) return;
        use = { method, path: pattern, requests: 0, parameters: Object.create(null), statuses: {}, names: 0 };
        byEndpoint.set(key, use);
      }
      use.requests += 1;
      use.statuses[status] = (use.statuses[status] ?? 0) + 1;
      for (const list of fields) {
        for (const [name] of list) {
          const times = use.parameters[name];
          if (times === undefined && ++use.names > MAX_NAMES) continue;
          use.parameters[name] = (times ?? 0) + 1;
        }
      }
    },
    list: () =>
      [...byEndpoint.values()].map(({ method, path, requests, parameters, statuses }) => ({
        method,
        path,
        requests,
        parameters: { ...parameters },
        statuses: { ...statuses },
      })),
  };
}

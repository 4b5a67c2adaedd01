/** Node's http, https and tls, loaded at their first use: one-shot commands need one of them, and TLS costs 20 ms. */

import { createRequire } from 'node:module';

// Not imported: as an ES module, node:http evaluates all of its getters, one of which loads undici (25 ms at every start).
const load = createRequire(import.meta.url);

export function http(): typeof import('node:http') {
  return load('node:http');
}

export function https(): typeof import('node:https') {
  return load('node:https');
}

export function tls(): typeof import('node:tls') {
  return load('node:tls');
}

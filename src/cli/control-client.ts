/** Requests to a simulator's control URL. */

import type { Options } from './command.ts';
import { TollboardError } from '../core/errors.ts';
import { textOption } from './command.ts';
import { gatewayFileFor } from './where.ts';

export interface ControlRequest {
  method: 'GET' | 'POST' | 'DELETE';
  /** Below `/_simulator/`, with query. */
  path: string;
  body?: unknown;
}

const USUAL_URL = 'http://127.0.0.1:8656';
const ANSWER_MS = 60_000;

/** `--simulator-url`, else `TOLLBOARD_SIMULATOR_URL`, else `simulatorUrl` of `gateway.json`, else port 8656. */
export async function simulatorUrl(
  options: Options,
  env: Readonly<Record<string, string | undefined>>,
  cwd: string,
): Promise<string> {
  const given = textOption(options, 'simulatorUrl') ?? env.TOLLBOARD_SIMULATOR_URL;
  const url = given || (await gatewayFileFor({ options, env, cwd }))?.simulatorUrl || USUAL_URL;
  return url.replace(/\/+$/, '');
}

/** The JSON of the answer. Throws the simulator's own error, or `TOLLBOARD_CLI_SIMULATOR_UNREACHABLE`. */
export async function askControl(url: string, request: ControlRequest, interrupted: AbortSignal): Promise<unknown> {
  const { method, path, body } = request;
  let answer: Response;
  try {
    answer = await fetch(`${url}/_simulator/${path}`, {
      method,
      redirect: 'manual',
      signal: AbortSignal.any([interrupted, AbortSignal.timeout(ANSWER_MS)]),
      ...(body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
    });
  } catch (cause) {
    interrupted.throwIfAborted();
    throw new TollboardError('TOLLBOARD_CLI_SIMULATOR_UNREACHABLE', { cause, details: { url } });
  }
  const value: unknown = await answer.json().catch(() => null);
  if (answer.ok && value !== null) return value;
  const { code, message, remedy } = errorOf(value);
  throw new TollboardError('TOLLBOARD_CLI_SIMULATOR_REFUSED', {
    details: { url, status: answer.status, code },
    ...(message === null ? {} : { message }),
    ...(remedy === null ? {} : { remedy }),
  });
}

function errorOf(value: unknown): { code: string | null; message: string | null; remedy: string | null } {
  const body = typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  const error = typeof body.error === 'object' && body.error !== null ? (body.error as Record<string, unknown>) : body;
  const text = (name: string) => (typeof error[name] === 'string' ? error[name] : null);
  return { code: text('code'), message: text('message'), remedy: text('remedy') };
}

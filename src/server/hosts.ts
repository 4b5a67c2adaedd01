/** `/hosts/<host>`: a tool's own input in, its own output out, carried out durably. */

import type { Api, ServerContext } from './context.ts';
import { z } from 'zod';
import { TollboardError } from '../core/errors.ts';
import { answers, jsonAnswer } from './answers.ts';
import { basicCredentials, requireAccount } from './auth.ts';
import { callerGone } from './caller-gone.ts';
import { looseValidator } from './validation.ts';

/** A host as the server sees it; the composition root fills it in. */
export interface HostRunner {
  /**
   * Proves the input's own credentials, carries it out, and answers in the host's form, refusals too. `account`: of the
   * Basic header, for an input that names none; null without one.
   */
  run(input: unknown, options: HostRunnerOptions): Promise<HostAnswer>;
}

export interface HostRunnerOptions {
  account: { username: string; password: string } | null;
  idempotencyKey?: string;
  signal: AbortSignal;
}

export interface HostAnswer {
  output: unknown;
  /** How it ended, one word: the output's own form may not tell it to a program (interface §1, exit codes). */
  ending: string;
}

const params = z.object({ host: z.string().describe('`ansible`, `soar`, `bytechef`, `flogo` or `home-assistant`.') });
const headers = z.looseObject({
  'idempotency-key': z
    .string()
    .regex(/^[\x20-\x7e]{1,200}$/, '1 to 200 printable ASCII characters')
    .optional()
    .describe('Repeating the same input with the same key sends nothing twice.'),
});

export function hostRoutes(app: Api, { gateway, hosts }: ServerContext): void {
  app.addHook('onRequest', (request) => requireAccount(gateway, request.headers.authorization));
  app.post(
    '/hosts/:host',
    {
      validatorCompiler: looseValidator,
      schema: {
        operationId: 'runHost',
        tags: ['hosts'],
        summary: "Carry out a tool's own input",
        description:
          "The body is the input of the tool (`tollboard host NAME --describe`); the credentials in it are compared with the configuration and dropped (Home Assistant's may leave out `twilio`: then the account of the Basic header counts). Answered with 200 and the tool's own output, also for refusals and failures; the header `Tollboard-Ending` says `ok`, `invalid`, `failed`, `some` or `unsure`.",
        params,
        headers,
        body: z.unknown().describe("The tool's input."),
        security: [{ bearer: [] }, { basic: [] }],
        response: answers({ 200: jsonAnswer("The tool's own output.", z.unknown()) }, [401, 404, 413, 415, 422]),
      },
    },
    async (request, reply) => {
      const { host } = request.params;
      const runner = hosts.get(host);
      if (runner === undefined) {
        const details = { host: host.slice(0, 40), known: [...hosts.keys()].join(', ') };
        throw new TollboardError('TOLLBOARD_HOST_UNKNOWN', { details });
      }
      const key = request.headers['idempotency-key'];
      const { output, ending } = await runner.run(request.body, {
        account: basicCredentials(request.headers.authorization),
        signal: callerGone(reply),
        ...(key === undefined ? {} : { idempotencyKey: `${host}:${key}` }),
      });
      reply.header('tollboard-ending', ending);
      return output;
    },
  );
}

/** `/api/v1/automations`: what automates, and the trace of every run. */

import type { Api, ServerContext } from '../context.ts';
import { z } from 'zod';
import { apiAnswers, jsonAnswer } from '../answers.ts';
import { time } from '../schemas.ts';

const automation = z
  .strictObject({
    id: z.string(),
    alias: z.string(),
    mode: z.enum(['single', 'restart', 'queued', 'parallel']),
    fires: z.boolean().describe('False: only by hand (`initial_state: false`).'),
    where: z.string().describe('File, line and column.'),
    running: z.int().describe('Runs under way.'),
  })
  .meta({ id: 'Automation', description: 'Triggers, conditions and actions of the configuration.' });

const step = z.strictObject({
  path: z.string().describe('Such as `actions/0/choose/1/sequence/2`.'),
  where: z.string().describe('File, line and column.'),
  time: time('When it was done.'),
  result: z.unknown(),
  changed: z.record(z.string(), z.unknown()).nullable().describe('Variables that it set.'),
  error: z.string().nullable(),
});

const run = z
  .strictObject({
    id: z.string(),
    automation: z.string(),
    startedAt: time('When it began.'),
    endedAt: time('When it ended.').nullable(),
    ending: z.enum(['running', 'finished', 'stopped', 'failed', 'canceled']),
    error: z.string().nullable().describe('In words, with its place in the file.'),
    trigger: z.unknown().describe('What fired it.'),
    steps: z.array(step),
  })
  .meta({ id: 'AutomationRun', description: 'One run of an automation, step by step.' });

const begun = run.extend({ outcome: z.enum(['started', 'queued', 'restarted']) }).meta({
  id: 'BegunAutomationRun',
  description: 'A run that was begun by hand, and what the mode made of it.',
});

const params = z.object({ id: z.string().describe("The automation's id.") });

export function automationRoutes(api: Api, { automations }: ServerContext): void {
  const tags = ['automations'];
  api.get(
    '/automations',
    {
      schema: {
        operationId: 'listAutomations',
        tags,
        summary: 'List automations, in the order of the file',
        response: apiAnswers({ 200: jsonAnswer('All of them.', z.strictObject({ automations: z.array(automation) })) }),
      },
    },
    () => ({ automations: automations.automations() }),
  );
  api.get(
    '/automations/:id/runs',
    {
      schema: {
        operationId: 'listAutomationRuns',
        tags,
        summary: 'List the runs of an automation with their traces, oldest first',
        params,
        response: apiAnswers(
          { 200: jsonAnswer('Those that are kept.', z.strictObject({ runs: z.array(run) })) },
          [404],
        ),
      },
    },
    async (request) => ({ runs: await automations.runs(request.params.id) }),
  );
  api.post(
    '/automations/:id/run',
    {
      schema: {
        operationId: 'runAutomation',
        tags,
        summary: 'Begin a run as if the first trigger had fired',
        params,
        body: z.strictObject({}).nullish(),
        description:
          'Its mode holds as for any other run: `outcome` tells whether it was `started`, is `queued` behind those under way, or `restarted` the automation in their place. Where the mode lets none in, 409 with `TOLLBOARD_AUTOMATION_BUSY`.',
        response: apiAnswers({ 202: jsonAnswer('The run, on disk.', begun) }, [404, 409], true),
      },
    },
    async (request, reply) => reply.code(202).send(await automations.run(request.params.id)),
  );
}

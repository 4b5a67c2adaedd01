/** `tollboard automations list|check|run|trace`: what happens on events, and what became of it. */

import type { AutomationSettings, Settings } from '../../config/settings.ts';
import type { AutomationView, BegunRun, RunOutcome, RunView, StepView } from '../../core/automations.ts';
import type { Call, CommandRow } from '../command.ts';
import { resolve } from 'node:path';
import { TollboardError } from '../../core/errors.ts';
import { DESTINATION_OPTIONS, JSON_OPTION, textOption } from '../command.ts';
import { withGateway } from '../messenger.ts';
import { settingsFor } from '../where.ts';

export const commands: readonly CommandRow[] = [
  {
    name: 'automations list',
    summary: 'List the automations of the gateway.',
    options: DESTINATION_OPTIONS,
    run: (call) =>
      withGateway(call, 'A list of automations', async ({ client }) => {
        const { automations } = await client.request<{ automations: AutomationView[] }>({ method: 'GET', path: PATH });
        const { out } = call;
        if (out.json) for (const row of automations) out.line(row);
        else if (automations.length === 0)
          out.note('The gateway has no automations: see automation: in tollboard.yaml.');
        else
          out.table(
            ['ID', 'ALIAS', 'MODE', 'RUNNING', 'WHERE'],
            automations.map(({ id, alias, mode, fires, running, where }) => {
              return [id, alias, fires ? mode : `${mode}, by hand`, String(running), where];
            }),
          );
        return 0;
      }),
  },
  {
    name: 'automations check',
    summary: 'Read automations and say what is wrong with them; nothing is run.',
    arguments: [
      {
        name: '[file]',
        description: 'A configuration, or a file of automations that one includes. Default: the configuration.',
      },
    ],
    options: [
      {
        flags: '--config <file>',
        description: 'Configuration file.',
        default: 'TOLLBOARD_CONFIG, else ./tollboard.yaml',
      },
      JSON_OPTION,
    ],
    run: check,
  },
  {
    name: 'automations run',
    summary: 'Begin a run as if the first trigger had fired, as far as the mode lets it.',
    arguments: [{ name: '<id>', description: "The automation's id." }],
    options: DESTINATION_OPTIONS,
    run: (call) =>
      withGateway(call, 'A run of an automation', async ({ client }) => {
        const path = `${PATH}/${encodeURIComponent(call.args[0] ?? '')}/run`;
        const run = await client.request<BegunRun>({ method: 'POST', path, body: {} });
        if (call.out.json) call.out.line(run);
        else call.out.text(`${BEGUN[run.outcome](run.id)}; tollboard automations trace ${run.automation} shows it.`);
        return 0;
      }),
  },
  {
    name: 'automations trace',
    summary: 'Show the newest run of an automation, step by step.',
    arguments: [
      { name: '<id>', description: "The automation's id." },
      { name: '[run]', description: 'Another run of it, by its id.' },
    ],
    options: [{ flags: '--list', description: 'List the runs that are kept.' }, ...DESTINATION_OPTIONS],
    run: (call) =>
      withGateway(call, 'The trace of an automation', async ({ client }) => {
        const [id = '', wanted] = call.args;
        const path = `${PATH}/${encodeURIComponent(id)}/runs`;
        const { runs } = await client.request<{ runs: RunView[] }>({ method: 'GET', path });
        return call.options.list === true ? listRuns(runs, call) : showRun(runs, wanted, call);
      }),
  },
];

const PATH = '/api/v1/automations';

const BEGUN: Readonly<Record<RunOutcome, (run: string) => string>> = {
  started: (run) => `Began ${run}`,
  queued: (run) => `Queued ${run} behind those under way`,
  restarted: (run) => `Began ${run} in place of the one under way`,
};

function listRuns(runs: readonly RunView[], { out }: Call): number {
  if (out.json) for (const run of runs) out.line(run);
  else if (runs.length === 0) out.note('It has not run yet.');
  else
    out.table(
      ['RUN', 'BEGAN', 'ENDING', 'ERROR'],
      runs.map(({ id, startedAt, ending, error }) => [id, startedAt, ending, error ?? '']),
    );
  return 0;
}

function showRun(runs: readonly RunView[], wanted: string | undefined, { out }: Call): number {
  const run = wanted === undefined ? runs.at(-1) : runs.find(({ id }) => id === wanted);
  if (run === undefined && wanted !== undefined)
    throw new TollboardError('TOLLBOARD_AUTOMATION_RUN_UNKNOWN', { details: { run: wanted.slice(0, 120) } });
  if (run === undefined) {
    out.note('It has not run yet.');
    return 0;
  }
  if (out.json) {
    out.line(run);
    return 0;
  }
  out.text(`${run.id} ${run.ending}${run.error === null ? '' : `: ${run.error}`}`);
  out.table(
    ['TIME', 'PATH', 'WHERE', 'RESULT'],
    run.steps.map((step) => [step.time, step.path, step.where, resultOf(step)]),
  );
  return 0;
}

function resultOf({ result, changed, error }: StepView): string {
  const text = error ?? JSON.stringify(changed ?? result);
  return text.length > 100 ? `${text.slice(0, 99)}…` : text;
}

async function check({ args, options, out, io }: Call): Promise<number> {
  const { automationsOfFile, readAutomations } = await import('../../automations.ts');
  const config = textOption(options, 'config');
  const configured = () => settingsFor({ options: config === undefined ? {} : { config }, env: io.env, cwd: io.cwd });
  const settings =
    args[0] === undefined
      ? await configured().then((found) => ofFile(found, io.cwd))
      : await automationsOfFile(resolve(io.cwd, args[0]), io.env, async () => (await configured()).automation);
  const { automations, faults } = await readAutomations(settings);
  for (const fault of faults) {
    if (out.json) out.line(fault);
    else
      out.text(`${fault.where}: ${fault.automation}: ${fault.path === '' ? '' : `${fault.path}: `}${fault.message}.`);
  }
  if (!out.json || faults.length === 0) {
    const count = `${automations.length} ${automations.length === 1 ? 'automation' : 'automations'}`;
    if (out.json) out.line({ automations: automations.map(({ id }) => id), faults: 0 });
    else out.note(faults.length === 0 ? `${count}, nothing wrong.` : `${count}, ${faults.length} with a fault.`);
  }
  return faults.length === 0 ? 0 : 2;
}

/** Where there is no configuration, nothing was looked at. */
function ofFile({ automation, configFile }: Settings, cwd: string): AutomationSettings {
  if (configFile !== null) return automation;
  const details = { where: 'configuration', file: resolve(cwd, 'tollboard.yaml'), fault: 'ENOENT' };
  throw new TollboardError('TOLLBOARD_CONFIG_FILE_UNREADABLE', {
    details,
    remedy: 'Go to the folder of the configuration, or name it: tollboard automations check FILE.',
  });
}

/** Automations as the outside sees them: a list, their runs, and the trace of each. */

export interface AutomationView {
  id: string;
  alias: string;
  mode: 'single' | 'restart' | 'queued' | 'parallel';
  /** File, line and column. */
  where: string;
  /** Runs under way. */
  running: number;
}

export type RunEnding = 'running' | 'finished' | 'stopped' | 'failed' | 'canceled';

/** A line of a trace. */
export interface StepView {
  /** `actions/0/choose/1/sequence/2`. */
  path: string;
  where: string;
  /** ISO 8601 UTC. */
  time: string;
  result: unknown;
  /** Variables that it set. */
  changed: Readonly<Record<string, unknown>> | null;
  error: string | null;
}

export interface RunView {
  id: string;
  automation: string;
  startedAt: string;
  endedAt: string | null;
  ending: RunEnding;
  /** In words, with its place in the file; null where nothing failed. */
  error: string | null;
  trigger: unknown;
  steps: StepView[];
}

/** Every method throws `TollboardError` with a code of the catalogue, nothing else. */
export interface AutomationGateway {
  automations(): AutomationView[];
  /** Of one automation, oldest first. Throws `TOLLBOARD_AUTOMATION_UNKNOWN`. */
  runs(automation: string): Promise<RunView[]>;
  /** Begins a run as if its first trigger had fired. Throws `TOLLBOARD_AUTOMATION_UNKNOWN`. */
  run(automation: string): Promise<RunView>;
  /** The TwiML that a call fetches by this name, or null. */
  page(name: string): Promise<string | null>;
}

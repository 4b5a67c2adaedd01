/** Automations as the outside sees them: a list, their runs, and the trace of each. */

export interface AutomationView {
  id: string;
  alias: string;
  mode: 'single' | 'restart' | 'queued' | 'parallel';
  /** False: only by hand (`initial_state: false`). */
  fires: boolean;
  /** File, line and column. */
  where: string;
  /** Runs under way. */
  running: number;
}

/** What the mode made of a run by hand: it begins, waits for those before it, or takes the place of the one under way. */
export type RunOutcome = 'started' | 'queued' | 'restarted';

export interface BegunRun extends RunView {
  outcome: RunOutcome;
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
  /** Of one automation, oldest first; also of one that left the file, while its traces are kept. Throws `TOLLBOARD_AUTOMATION_UNKNOWN`. */
  runs(automation: string): Promise<RunView[]>;
  /**
   * Begins a run as if its first trigger had fired, as far as the mode lets it. Throws `TOLLBOARD_AUTOMATION_UNKNOWN`,
   * `TOLLBOARD_AUTOMATION_BUSY`.
   */
  run(automation: string): Promise<BegunRun>;
  /** The TwiML that a call fetches by this name, or null. */
  page(name: string): Promise<string | null>;
}

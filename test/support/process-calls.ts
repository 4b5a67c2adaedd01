/** Programs of tests in processes of their own: forked from source, called over IPC, ended by their pid. */

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** What a program can be asked for; one plain value in, one out. */
// biome-ignore lint/suspicious/noExplicitAny: each program types its own calls
export type Calls = Record<string, (input: any) => unknown>;

export interface Program<C extends Calls> {
  readonly pid: number;
  /** Rejects with what the program threw, or when it ended without an answer. */
  call<N extends keyof C & string>(name: N, ...input: Parameters<C[N]>): Promise<Awaited<ReturnType<C[N]>>>;
  /** SIGKILL; resolves when the process is gone. May be called twice. */
  kill(): Promise<void>;
  /** The end of what it wrote to standard error. */
  log(): string;
}

interface Answer {
  id: number;
  value?: unknown;
  error?: { message: string; code?: string };
}

const LOG_CHARACTERS = 20_000;

/** Starts `file` (TypeScript, beside the tests); it must call {@link answerCalls}. */
export function forkProgram<C extends Calls>(file: URL): Program<C> {
  const child = fork(fileURLToPath(file), [], {
    execArgv: ['--conditions=source', '--disable-warning=ExperimentalWarning'],
    env: cleanEnvironment(),
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  const waiting = new Map<number, { resolve: (value: never) => void; reject: (error: Error) => void }>();
  let calls = 0;
  let log = '';
  child.stderr?.setEncoding('utf8').on('data', (part: string) => {
    log = (log + part).slice(-LOG_CHARACTERS);
  });
  child.on('message', ({ id, value, error }: Answer) => {
    const call = waiting.get(id);
    waiting.delete(id);
    if (error === undefined) call?.resolve(value as never);
    else call?.reject(Object.assign(new Error(error.message), { code: error.code }));
  });
  child.on('exit', (code, signal) => {
    for (const call of waiting.values()) call.reject(new Error(`the process ended (${signal ?? code}) ${log}`));
    waiting.clear();
  });
  return {
    pid: child.pid ?? 0,
    call(name, ...[input]) {
      return new Promise((resolve, reject) => {
        if (hasEnded(child)) return reject(new Error('the process has ended'));
        const id = ++calls;
        waiting.set(id, { resolve, reject });
        child.send({ id, name, input }, (error) => error !== null && reject(error));
      });
    },
    async kill() {
      if (hasEnded(child)) return;
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    },
    log: () => log,
  };
}

/** The other side: answers calls until the parent is gone, then ends. */
export function answerCalls(calls: Calls): void {
  process.on('message', (call: Call) => {
    void answer(calls, call).then((told) => process.send?.(told, undefined, undefined, () => undefined));
  });
  process.on('disconnect', () => process.exit());
}

interface Call {
  id: number;
  name: string;
  input: unknown;
}

async function answer(calls: Calls, { id, name, input }: Call): Promise<Answer> {
  try {
    return { id, value: await calls[name]?.(input) };
  } catch (error) {
    const { message, stack, code } = error as Error & { code?: string };
    return { id, error: code === undefined ? { message: stack ?? message } : { message, code } };
  }
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

/** Without this machine's own settings, and without what the test runner put there for itself. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^(TWILIO_|TOLLBOARD_|PORT$|NODE_OPTIONS$|NODE_V8_|VITEST)/.test(name),
  );
  return Object.fromEntries(kept);
}

/** Runs the real program, `node bin/tollboard.js`, as a user would: processes, pipes, signals, exit codes. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const PROGRAM = fileURLToPath(new URL('../../bin/tollboard.js', import.meta.url));

const TERMINAL = `import tty from 'node:tty'; import { syncBuiltinESMExports } from 'node:module';
tty.isatty = (descriptor) => descriptor === 1; syncBuiltinESMExports();`;

/** Lets a program take its standard output for a terminal without colours: a real one would need a program beyond Node. */
export const ON_A_TERMINAL = {
  NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(TERMINAL).replaceAll("'", '%27')}`,
  NO_COLOR: '1',
};

export interface Ended {
  code: number | null;
  signal: NodeJS.Signals | null;
  out: string;
  err: string;
  /** The lines of `out` as JSON, with `--json`. */
  lines: Array<Record<string, unknown>>;
}

export interface RunOptions {
  input?: string;
  env?: Record<string, string>;
  /** Given the process while it runs, to signal it. */
  onStart?: (child: ChildProcess) => void;
}

export interface Service {
  /** The first line of `--json`. */
  ready: Record<string, unknown>;
  child: ChildProcess;
  /** Everything printed so far. */
  output(): { out: string; err: string };
  /** Sends the signal and resolves when the process has ended. */
  stop(signal?: NodeJS.Signals): Promise<Pick<Ended, 'code' | 'signal'>>;
}

export interface Program {
  /** The folder in which everything runs; removed at the end. */
  cwd: string;
  run(args: string[], options?: RunOptions): Promise<Ended>;
  /** `start --json` or `simulator --json`: resolves when it is ready, rejects with its stderr when it ends before. */
  serve(args: string[], env?: Record<string, string>): Promise<Service>;
  /** Ends every process that still runs, then removes the folder. */
  close(): Promise<void>;
}

/**
 * A fresh folder, and an environment without this machine's own Twilio and Tollboard variables. `file` is the program:
 * default the one of this work tree.
 */
export function createProgram(file: string = PROGRAM): Program {
  const cwd = mkdtempSync(path.join(tmpdir(), 'tollboard-e2e-'));
  const children = new Set<ChildProcess>();
  const begin = (args: string[], env?: Record<string, string>) => {
    const child = start([file, ...args], cwd, env);
    children.add(child);
    child.once('close', () => children.delete(child));
    return child;
  };
  return {
    cwd,
    run(args, options = {}) {
      const child = begin(args, options.env);
      return ended(child, options, args.includes('--json'));
    },
    async serve(args, env) {
      const child = begin(args, env);
      const said = collect(child);
      const first = await Promise.race([
        once(createInterface({ input: child.stdout as NodeJS.ReadableStream }), 'line') as Promise<[string]>,
        once(child, 'close').then(() => null),
      ]);
      if (first === null) throw new Error(`tollboard ${args.join(' ')} ended: ${said.err}`);
      const service: Service = {
        ready: JSON.parse(first[0]) as Record<string, unknown>,
        child,
        output: () => ({ ...said }),
        async stop(signal = 'SIGTERM') {
          if (child.exitCode !== null || child.signalCode !== null)
            return { code: child.exitCode, signal: child.signalCode };
          const over = once(child, 'exit');
          child.kill(signal);
          await over;
          return { code: child.exitCode, signal: child.signalCode };
        },
      };
      return service;
    },
    async close() {
      for (const child of children) {
        const over = once(child, 'close');
        child.kill('SIGKILL');
        await over;
      }
      rmSync(cwd, { recursive: true, force: true });
    },
  };
}

function start(args: string[], cwd: string, env: Record<string, string> = {}): ChildProcess {
  const clean = Object.entries(process.env).filter(
    ([name]) => !/^(TWILIO_|TOLLBOARD_|PORT$|NODE_OPTIONS$|VITEST)/.test(name),
  );
  return spawn(process.execPath, args, {
    cwd,
    env: { ...Object.fromEntries(clean), ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
}

async function ended(child: ChildProcess, { input = '', onStart }: RunOptions, json: boolean): Promise<Ended> {
  const said = collect(child);
  onStart?.(child);
  child.stdin?.on('error', () => undefined);
  child.stdin?.end(input);
  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
  const lines = json ? said.out.split('\n').filter((line) => line !== '') : [];
  return { code, signal, ...said, lines: lines.map((line) => JSON.parse(line) as Record<string, unknown>) };
}

function collect(child: ChildProcess): { out: string; err: string } {
  const said = { out: '', err: '' };
  for (const [stream, name] of [
    [child.stdout, 'out'],
    [child.stderr, 'err'],
  ] as const) {
    stream?.setEncoding('utf8').on('data', (part: string) => {
      said[name] += part;
    });
  }
  return said;
}

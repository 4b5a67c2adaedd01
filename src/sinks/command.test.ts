import type { EventRecord } from '../core/event.ts';
import type { SinkSettings } from '../core/sinks.ts';
import { existsSync, mkdtempSync, readFileSync, rmSync, watch } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createManualClock, type ManualClock } from '../../test/support/manual-clock.ts';
import { GRACE_MS, sendToCommand } from './command.ts';

let dir: string;
let clock: ManualClock;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'tollboard-command-'));
  clock = createManualClock();
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const EVENT: EventRecord = {
  seq: 1,
  id: `EV${'1'.repeat(32)}`,
  type: 'twilio_data_received',
  at: Date.UTC(2026, 6, 1, 12),
  entryId: null,
  data: { Body: '$(touch pwned); --help', From: '+15551230001' },
  simulated: true,
};

/** A script of Node's, the one program that is sure to be there. */
function run(
  script: string,
  { signal = new AbortController().signal, argv }: { signal?: AbortSignal; argv?: string[] } = {},
) {
  const target = { via: 'command', argv: argv ?? [process.execPath, '-e', script], timeoutMs: 5000 } as const;
  const sink = { name: 'script', kind: 'command', target } as unknown as SinkSettings;
  return sendToCommand(sink, target, EVENT, clock, signal);
}

async function failure(outcome: ReturnType<typeof run>) {
  const result = await outcome;
  if (result.taken) throw new Error('it was taken');
  return { refused: result.refused, message: result.error.message };
}

const appears = (file: string) =>
  new Promise<void>((resolve) => {
    const watching = watch(dir, () => look());
    const look = () => {
      if (!existsSync(file) || readFileSync(file, 'utf8') === '') return;
      watching.close();
      resolve();
    };
    look();
  });

describe('a command', () => {
  it('gets the event as one line of JSON, nothing of it as an argument, and an empty environment', async () => {
    const out = JSON.stringify(join(dir, 'out'));
    const script = `let text = ''; process.stdin.on('data', (part) => { text += part; }).on('end', () =>
      require('fs').writeFileSync(${out}, JSON.stringify({ text, argv: process.argv.slice(1), env: process.env })));`;
    expect(await run(script)).toEqual({ taken: true });
    const { text, argv, env } = JSON.parse(readFileSync(join(dir, 'out'), 'utf8'));
    expect(text.endsWith('\n')).toBe(true);
    expect(JSON.parse(text)).toEqual({
      id: EVENT.id,
      type: 'twilio_data_received',
      time: '2026-07-01T12:00:00.000Z',
      data: EVENT.data,
      simulated: true,
    });
    expect([argv, env]).toEqual([[], {}]);
  });

  it('that ends with 75 is asked again later; every other exit is a refusal, told with its last words', async () => {
    expect(await failure(run('process.exit(75)'))).toEqual({
      refused: false,
      message: expect.stringContaining('asked to be tried again later (exit code 75)'),
    });
    expect(await failure(run(`console.error('first\\n\\u001b[31mno room\\n'); process.exitCode = 3`))).toEqual({
      refused: true,
      message: `The program ${process.execPath} of the sink script ended with exit code 3, saying: [31mno room.`,
    });
  });

  it('may end without reading', async () => {
    expect(await run('process.stdin.destroy(); process.exitCode = 0')).toEqual({ taken: true });
  });

  it.each([
    ['that is not there', '/no/such/program', 'there is no such program'],
    ['that is a folder', '/', 'it is not executable by this user'],
  ])('%s is told in one sentence and tried again', async (_what, program, words) => {
    expect(await failure(run('', { argv: [program] }))).toEqual({
      refused: false,
      message: `The program ${program} of the sink script could not be started (${words}).`,
    });
  });

  it('with arguments that are too long is told in one sentence and tried again', async () => {
    expect(await failure(run('', { argv: [process.execPath, 'x'.repeat(300_000)] }))).toEqual({
      refused: false,
      message: `The program ${process.execPath} of the sink script could not be started (its arguments are too long).`,
    });
  });

  it('that writes without end is ended', async () => {
    expect(await failure(run(`const more = () => process.stdout.write('x'.repeat(9999), more); more();`))).toEqual({
      refused: true,
      message: expect.stringContaining('wrote more than 64 kB and was ended'),
    });
  });

  it('that does not end is ended with all that it started', async () => {
    const file = join(dir, 'pid');
    const script = `const child = require('child_process').spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
      require('fs').writeFileSync(${JSON.stringify(file)}, String(child.pid)); setInterval(() => {}, 1000);`;
    const result = failure(run(script));
    await appears(file);
    clock.advance(5000);
    expect(await result).toEqual({ refused: false, message: expect.stringContaining('did not end within 5 s') });
    await gone(Number(readFileSync(file, 'utf8')));
  });

  it.each([
    ['holds its output', 0, {}, true],
    ['holds its output in a session of its own', 0, { detached: true }, false],
    ['is quiet', 0, { stdio: 'ignore' }, true],
    ['holds its output', 3, {}, true],
  ])('is judged by its own end where what it left behind %s (exit code %i)', async (_what, code, options, ends) => {
    const file = join(dir, 'pid');
    const given = JSON.stringify({ stdio: 'inherit', ...options });
    const script = `const child = require('child_process').spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], ${given});
      require('fs').writeFileSync(${JSON.stringify(file)}, String(child.pid)); console.error('bye'); process.exit(${code});`;
    const result = run(script);
    // The time of the program, and what is left for its last words.
    if (given.includes('inherit')) void clock.untilSleeping(2).then(() => clock.advance(GRACE_MS));
    if (code === 0) expect(await result).toEqual({ taken: true });
    else expect(await failure(result)).toMatchObject({ message: expect.stringContaining('exit code 3, saying: bye') });
    const left = Number(readFileSync(file, 'utf8'));
    if (!ends) process.kill(left, 'SIGKILL');
    await gone(left);
  });

  it('ends with the signal', async () => {
    const file = join(dir, 'pid');
    const abort = new AbortController();
    const script = `require('fs').writeFileSync(${JSON.stringify(file)}, String(process.pid)); setInterval(() => {}, 1000);`;
    const result = run(script, { signal: abort.signal });
    await appears(file);
    abort.abort(new Error('enough'));
    await expect(result).rejects.toThrow('enough');
    await gone(Number(readFileSync(file, 'utf8')));
  });
});

/** Until no process has this pid: the test's own time limit is the bound. */
async function gone(pid: number): Promise<void> {
  for (;;) {
    try {
      process.kill(pid, 0);
    } catch {
      return;
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
}

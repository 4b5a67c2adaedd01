import type { Io } from './io.ts';
import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { TollboardError } from '../core/errors.ts';
import { createOutput, printable } from './output.ts';

function terminal(isTTY: boolean, env: Record<string, string> = {}) {
  const said = { out: '', err: '' };
  const io: Io = {
    stdin: Readable.from([]) as never,
    stdout: { isTTY, write: (text) => (said.out += text) },
    stderr: { isTTY, write: (text) => (said.err += text) },
    env,
    cwd: '/',
    interrupted: new AbortController().signal,
  };
  return { said, out: createOutput(io, false) };
}

describe('output', () => {
  it('has colours on a terminal only, and none where NO_COLOR says so', () => {
    expect(terminal(true).out.style('red', 'x')).toContain('\u001b[31m');
    expect(terminal(false).out.style('red', 'x')).toBe('x');
    expect(terminal(true, { NO_COLOR: '1' }).out.style('red', 'x')).toBe('x');
  });

  it('draws progress on a terminal only, and wipes it', () => {
    const shown = terminal(true);
    const bar = shown.out.progress('Waiting', 10);
    expect(shown.said.err).toContain('0/10');
    bar.done(5);
    bar.end();
    expect(shown.said).toEqual({ out: '', err: expect.stringMatching(/Waiting \[#{15} {15}\] 5\/10.*\[2K$/s) });
    const hidden = terminal(false);
    hidden.out.progress('Waiting', 10).done(5);
    expect(hidden.said.err).toBe('');
  });

  it('prints an error as message, remedy and code; an unknown one without its text', () => {
    const { said, out } = terminal(false);
    out.error(new TollboardError('TOLLBOARD_CLI_USAGE', { details: { fault: 'That is wrong', command: '' } }));
    expect(said.err).toBe('Error: That is wrong.\nSee "tollboard --help".\n(TOLLBOARD_CLI_USAGE)\n');
    out.error(new Error('password=hush'));
    expect(said.err).not.toContain('hush');
    expect(said.err).not.toContain('    at ');
  });

  it('shows the stack and its causes when TOLLBOARD_DEBUG=1 asks for it', () => {
    const { said, out } = terminal(false, { TOLLBOARD_DEBUG: '1' });
    out.error(new Error('outer', { cause: new Error('inner') }));
    expect(said.err).toContain('Error: outer');
    expect(said.err).toContain('Error: inner');
    expect(said.err).toContain('    at ');
  });

  it('lines up tables and lets no text of others steer the terminal', () => {
    const { said, out } = terminal(true, { NO_COLOR: '1' });
    out.table(
      ['A', 'LONG'],
      [
        ['first', 'x'],
        ['b', '\u001b[2Jy\r\nz\u0007'],
      ],
    );
    expect(said.out).toBe('A      LONG\nfirst  x\nb      y z\n');
    const { said: piped, out: plain } = terminal(false);
    plain.table(['A', 'LONG'], [['b', '\u001b[2Jy\tz\u0007']]);
    plain.aside('1 row.');
    expect(piped).toEqual({ out: 'b\ty z\n', err: '1 row.\n' });
    expect(printable('\u009b31mred')).not.toMatch(/\p{Cc}/u);
  });
});

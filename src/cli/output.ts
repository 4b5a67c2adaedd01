/** What a command prints: results on stdout, everything else on stderr; JSON lines, plain lines, or tables and colours on a terminal. */

import type { ErrorReport } from '../core/errors.ts';
import type { Io, Stream } from './io.ts';
import { stripVTControlCharacters, styleText } from 'node:util';
import { isTollboardError, TollboardError } from '../core/errors.ts';

type Style = 'bold' | 'dim' | 'green' | 'red' | 'yellow';

export interface Output {
  readonly json: boolean;
  /** True where people read stdout: then results come as tables, else as plain lines. */
  readonly terminal: boolean;
  /** One JSON line on stdout. */
  line(value: unknown): void;
  /** Text for people on stdout. */
  text(text: string): void;
  /** Rows on stdout, cells made safe to print: a table on a terminal, else a line per row with tabs between its cells. */
  table(head: readonly string[], rows: readonly (readonly string[])[]): void;
  /** Text around results: beside them on a terminal, else on stderr, so that stdout has nothing but lines of results. */
  aside(text: string): void;
  /** A remark on stderr. */
  note(text: string): void;
  error(error: unknown): void;
  style(style: Style, text: string): string;
  /** A bar on stderr, on a terminal only; call `end` before anything else is printed. */
  progress(what: string, total: number): Progress;
}

export interface Progress {
  done(count: number): void;
  end(): void;
}

export function createOutput(io: Io, json: boolean): Output {
  const style = (name: Style, text: string) => styled(name, text, io.stdout, io);
  const terminal = io.stdout.isTTY === true;
  const text = (said: string) => void io.stdout.write(`${said}\n`);
  const note = (said: string) => void io.stderr.write(`${said}\n`);
  return {
    json,
    terminal,
    line: (value) => void io.stdout.write(`${JSON.stringify(value)}\n`),
    text,
    table: (head, rows) =>
      void io.stdout.write(terminal ? table(head, rows, (cell) => style('bold', cell)) : plainLines(rows)),
    aside: terminal ? text : note,
    note,
    error: (error) => printError(error, io),
    style,
    progress: (what, total) => createProgress(what, total, io),
  };
}

const DEBUG_REMEDY = 'Run it again with TOLLBOARD_DEBUG=1 and report what it prints.';

/** Message, remedy, code: what a person needs, and never a stack unless TOLLBOARD_DEBUG=1 asks for it. */
function printError(error: unknown, io: Io): void {
  const shown = isTollboardError(error)
    ? error
    : new TollboardError('TOLLBOARD_INTERNAL', { cause: error, remedy: DEBUG_REMEDY });
  for (const line of errorLines(shown.report))
    io.stderr.write(`${styled('red', line.mark, io.stderr, io)}${line.text}\n`);
  if (io.env.TOLLBOARD_DEBUG !== '1') return;
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause)
    io.stderr.write(`${cause.stack ?? cause}\n`);
}

function errorLines(report: ErrorReport): Array<{ mark: string; text: string }> {
  return [
    { mark: 'Error: ', text: printable(report.message) },
    { mark: '', text: printable(report.remedy) },
    { mark: '', text: `(${report.code}${report.twilioCode === null ? '' : `, Twilio ${report.twilioCode}`})` },
  ];
}

/** Text of others on a terminal: no control characters, no escape sequences, line breaks shown as blanks. */
export function printable(text: string): string {
  return stripVTControlCharacters(text)
    .replaceAll(/[\r\n\t]+/g, ' ')
    .replaceAll(/\p{Cc}/gu, '');
}

function table(head: readonly string[], rows: readonly (readonly string[])[], bold: (cell: string) => string): string {
  const safe = rows.map((row) => row.map(printable));
  const widths = head.map((name, column) => Math.max(name.length, ...safe.map((row) => (row[column] ?? '').length)));
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd();
  return [bold(line(head)), ...safe.map(line), ''].join('\n');
}

/** Tabs in a cell are blanks (see {@link printable}), so that they separate cells alone. */
function plainLines(rows: readonly (readonly string[])[]): string {
  return rows.map((row) => `${row.map(printable).join('\t')}\n`).join('');
}

function styled(name: Style, text: string, stream: Stream, io: Io): string {
  const wanted = stream.isTTY === true && (io.env.NO_COLOR ?? '') === '' && io.env.TERM !== 'dumb';
  return wanted ? styleText(name, text, { validateStream: false }) : text;
}

const BAR_CELLS = 30;
/** Redrawing more often than this many times over the whole run shows nothing more. */
const REDRAWS = 200;

function createProgress(what: string, total: number, io: Io): Progress {
  if (io.stderr.isTTY !== true || total < 1) return { done: () => undefined, end: () => undefined };
  let drawn = -1;
  const done = (count: number) => {
    const step = Math.floor((count / total) * REDRAWS);
    if (step === drawn) return;
    drawn = step;
    const cells = Math.floor((count / total) * BAR_CELLS);
    io.stderr.write(`\r${what} [${'#'.repeat(cells)}${' '.repeat(BAR_CELLS - cells)}] ${count}/${total}`);
  };
  // Drawn before the first one is done: who waits sees at once that something is waited for.
  done(0);
  return { done, end: () => void io.stderr.write('\r\u001b[2K') };
}

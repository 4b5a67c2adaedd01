/** Recipients from text: one number per line, or CSV whose first column is the number and whose header names parameters. */

import { TollboardError } from '../core/errors.ts';

export interface InputRecipient {
  to: string;
  /** Further columns of this row by header, as text. */
  columns: Readonly<Record<string, string>>;
}

/** More than this is a file given by mistake, or one to split. */
export const MAX_INPUT_RECIPIENTS = 1_000_000;

/**
 * Parses one number per line, or CSV (RFC 4180 quoting). Blank lines and lines that begin with `#` are skipped, a byte
 * order mark and CR LF are taken as they come. A first line whose first column is `to` is a header; without one there is
 * one column only. Throws `TOLLBOARD_CLI_INPUT_INVALID` with the line.
 */
export function parseRecipients(text: string, name = 'standard input'): InputRecipient[] {
  const rows = parseRows(text.startsWith('\uFEFF') ? text.slice(1) : text, name);
  const header = rows[0]?.cells[0]?.trim().toLowerCase() === 'to' ? rows.shift() : undefined;
  const columns = header?.cells.map((cell) => cell.trim()) ?? ['to'];
  const repeated = columns.find((column, index) => columns.indexOf(column) !== index);
  if (repeated !== undefined) throw invalid(name, header?.line ?? 1, `the column "${repeated}" is there twice`);
  if (rows.length > MAX_INPUT_RECIPIENTS)
    throw invalid(name, 1, `there are more than ${MAX_INPUT_RECIPIENTS} recipients`);
  return rows.map(({ cells, line }) => {
    if (cells.length > columns.length) {
      const why =
        header === undefined ? 'further columns need a header line such as "to,body"' : 'the header has fewer';
      throw invalid(name, line, `the line has ${cells.length} columns; ${why}`);
    }
    const named = cells.flatMap((cell, index) =>
      index === 0 || cell === '' ? [] : [[columns[index] ?? '', cell] as const],
    );
    return { to: (cells[0] ?? '').trim(), columns: Object.fromEntries(named) };
  });
}

interface Row {
  cells: string[];
  line: number;
}

function parseRows(text: string, name: string): Row[] {
  const rows: Row[] = [];
  let line = 1;
  for (let at = 0; at < text.length; ) {
    const started = line;
    const end = lineEnd(text, at);
    const plain = text.slice(at, end).trim();
    if (plain === '' || plain.startsWith('#')) {
      at = afterBreak(text, end);
      line += 1;
      continue;
    }
    const cells: string[] = [];
    for (let more = true; more; ) {
      const cell = text[at] === '"' ? quotedCell(text, at) : plainCell(text, at);
      if (cell === null) throw invalid(name, started, 'a quotation mark is not closed, or text follows it');
      cells.push(cell.value);
      line += cell.breaks;
      more = text[cell.next] === ',';
      at = more ? cell.next + 1 : afterBreak(text, cell.next);
    }
    line += 1;
    rows.push({ cells, line: started });
  }
  return rows;
}

interface Cell {
  value: string;
  /** Where the comma, the line break or the end of the text is. */
  next: number;
  breaks: number;
}

function plainCell(text: string, at: number): Cell {
  const line = text.slice(at, lineEnd(text, at));
  const comma = line.indexOf(',');
  const value = comma === -1 ? line : line.slice(0, comma);
  return { value, next: at + value.length, breaks: 0 };
}

function quotedCell(text: string, at: number): Cell | null {
  for (let close = text.indexOf('"', at + 1); close !== -1; close = text.indexOf('"', close + 2)) {
    if (text[close + 1] === '"') continue;
    const next = close + 1;
    if (next < text.length && text[next] !== ',' && lineEnd(text, next) !== next) return null;
    const value = text.slice(at + 1, close).replaceAll('""', '"');
    return { value, next, breaks: value.split('\n').length - 1 };
  }
  return null;
}

/** Index of the line break (CR LF, LF or CR) or of the end of the text. */
function lineEnd(text: string, at: number): number {
  const lf = text.indexOf('\n', at);
  const end = lf === -1 ? text.length : lf;
  return end > at && text[end - 1] === '\r' ? end - 1 : end;
}

function afterBreak(text: string, at: number): number {
  return text[at] === '\r' ? at + 2 : at + 1;
}

function invalid(name: string, line: number, fault: string): TollboardError {
  return new TollboardError('TOLLBOARD_CLI_INPUT_INVALID', { details: { where: `${name}, line ${line}`, fault } });
}

/** Reads TypeScript source just far enough for rules about it: what it imports, and its code without comments or texts. */

export interface ImportLine {
  specifier: string;
  /** `import type` / `export type`: erased, so it makes no edge at run time. */
  typeOnly: boolean;
  /** `import(…)`: loaded on demand. */
  dynamic: boolean;
  line: number;
}

const IMPORT = /(?<![\w.$])(?:import|export)\s+(type\s+(?!from\b))?(?:[\w*\s{},$]*?\bfrom\s*)?(['"])([^'"]+)\2/g;
const DYNAMIC_IMPORT = /(?<![\w.$])import\s*\(\s*(['"])([^'"]+)\1/g;

export function importsOf(source: string): ImportLine[] {
  const code = withoutComments(source);
  const bare = codeOnly(source);
  const found: ImportLine[] = [];
  for (const match of code.matchAll(IMPORT)) {
    const [, type, , specifier = ''] = match;
    if (bare[match.index] === ' ') continue;
    found.push({ specifier, typeOnly: type !== undefined, dynamic: false, line: lineAt(code, match.index) });
  }
  for (const match of code.matchAll(DYNAMIC_IMPORT)) {
    if (bare[match.index] === ' ') continue;
    found.push({ specifier: match[2] ?? '', typeOnly: false, dynamic: true, line: lineAt(code, match.index) });
  }
  return found;
}

/** The source with every comment blanked; line numbers stay. */
export function withoutComments(source: string): string {
  return blank(source, new Set(['comment']));
}

/** The source with comments, string contents and regular expressions blanked; expressions inside templates stay. */
export function codeOnly(source: string): string {
  return blank(source, new Set(['comment', 'text']));
}

export function lineAt(text: string, index: number): number {
  return text.slice(0, index).split('\n').length;
}

type Part = 'comment' | 'text';

/** After these a slash begins a regular expression; after anything else it divides. */
const BEFORE_EXPRESSION =
  /(?:^|[([{,;=:!&|?+\-*%~^<>]|\b(?:return|typeof|case|in|of|void|await|yield|throw|new|delete))\s*$/;

function blank(source: string, parts: ReadonlySet<Part>): string {
  let out = '';
  let at = 0;
  const templates: number[] = [];
  const take = (length: number, part: Part | null): void => {
    const piece = source.slice(at, at + length);
    out += part !== null && parts.has(part) ? piece.replaceAll(/[^\n]/g, ' ') : piece;
    at += length;
  };
  const takeTemplate = (): void => {
    const rest = /^(?:\\[\s\S]|(?!\$\{)[^`\\])*/.exec(source.slice(at))?.[0].length ?? 0;
    take(rest, 'text');
    if (source.startsWith('${', at)) {
      templates.push(0);
      take(2, null);
    } else take(1, null);
  };
  while (at < source.length) {
    const rest = source.slice(at, at + 2);
    const first = rest[0] ?? '';
    if (rest === '//') take(lengthOf(/^[^\n]*/, source, at), 'comment');
    else if (rest === '/*') take(lengthOf(/^\/\*[\s\S]*?(?:\*\/|$)/, source, at), 'comment');
    else if (first === "'" || first === '"') {
      take(1, null);
      take(lengthOf(first === "'" ? /^(?:\\[\s\S]|[^'\\\n])*/ : /^(?:\\[\s\S]|[^"\\\n])*/, source, at), 'text');
      take(1, null);
    } else if (first === '`') {
      take(1, null);
      takeTemplate();
    } else if (first === '/' && BEFORE_EXPRESSION.test(out.slice(-40))) {
      take(lengthOf(/^\/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n[])+\/[a-z]*/, source, at) || 1, 'text');
    } else if (first === '{' && templates.length > 0) {
      templates[templates.length - 1] = (templates.at(-1) ?? 0) + 1;
      take(1, null);
    } else if (first === '}' && templates.length > 0) {
      const depth = templates.at(-1) ?? 0;
      take(1, null);
      if (depth === 0) {
        templates.pop();
        takeTemplate();
      } else templates[templates.length - 1] = depth - 1;
    } else take(1, null);
  }
  return out;
}

function lengthOf(pattern: RegExp, source: string, at: number): number {
  return pattern.exec(source.slice(at))?.[0].length ?? 0;
}

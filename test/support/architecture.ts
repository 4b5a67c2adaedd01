/** The rules of the source tree as tables, and the check that applies them to any set of files. */

import { codeOnly, importsOf, lineAt } from './source-text.ts';

/**
 * What a file below each folder of `src/` may import from `src/`, the longest matching row wins. A sibling is reached
 * through a port or a value that a root hands in, never by an import.
 */
export const MAY_IMPORT: Record<string, readonly string[]> = {
  'src/core/': ['src/core/'],
  'src/config/': ['src/config/', 'src/core/'],
  'src/store/': ['src/store/', 'src/core/'],
  'src/twilio/': ['src/twilio/', 'src/core/'],
  'src/wire/': ['src/wire/', 'src/core/'],
  'src/delivery/': ['src/delivery/', 'src/core/'],
  'src/inbound/': ['src/inbound/', 'src/core/'],
  'src/automation/': ['src/automation/', 'src/core/'],
  'src/sinks/': ['src/sinks/', 'src/core/'],
  'src/server/': ['src/server/', 'src/core/'],
  'src/server/facade/': ['src/server/', 'src/core/', 'src/wire/'],
  'src/remote/': ['src/remote/', 'src/core/'],
  // Never src/twilio/: the simulator must be able to disagree with the client.
  'src/simulator/': ['src/simulator/', 'src/core/', 'src/wire/'],
  // A host knows its own tool and the contract; never another host.
  'src/hosts/': ['src/hosts/host.ts', 'src/core/'],
  ...Object.fromEntries(
    ['ansible', 'soar', 'bytechef', 'flogo', 'home-assistant'].map((host) => [
      `src/hosts/${host}/`,
      [`src/hosts/${host}/`, 'src/hosts/host.ts', 'src/core/'],
    ]),
  ),
  // Roots: the only files that know several parts.
  'src/cli/': ['src/'],
  'src/system.ts': ['src/core/'],
  'src/version.ts': [],
  'src/index.ts': ['src/'],
  'src/gateway.ts': ['src/'],
  'src/host-runners.ts': ['src/'],
  'src/automations.ts': ['src/'],
  'src/direct.ts': ['src/'],
  'src/simulator.ts': ['src/simulator/', 'src/core/', 'src/system.ts'],
  'src/twilio-http-client.ts': ['src/'],
  'src/hosts.ts': ['src/'],
  'integrations/': ['src/', 'integrations/'],
  'scripts/': ['src/', 'scripts/'],
  'benchmarks/': ['src/', 'benchmarks/', 'integrations/'],
  // Examples are read as a user's program: they import the package by its name.
  'examples/': ['examples/'],
  'test/': ['src/', 'test/', 'scripts/', 'benchmarks/', 'examples/', 'integrations/'],
};

/** npm packages that do no I/O, the only ones core may load. */
export const CORE_PACKAGES: readonly string[] = ['libphonenumber-js/max'];

/** What would make core depend on when and where it runs. */
const IMPURE: ReadonlyArray<[pattern: RegExp, what: string]> = [
  [/\bDate\.now\b/, 'reads the clock (Date.now)'],
  [/\bnew Date\(\s*\)/, 'reads the clock (new Date())'],
  [/\bperformance\b/, 'reads the clock (performance)'],
  [/\bMath\.random\b/, 'draws random numbers (Math.random)'],
  [/(?<![\w.])crypto\b/, 'draws random numbers (crypto)'],
  [/(?<![\w.])process\b/, 'reads the environment (process)'],
  [/(?<![\w.])(?:setTimeout|setInterval|setImmediate|queueMicrotask)\b/, 'sets a timer'],
  [/(?:\bawait|\breturn|=>?|\()\s*(?:fetch|require)\s*\(/, 'does I/O'],
  [/(?<![\w.])console\./, 'writes to the console'],
];

/** Longest file without a reason written here. */
export const MAX_LINES = 500;
export const LONG_FILES: Record<string, string> = {
  'src/core/errors.ts': 'the catalogue of errors is one table',
};

const LEFT_BEHIND: ReadonlyArray<[pattern: RegExp, what: string]> = [
  [/\b(?:it|test|describe|suite)(?:\.\w+)*\.(?:only|todo)\b/, 'a test marked only or todo'],
  [/\bdebugger\b/, 'a debugger statement'],
];
const NOTE = /\b(?:TODO|FIXME)\b/;

/** Every broken rule among these files (path → text), one line each; empty when all hold. */
export function violations(files: ReadonlyMap<string, string>): string[] {
  const found: string[] = [];
  for (const [path, text] of files) {
    if (!path.endsWith('.ts')) continue;
    found.push(...importViolations(path, text), ...textViolations(path, text));
    if (path.startsWith('src/core/') && !path.endsWith('.test.ts')) found.push(...purityViolations(path, text));
    if (path.endsWith('.test.ts')) found.push(...repeatedTestNames(path, text));
  }
  return [...found, ...cycles(files).map((cycle) => `cycle: ${cycle.join(' -> ')}`)];
}

function importViolations(path: string, text: string): string[] {
  const rule = ruleFor(path);
  const found: string[] = [];
  for (const { specifier, line } of importsOf(text)) {
    if (!specifier.startsWith('.')) {
      if (
        /^(?:node:)?(?:fs|path|http|https|net|url|os|crypto|events|stream)$/.test(specifier) &&
        !specifier.startsWith('node:')
      )
        found.push(`${path}:${line} imports ${specifier} without node:`);
      continue;
    }
    const target = resolve(path, specifier);
    if (!/\.(?:ts|json|js)$/.test(target)) found.push(`${path}:${line} imports ${specifier} without its file ending`);
    if (rule !== null && !rule.some((prefix) => target.startsWith(prefix)) && !/^[^/]+$/.test(target))
      found.push(`${path}:${line} imports ${target}, which it must not know`);
  }
  return found;
}

/** Tests beside the code are tests: they may know whatever they need. */
function ruleFor(path: string): readonly string[] | null {
  const name = path.endsWith('.test.ts') ? 'test/' : path;
  const rows = Object.keys(MAY_IMPORT).filter((prefix) => name.startsWith(prefix));
  const longest = rows.sort((a, b) => b.length - a.length)[0];
  if (longest !== undefined) return MAY_IMPORT[longest] ?? null;
  return name.startsWith('src/') ? [] : null;
}

function purityViolations(path: string, text: string): string[] {
  const found: string[] = [];
  for (const { specifier, line } of importsOf(text)) {
    if (!specifier.startsWith('.') && !CORE_PACKAGES.includes(specifier))
      found.push(`${path}:${line} imports ${specifier}: core loads only ${CORE_PACKAGES.join(', ')}`);
  }
  const code = codeOnly(text);
  for (const [pattern, what] of IMPURE) {
    const match = pattern.exec(code);
    if (match !== null) found.push(`${path}:${lineAt(code, match.index)} ${what}: core is pure`);
  }
  return found;
}

function textViolations(path: string, text: string): string[] {
  const found: string[] = [];
  const lines = text.split('\n').length - 1;
  if (lines > MAX_LINES && !(path in LONG_FILES)) found.push(`${path} has ${lines} lines, more than ${MAX_LINES}`);
  const code = codeOnly(text);
  for (const [pattern, what] of LEFT_BEHIND) {
    const match = pattern.exec(code);
    if (match !== null) found.push(`${path}:${lineAt(code, match.index)} leaves ${what}`);
  }
  // Notes stand in comments, so they are sought in the text; a rule that names them stands in code.
  const comments = text.split('\n').findIndex((line) => NOTE.test(/(?:\/\/|\/?\*).*$/.exec(line)?.[0] ?? ''));
  if (comments >= 0) found.push(`${path}:${comments + 1} leaves a note to do`);
  return found;
}

const TEST_NAME = /\b(?:it|test)(?:\.(?!each\b)\w+)*\(\s*(['"`])((?:\\.|(?!\1)[^\\])*)\1/g;

function repeatedTestNames(path: string, text: string): string[] {
  const seen = new Set<string>();
  const found: string[] = [];
  const code = codeOnly(text);
  for (const { index, 2: name = '' } of text.matchAll(TEST_NAME)) {
    if (code[index] === ' ') continue;
    if (seen.has(name)) found.push(`${path} has two tests named '${name}'`);
    seen.add(name);
  }
  return found;
}

/** Cycles of imports that happen when a module loads (types and imports on demand make none), each once. */
function cycles(files: ReadonlyMap<string, string>): string[][] {
  const edges = new Map<string, string[]>();
  for (const [path, text] of files) {
    const loaded = importsOf(text).filter((row) => !row.typeOnly && !row.dynamic && row.specifier.startsWith('.'));
    edges.set(
      path,
      loaded.map((row) => resolve(path, row.specifier)),
    );
  }
  const found: string[][] = [];
  const done = new Set<string>();
  const visit = (path: string, trail: readonly string[]): void => {
    const start = trail.indexOf(path);
    if (start >= 0) found.push([...trail.slice(start), path]);
    if (start >= 0 || done.has(path)) return;
    for (const next of edges.get(path) ?? []) visit(next, [...trail, path]);
    done.add(path);
  };
  for (const path of edges.keys()) visit(path, []);
  return found;
}

function resolve(path: string, specifier: string): string {
  const parts = path.split('/').slice(0, -1);
  for (const part of specifier.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '.') parts.push(part);
  }
  return parts.join('/');
}

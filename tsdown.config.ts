import { isBuiltin } from 'node:module';
import { defineConfig } from 'tsdown';
import { lateNumberingPlans } from './integrations/late-tables.ts';

const common = {
  format: 'esm',
  platform: 'node',
  target: 'node24',
  sourcemap: true,
  fixedExtension: false,
  hash: false,
} as const;

/** The threads that write to the database and render templates: programs of their own, found beside the bundle that starts them. */
const THREADS = {
  'store/sqlite/writer-worker': 'src/store/sqlite/writer-worker.ts',
  'automation/template/worker': 'src/automation/template/worker.ts',
};

/** One-shot commands load these at every start: bundled they start twice as fast as unbundled. */
const BUNDLED = {
  alwaysBundle: ['commander', 'yaml', /^libphonenumber-js/],
  onlyBundle: ['commander', 'yaml', 'libphonenumber-js'],
};

/**
 * Imported as an ES module, a built-in of Node evaluates all of its getters, which load undici, worker_threads and more:
 * some 30 ms at every start. Got as a plain object it does not.
 */
const plainBuiltins = {
  name: 'plain-builtins',
  renderChunk: (code: string) => ({
    code: code.replaceAll(
      /^import (?:([\w$]+)|(?:([\w$]+), )?(\{.*\})|\* as ([\w$]+)) from "([^"]+)";$/gm,
      plainImport,
    ),
    map: null,
  }),
};

function plainImport(line: string, ...[only, first, names, all, id]: Array<string | undefined>): string {
  if (id === undefined || !isBuiltin(id)) return line;
  const got = `process.getBuiltinModule("${id}")`;
  const whole = only ?? first ?? all;
  const picked = names?.replaceAll(' as ', ': ');
  if (whole === undefined) return `const ${picked} = ${got};`;
  return picked === undefined ? `const ${whole} = ${got};` : `const ${whole} = ${got}, ${picked} = ${whole};`;
}

/**
 * Commander can start programs as subcommands and so loads node:child_process, some milliseconds at every start. Our
 * subcommands are functions.
 */
const NO_CHILD_PROCESS = '\0no-child-process';
const commanderAlone = {
  name: 'commander-alone',
  resolveId: (id: string, importer?: string) =>
    id === 'node:child_process' && importer?.includes('/commander/') === true ? NO_CHILD_PROCESS : null,
  load: (id: string) => (id === NO_CHILD_PROCESS ? 'export default {};' : null),
};

/** Comments and blanks alone: names stay, so that a stack trace can be read. */
const COMPACT = { compress: false, mangle: false, codegen: true } as const;

export default defineConfig([
  {
    ...common,
    entry: {
      index: 'src/index.ts',
      hosts: 'src/hosts.ts',
      simulator: 'src/simulator.ts',
      'twilio-http-client': 'src/twilio-http-client.ts',
      ...THREADS,
    },
    dts: true,
  },
  {
    ...common,
    entry: { main: 'src/cli/main.ts' },
    outDir: 'dist/cli',
    plugins: [commanderAlone, lateNumberingPlans('beside'), plainBuiltins],
    minify: COMPACT,
    deps: BUNDLED,
    // A file costs half a millisecond to find and link, so each way of sending is one: to a gateway, and to Twilio.
    outputOptions: {
      codeSplitting: {
        groups: [
          { name: 'send', test: /src\/(?:cli\/main|cli\/commands\/send|remote\/messenger)\.ts$/, priority: 2 },
          { name: 'direct', test: /src\/(?:direct|cli\/dry-run)\.ts$/, priority: 1 },
        ],
      },
    },
    dts: false,
  },
  // In a bundle of their own: the threads have no use for the command line.
  { ...common, entry: THREADS, outDir: 'dist/cli', deps: BUNDLED, dts: false },
]);

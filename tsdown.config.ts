import { defineConfig } from 'tsdown';

/** What the library and the command line share: JavaScript of this package, its large dependencies left to npm. */
const common = {
  format: 'esm',
  platform: 'node',
  target: 'node24',
  sourcemap: true,
  fixedExtension: false,
  hash: false,
} as const;

/** The public entries, also as types. */
const LIBRARY = {
  index: 'src/index.ts',
  simulator: 'src/simulator.ts',
  'twilio-http-client': 'src/twilio-http-client.ts',
};

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

export default defineConfig([
  {
    ...common,
    entry: {
      ...LIBRARY,
      'cli/main': 'src/cli/main.ts',
      'store/sqlite/writer-worker': 'src/store/sqlite/writer-worker.ts',
    },
    plugins: [commanderAlone],
    // One-shot commands load these at every start: bundled they start twice as fast as unbundled.
    deps: {
      alwaysBundle: ['commander', 'yaml', /^libphonenumber-js/],
      onlyBundle: ['commander', 'yaml', 'libphonenumber-js'],
    },
    dts: false,
  },
  { ...common, entry: LIBRARY, clean: false, dts: { emitDtsOnly: true } },
]);

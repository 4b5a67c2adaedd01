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

export default defineConfig([
  {
    ...common,
    entry: {
      ...LIBRARY,
      'cli/main': 'src/cli/main.ts',
      'store/sqlite/writer-worker': 'src/store/sqlite/writer-worker.ts',
    },
    // One-shot commands load these at every start: bundled they start twice as fast as unbundled.
    deps: {
      alwaysBundle: ['commander', 'yaml', /^libphonenumber-js/],
      onlyBundle: ['commander', 'yaml', 'libphonenumber-js'],
    },
    dts: false,
  },
  { ...common, entry: LIBRARY, clean: false, dts: { emitDtsOnly: true } },
]);

import { defineConfig } from 'vitest/config';

/**
 * Two projects: `fast` is what `npm test` runs; `slow` holds the suites that start real processes many times over
 * (`.ci/run` runs them after it).
 */
export default defineConfig({
  resolve: { conditions: ['source'] },
  ssr: { resolve: { conditions: ['source'] } },
  test: {
    pool: 'forks',
    maxWorkers: 2,
    // Generous: on a machine with other work a process may take ten times as long to start.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    projects: [
      {
        extends: true,
        test: {
          name: 'fast',
          include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
          exclude: ['test/**/*.slow.test.ts'],
        },
      },
      {
        extends: true,
        test: { name: 'slow', include: ['test/**/*.slow.test.ts'], testTimeout: 900_000, hookTimeout: 120_000 },
      },
    ],
  },
});

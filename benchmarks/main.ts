/** `npm run bench -- NAME [PART]`: runs one benchmark, or a part of it, and prints its tables. None of them asserts a speed. */

const BENCHMARKS: Record<string, () => Promise<{ run(part?: string): Promise<void> }>> = {
  ansible: () => import('./ansible.ts'),
  send: () => import('./send.ts'),
  inbound: () => import('./inbound.ts'),
  startup: () => import('./startup.ts'),
};

const name = process.argv[2] ?? '';
const load = Object.hasOwn(BENCHMARKS, name) ? BENCHMARKS[name] : undefined;
if (load === undefined) {
  console.error(`Usage: npm run bench -- ${Object.keys(BENCHMARKS).join('|')}`);
  process.exitCode = 2;
} else await (await load()).run(process.argv[3]);

/** The metrics page, read off what `/metrics` itself prints. */

import type { EntryState } from '../../src/core/entry.ts';
import { ENTRY_STATES } from '../../src/core/entry.ts';
import { createMeters } from '../../src/server/meters.ts';
import { table } from './markdown.ts';

export async function metricsReference(): Promise<string> {
  const counts = Object.fromEntries(ENTRY_STATES.map((state) => [state, 0])) as Record<EntryState, number>;
  const meters = createMeters(async () => counts);
  // A sample of each, so that the labels show.
  meters.created('accepted', 0.1);
  meters.calledBack('applied');
  meters.handedOn('shop', 'delivered');
  const text = await meters.text();
  const rows = [...text.matchAll(/^# HELP (tollboard_\w+) (.*)\n# TYPE \w+ (\w+)$/gm)].map(
    ([, name = '', help = '', type = '']) => [`\`${name}\``, type, labelsOf(text, name), help],
  );
  return `# Metrics

\`GET /metrics\` of a gateway, in Prometheus' text format. It needs no token: no phone number, no body, no SID and no account
ever becomes a label.

${table(['name', 'type', 'labels', 'what it counts'], rows)}

Beside these stand prom-client's usual metrics of the process (\`process_*\`, \`nodejs_*\`).
`;
}

function labelsOf(text: string, name: string): string {
  const sample = new RegExp(`^${name}\\{([^}]*)\\}`, 'm').exec(text)?.[1] ?? '';
  return [...sample.matchAll(/(\w+)="/g)].map(([, label]) => `\`${label}\``).join(', ');
}

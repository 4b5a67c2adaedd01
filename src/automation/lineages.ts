/**
 * Which run set off which, by an event that it fired or by a text or call that it made. Automations that set each other off
 * in a ring come to an end by it, however many runs each of them begins.
 */

export interface Lineages {
  /** A run begins; `parent`: the run that set it off, null where something else did. */
  begin(runId: string, parent: string | null): void;
  /** Before a run does something by which others may begin. Throws in one sentence. */
  check(runId: string): void;
}

/** Runs that one run may lead to, those that it and its children set off not counted: a text to many is no ring. */
const MAX_DESCENDANTS = 100;
/** Up to here a run is the first one, a child or a grandchild. */
const NEAR = 2;
/** Runs that are remembered, those under way among them. */
const REMEMBERED = 20_000;

interface Lineage {
  generation: number;
  /** Shared by all that descend from one run. */
  family: { descendants: number };
}

export function createLineages(): Lineages {
  const lineages = new Map<string, Lineage>();
  return {
    begin(runId, parent) {
      if (lineages.has(runId)) return;
      const from = parent === null ? undefined : lineages.get(parent);
      const lineage = from ?? { generation: -1, family: { descendants: 0 } };
      const generation = lineage.generation + 1;
      if (generation > NEAR) lineage.family.descendants += 1;
      lineages.set(runId, { generation, family: lineage.family });
      for (const oldest of lineages.keys()) {
        if (lineages.size <= REMEMBERED) break;
        lineages.delete(oldest);
      }
    },
    check(runId) {
      const lineage = lineages.get(runId);
      if (lineage === undefined || lineage.generation < NEAR || lineage.family.descendants < MAX_DESCENDANTS) return;
      throw new Error(
        `one event has led to more than ${MAX_DESCENDANTS} runs by what automations fire and send: they set each other off in a ring. Give one of them a condition that ends it.`,
      );
    },
  };
}

/** The part of an effect's key that names its run: see `ServiceCall.key`. */
export function runOf(key: string): string | null {
  const end = key.lastIndexOf(':actions/');
  return end < 0 ? null : key.slice(0, end);
}

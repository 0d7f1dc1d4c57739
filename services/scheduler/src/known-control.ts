/**
 * `control` and the pools as known to this process, as of one revision: plans are made under it; it is never trusted:
 * the step that carries a plan out compares the revision under the gate's lock, and every change makes a new one.
 */
import type { KnownControl } from '@countersign/contracts/control';
import { LIMITS } from '@countersign/contracts/limits';
import { readControl } from '@countersign/platform/control-gate';
import type { Tx } from '@countersign/platform/database';
import { EVERY_TENANT, type PoolList, readPools } from './store-pools.ts';

export type Known = { control: KnownControl; pools: ReadonlyMap<string, PoolList> };
export type ControlMemory = {
  /** Of at least these tenants, and of whom may be revoked: principals and keys. */
  of(tenants: readonly string[], subjects: readonly string[]): Promise<Known>;
  /** After a step has found another revision. */
  forget(): void;
};

type Memory = Known & { pools: Map<string, PoolList>; tenants: Set<string>; subjects: Set<string> };

export function openControlMemory(database: Tx): ControlMemory {
  let memory: Memory | null = null;

  const read = async (tenants: readonly string[], subjects: readonly string[]): Promise<Memory> => {
    const control = await readControl(database, tenants, subjects);
    // Read after it: pools that are newer than the revision are found out with the revision.
    const pools = await readPools(database, [...tenants, EVERY_TENANT]);
    return { control, pools, tenants: new Set(tenants), subjects: new Set(subjects) };
  };
  return {
    async of(tenants, subjects) {
      const missing = {
        tenants: tenants.filter((tenant) => !memory?.tenants.has(tenant)),
        subjects: subjects.filter((actor) => !memory?.subjects.has(actor)),
      };
      if (memory && missing.tenants.length === 0 && missing.subjects.length === 0) return memory;
      const more = await read([...new Set(missing.tenants)], [...new Set(missing.subjects)]);
      const joined = memory && joinMemories(memory, more);
      memory = joined ?? (await read([...new Set(tenants)], [...new Set(subjects)]));
      return memory;
    },
    forget() {
      memory = null;
    },
  };
}

/** Adds what was read of the same revision. Null when they are of two, or would be too much to keep. */
function joinMemories(memory: Memory, more: Memory): Memory | null {
  const { control } = memory;
  if (control.revision !== more.control.revision) return null;
  if (memory.tenants.size + memory.subjects.size >= LIMITS.known_names) return null;
  Object.assign(control.policies, more.control.policies);
  Object.assign(control.ceilings, more.control.ceilings);
  const known = new Set(control.switches.map((stop) => stop.switch_id));
  control.switches.push(...more.control.switches.filter((stop) => !known.has(stop.switch_id)));
  control.switches.sort((a, b) => (a.switch_id < b.switch_id ? -1 : 1));
  control.revoked.push(...more.control.revoked);
  for (const [scope, pools] of more.pools) memory.pools.set(scope, pools);
  for (const tenant of more.tenants) memory.tenants.add(tenant);
  for (const subject of more.subjects) memory.subjects.add(subject);
  return memory;
}

/** How many people of each group a policy asks for at most, in whichever of its approvals. Pure. */
import { asksWhenExceeded } from './check-limits.ts';
import { DEFAULT_GROUP, OWNER_GROUP } from './check-policy.ts';
import type { BundleSources } from './parse-bundle.ts';
import { placeSections } from './place-sections.ts';

/** `tenant`: whose own rules ask; null for what holds for every tenant of the scope. */
export type AskedGroup = { tenant: string | null; group: string; count: number };

type Stages = readonly { group: string; count: number }[];

const FALLBACK: Stages = [{ group: DEFAULT_GROUP, count: 1 }];

export function askedGroups(sources: BundleSources): AskedGroup[] {
  const { owners, default_decision } = sources.policy;
  const most = new Map<string, AskedGroup>();
  const ask = (stages: Stages, file: string): void => {
    const tenant = /^tenants\/(.+)\.yaml$/.exec(file)?.[1] ?? null;
    for (const { group, count } of stages) {
      for (const name of group === OWNER_GROUP ? new Set(Object.values(owners)) : [group]) {
        const key = JSON.stringify([tenant, name]);
        most.set(key, { tenant, group: name, count: Math.max(count, most.get(key)?.count ?? 0) });
      }
    }
  };
  const { rules, input_rules, tiers } = placeSections(sources);
  for (const { source, file } of [...rules, ...input_rules]) {
    if (source.decision !== 'require_approval' && !asksWhenExceeded(source)) continue;
    const { stages = FALLBACK, escalate, break_glass } = source.approval ?? {};
    ask(stages, file);
    for (const group of [escalate?.to, break_glass?.group]) if (group !== undefined) ask([{ group, count: 1 }], file);
  }
  for (const { source, file } of tiers) {
    const { floor } = source;
    if (floor.decision === 'require_approval' || asksWhenExceeded(floor)) ask(floor.stages ?? FALLBACK, file);
  }
  if (default_decision === 'require_approval') ask(FALLBACK, 'policy.yaml');
  return [...most.values()];
}

/**
 * Whether what a decision asks for can be had: votes from groups that are large enough, and worker constraints that a
 * pool which may run the job enforces.
 */
import type { Match } from '@countersign/contracts/policy';
import type { Pool } from '@countersign/contracts/policy-pools';
import { asksWhenExceeded } from '@countersign/policy/check-limits';
import { OWNER_GROUP } from '@countersign/policy/check-policy';
import { anyGlobMatches } from '@countersign/policy/match-glob';
import { type At, below, inPolicy } from '@countersign/policy/report-faults';
import type { Linted } from './linted.ts';

type Stages = readonly { group: string; count: number }[];

export function lintApprovals({ sections, sources, people, report }: Linted): void {
  if (people === undefined) return;
  const { owners, default_decision } = sources.policy;
  const sizeOf = (group: string): number => (Object.hasOwn(people, group) ? people[group]! : 0);
  const judge = (stages: Stages, at: At): void => {
    for (const { group, count } of stages) {
      const groups = group === OWNER_GROUP ? [...new Set(Object.values(owners))] : [group];
      for (const asked of groups) {
        if (sizeOf(asked) >= count) continue;
        report('quorum_unreachable', at, `${count} of ${asked} are asked for, and ${sizeOf(asked)} there are`);
      }
    }
  };
  const fallback = [{ group: 'approvers', count: 1 }];
  for (const placed of [...sections.rules, ...sections.input_rules]) {
    const { decision, approval } = placed.source;
    if (decision !== 'require_approval' && !asksWhenExceeded(placed.source)) continue;
    judge(approval?.stages ?? fallback, below(placed, 'approval'));
    const { escalate, break_glass } = approval ?? {};
    const others = [...(escalate ? [escalate.to] : []), ...(break_glass ? [break_glass.group] : [])];
    judge(
      others.map((group) => ({ group, count: 1 })),
      below(placed, 'approval'),
    );
  }
  for (const placed of sections.tiers) {
    const { floor } = placed.source;
    if (floor.decision === 'require_approval' || asksWhenExceeded(floor))
      judge(floor.stages ?? fallback, below(placed, 'floor'));
  }
  if (default_decision === 'require_approval') judge(fallback, inPolicy('default_decision'));
}

export function lintConstraints({ sections, sources, topics, report }: Linted): void {
  const { pools } = sources;
  if (pools === null) return;
  const judge = (names: readonly string[] | undefined, match: Match, at: At): void => {
    if (names === undefined || names.length === 0) return;
    const running = pools.filter((pool) => mayRun(pool, topics.complete(match)));
    if (running.some((pool) => names.every((name) => pool.enforces.includes(name)))) return;
    report('constraint_unenforced', at, `no pool that may run this enforces ${names.join(' and ')}`);
  };
  for (const placed of [...sections.rules, ...sections.input_rules]) {
    judge(placed.source.constraints?.worker, placed.source.match, below(placed, 'constraints', 'worker'));
  }
  for (const placed of sections.tiers) {
    judge(
      placed.source.floor.constraints?.worker,
      placed.source.match,
      below(placed, 'floor', 'constraints', 'worker'),
    );
  }
}

/** As far as the match says: a job of it could fit the pool. */
function mayRun(pool: Pool, { capabilities, tenants }: Match): boolean {
  return (
    (capabilities?.some((pattern) => pool.capabilities.some((name) => anyGlobMatches([pattern], name))) ?? true) &&
    (tenants === undefined || pool.tenants === undefined || tenants.some((tenant) => pool.tenants!.includes(tenant)))
  );
}

/**
 * Whether each listed topic has a pool that could take some job of it, whatever its labels: a rule that lets through what no
 * pool takes lets it through to fail.
 */
import type { Match } from '@countersign/contracts/policy';
import type { Pool } from '@countersign/contracts/policy-pools';
import { describeMiss, ENVIRONMENT, failedCondition, type PoolNeed } from '@countersign/policy/choose-pool';
import { mayMeet } from '@countersign/policy/cover-match';
import { type ListedTopic, matchOf } from '@countersign/policy/known-topics';
import { inPolicy } from '@countersign/policy/report-faults';
import type { Linted } from './linted.ts';

/** Pools that one fault tells of. */
const TOLD = 5;

export function lintPools({ sections, sources, topics, report }: Linted): void {
  const { pools, policy } = sources;
  if (pools === null) return;
  const matches: Match[] = sections.rules
    .filter(({ source: { decision } }) => decision !== 'deny' && decision !== 'remediate')
    .map(({ source }) => topics.complete(source.match));
  if (policy.default_decision !== 'deny') matches.push({});
  for (const topic of topics.listed) {
    const letting = matches.filter((match) => mayMeet(match, matchOf(topic)));
    // Without a capability in the facts it is the submitter's word, and any pool may be meant.
    if (topic.facts.capability === undefined || letting.length === 0) continue;
    const needs = letting.flatMap((each) => needsOf(topic, each, pools));
    if (needs.some((need) => pools.some((pool) => failedCondition(pool, need) === null))) continue;
    const told = pools.slice(0, TOLD).map((pool) => `${pool.id}: ${describeMiss(pool, nearest(pool, needs))}`);
    const at = inPolicy('topics', topic.pattern);
    report('pool_missing', at, `no pool takes ${topic.pattern} under any labels; ${told.join('; ')}`);
  }
}

/** One for each tenant and environment that a pool tells apart and the rule does not rule out. */
function needsOf({ facts }: ListedTopic, match: Match, pools: readonly Pool[]): PoolNeed[] {
  const needed = facts.required_labels?.includes(ENVIRONMENT) ?? false;
  const environments = new Set<string | null>([
    needed ? '' : null,
    ...pools.flatMap((pool) => pool.environments ?? []),
  ]);
  const wanted = match.labels?.[ENVIRONMENT];
  const tenants = new Set(['', ...pools.flatMap((pool) => pool.tenants ?? [])]);
  return [...(wanted === undefined ? environments : [wanted].flat())].flatMap((environment) =>
    [...(match.tenants ?? tenants)].map((tenant) => ({
      ...{ tenant, environment, capability: facts.capability!, requires: match.requires ?? [] },
      // What no pool enforces has a lint of its own.
      worker_constraints: [],
    })),
  );
}

/** Of jobs that the pool does not take, the one of which the last condition fails. */
function nearest(pool: Pool, needs: readonly PoolNeed[]): PoolNeed {
  const order = ['capability', 'requires', 'tenants', 'environments', 'enforces'];
  const far = (need: PoolNeed): number => order.indexOf(failedCondition(pool, need) ?? '');
  return needs.toSorted((a, b) => far(b) - far(a))[0]!;
}

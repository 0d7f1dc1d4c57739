/** What was granted and not used: told from the uses that are kept, digested, and signed off by a person who names the digest. */
import type { EntitlementReport, SignedOff, signOff } from '@countersign/contracts/entitlements';
import { CountersignError } from '@countersign/contracts/errors';
import type { AgentView } from '@countersign/contracts/identity';
import { LIMITS } from '@countersign/contracts/limits';
import type { RpcAnswer } from '@countersign/contracts/rpc';
import { canonicalize } from '@countersign/ledger/canonical-json';
import { sha256 } from '@countersign/ledger/digest';
import type { Database, Tx } from '@countersign/platform/database';
import type { z } from 'zod';
import type { Caller } from '../caller.ts';
import { changeRegistry, entryOf } from './change-registry.ts';
import { type Right, rightSubject } from './note-rights.ts';
import { agentsBefore, goodWorkers, keptSince, unusedKeys, usedRights } from './store-entitlements.ts';

type WorkerUses = RpcAnswer<'scheduler.worker_uses'>;
type Idle = Pick<EntitlementReport, 'keys' | 'workers' | 'pools'>;

/** `claims`: of workers; null for who may not see them. */
export async function reviewEntitlements(
  tx: Tx,
  tenant: string,
  days: number,
  claims: WorkerUses | null,
): Promise<EntitlementReport> {
  const { since, complete, judged_before } = await keptSince(tx, days);
  const agents = [];
  for (let after = ''; ; ) {
    const page = await agentsBefore(tx, { tenant, before: judged_before, after, rows: LIMITS.page_rows });
    const used = new Set(
      await usedRights(
        tx,
        page.map(({ id }) => id),
        since,
      ),
    );
    agents.push(...page.flatMap((agent) => unusedOf(agent, used) ?? []));
    if (page.length < LIMITS.page_rows) break;
    after = page.at(-1)!.id;
  }
  const keys = await unusedKeys(tx, { tenant, since, before: judged_before });
  const idle = claims === null ? { workers: [], pools: [] } : await unusedWorkers(tx, since, claims);
  const found = { agents, keys, ...idle };
  const named = { agents, ...namesOf({ keys, ...idle }) };
  const digest = `sha256:${Buffer.from(sha256(Buffer.from(canonicalize({ days, ...named })))).toString('hex')}`;
  return { days, since, complete, ...found, digest };
}

/** Throws `grant_refused` for who is no person, `state_conflict` when something else is unused by now. */
export function signOffReview(
  database: Database,
  caller: Caller,
  { days, digest, comment = '' }: z.output<typeof signOff>,
  claims: WorkerUses | null,
): Promise<SignedOff> {
  if (caller.type !== 'human') throw new CountersignError('grant_refused', 'only a person signs off');
  return changeRegistry(database, caller, async (tx) => {
    const report = await reviewEntitlements(tx, caller.tenant, days, claims);
    const { agents, since, complete } = report;
    if (report.digest !== digest)
      throw new CountersignError('state_conflict', 'something else is unused by now; review it again', {
        at: '/digest',
      });
    const unused = { agents, ...namesOf(report) };
    const details = { what: 'entitlements', tenant: caller.tenant, days, since, complete, digest, comment, unused };
    const entries = [entryOf(caller, 'entitlements_reviewed', caller.tenant, details)];
    return { answer: { digest, signed_by: caller.id }, entries };
  });
}

function unusedOf({ id, owner, ceiling }: Pick<AgentView, 'id' | 'owner' | 'ceiling'>, used: ReadonlySet<string>) {
  const left = (right: Right, patterns: readonly string[]): string[] =>
    patterns.filter((pattern) => !used.has(rightSubject(id, right, pattern)));
  const topics = left('topic', ceiling.topics);
  const capabilities = left('capability', ceiling.capabilities);
  const environments = left('environment', ceiling.environments);
  const isAllUsed = topics.length + capabilities.length + environments.length === 0;
  return isAllUsed ? null : { agent: id, owner, topics, capabilities, environments };
}

function namesOf({ keys, workers, pools }: Idle) {
  return {
    keys: keys.map(({ key_id }) => key_id),
    ...(workers.length > 0 && { workers: workers.map(({ pool, worker }) => `${pool}/${worker}`), pools }),
  };
}

async function unusedWorkers(tx: Tx, since: string, { kept_since, uses }: WorkerUses) {
  if (kept_since > since) return { workers: [], pools: [] };
  const last = new Map(uses.map((use) => [`${use.pool}/${use.worker}`, use.last_used_at]));
  const all = (await goodWorkers(tx, since)).map(({ is_judged, ...each }) => {
    const last_used_at = last.get(`${each.pool}/${each.worker}`) ?? null;
    return { ...each, last_used_at, idle: is_judged && (last_used_at === null || last_used_at < since) };
  });
  const busy = new Set(all.filter(({ idle }) => !idle).map(({ pool }) => pool));
  const workers = all.filter(({ idle }) => idle).map(({ idle: _, ...worker }) => worker);
  return { workers, pools: [...new Set(workers.map(({ pool }) => pool))].filter((pool) => !busy.has(pool)) };
}

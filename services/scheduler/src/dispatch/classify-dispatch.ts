/** The dispatch gate's judgement of one decided job under the state read in its transaction. Pure; writes nothing. */
import type { ControlState } from '@countersign/contracts/control';
import { stopFor } from '@countersign/contracts/control';
import type { EffectiveJob } from '@countersign/contracts/decision';
import { runOf } from '@countersign/contracts/job-search';
import { exceedsCeiling } from '@countersign/policy/check-ceiling';
import type { ChosenPool } from '../choose-pool.ts';
import { choosePool, whyNoPool } from '../choose-pool.ts';
import { subjectsOf } from '../store-attempts.ts';
import type { PoolList } from '../store-pools.ts';
import type { DispatchItem } from './dispatch-item.ts';

export type Verdict =
  /** Decided under another epoch, or by a policy that is gone: back through the gate. */
  | { kind: 'stale' }
  | { kind: 'deny'; reason: string }
  | { kind: 'fail'; reason: string }
  /** A stop is in force: neither lost nor run. */
  | { kind: 'stopped' }
  | { kind: 'send'; pool: ChosenPool }
  | { kind: 'needs_approval'; pool: ChosenPool };

export function classifyDispatch(
  item: DispatchItem,
  state: ControlState,
  pools: ReadonlyMap<string, PoolList>,
): Verdict {
  const { job, decision, answer } = item;
  const active = state.policies[job.tenant];
  if (!active || decision.policy_epoch !== active.epoch) return { kind: 'stale' };
  if (subjectsOf(job).some((subject) => state.revoked.includes(subject)))
    return { kind: 'deny', reason: 'identity revoked' };
  /** At this gate a remediation is an offer that the denial carries, never a rewrite. */
  if (decision.decision === 'deny' || decision.decision === 'remediate')
    return { kind: 'deny', reason: decision.reason };
  const { effective } = answer;
  if (!effective || !decision.effective_digest) return { kind: 'deny', reason: 'the decision names nothing to run' };
  const { tenant } = job;
  const { capability, topic, requires, labels } = effective;
  const outside = outsideChanged(state, job.actor, effective);
  if (outside !== null) return { kind: 'deny', reason: outside };
  const need = {
    tenant,
    capability,
    requires,
    environment: labels.env ?? null,
    worker_constraints: decision.constraints.worker ?? [],
  };
  const list = pools.get(active.scope);
  const pool = choosePool(list, need, job.pool);
  if (!pool) return { kind: 'fail', reason: whyNoPool(list, need) };
  const run = runOf(labels);
  if (stopFor(state, { tenant, topic, capability, pool: pool.id, agent: job.actor, run })) return { kind: 'stopped' };
  return { kind: decision.decision === 'require_approval' ? 'needs_approval' : 'send', pool };
}

/** A ceiling that was narrowed while the job waited binds it: the kernel saw the one that the job was admitted under. */
function outsideChanged({ ceilings }: ControlState, actor: string, effective: EffectiveJob): string | null {
  const ceiling = Object.hasOwn(ceilings, actor) ? ceilings[actor]! : null;
  const outside = ceiling && exceedsCeiling(ceiling, effective);
  return outside && `ceiling_${outside}: outside what this agent may at most ask for now`;
}

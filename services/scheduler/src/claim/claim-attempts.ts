/**
 * Grants attempts to workers, many claims to a statement: the last look before something runs. A stop, a new policy or a
 * cancelled job is seen under the gate; a claim that cannot be granted as it stands is judged on the careful path.
 */
import { FACT_HOLES } from '@countersign/contracts/job-entry';
import { LIMITS } from '@countersign/contracts/limits';
import { canonicalWithHoles } from '@countersign/ledger/holed-json';
import { unlessMoved } from '@countersign/platform/database';
import type { SchedulerContext } from '../scheduler-context.ts';
import { claimStep, type GrantedClaim } from '../store-steps.ts';
import { claimCarefully } from './claim-carefully.ts';
import type { Claim, Outcome } from './plan-claims.ts';

/** What `job_running` says besides the attempt's facts, which are filled in where they stand. */
export function runningTemplate({ dispatch_id, claim_id, pool, worker }: Claim): string {
  return canonicalWithHoles({ state: 'running', dispatch_id, claim_id, pool, worker }, FACT_HOLES);
}

export async function claimAttempts(context: SchedulerContext, claims: Claim[]): Promise<Outcome[]> {
  const plain = plainClaims(claims);
  await context.planned?.();
  const steps = plain.map((claim) => ({ ...claim, template: runningTemplate(claim) }));
  const granted = steps.length === 0 ? [] : await unlessMoved(claimStep(context.database, steps), []);
  const answers = new Map(
    granted.map((each) => {
      const claim = plain[each.place - 1]!;
      return [claim, toAnswer(claim, each)];
    }),
  );
  const left = claims.filter((claim) => !answers.has(claim));
  const judged = left.length === 0 ? [] : await context.database.transaction((tx) => claimCarefully(tx, left));
  for (const [i, claim] of left.entries()) answers.set(claim, judged[i]!);
  for (const claim of claims)
    if (claim.refused) context.metrics.count('warrants_refused_total', { code: claim.refused.code });
  return claims.map((claim) => {
    const answer = answers.get(claim)!;
    if ('outcome' in answer && answer.outcome === 'granted') context.workers.note(claim);
    return answer;
  });
}

/** A refusal is no claim, and of two for the same attempt the second sees what became of the first. */
function plainClaims(claims: readonly Claim[]): Claim[] {
  return [...Map.groupBy(claims, (claim) => claim.dispatch_id).values()]
    .map(([first]) => first!)
    .filter((claim) => claim.refused === undefined);
}

function toAnswer({ dispatch_id, claim_id }: Claim, { place: _, ...granted }: GrantedClaim): Outcome {
  return {
    dispatch_id,
    claim_id,
    outcome: 'granted',
    ...granted,
    lease_ms: LIMITS.lease_ms,
  };
}

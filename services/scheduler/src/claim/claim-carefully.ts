/** Looks again at the claims that the one statement did not grant; `control` is read in that transaction. */
import { workerSubject } from '@countersign/contracts/control';
import { gate } from '@countersign/platform/control-gate';
import type { Tx } from '@countersign/platform/database';
import { append } from '@countersign/platform/ledger-append';
import { moveJobs } from '../move-jobs.ts';
import {
  closeAttempts,
  countRefusals,
  countRunning,
  lockAttempts,
  readParties,
  readRevokedUses,
  startAttempts,
  tenantsAndSubjects,
} from '../store-attempts.ts';
import { type Claim, type Outcome, planClaims } from './plan-claims.ts';

export async function claimCarefully(tx: Tx, claims: readonly Claim[]): Promise<Outcome[]> {
  const ids = [...new Set(claims.map((claim) => claim.dispatch_id))].sort();
  const parties = await readParties(tx, ids);
  const [tenants, subjects] = tenantsAndSubjects(parties);
  const [control, running, attempts, revoked] = await Promise.all([
    gate(tx, tenants, [...subjects, ...claims.map(workerSubject)]),
    countRunning(tx, [...new Set(claims.map((claim) => claim.pool))].sort()),
    lockAttempts(tx, parties),
    readRevokedUses(tx, parties),
  ]);
  const { plan, answers } = planClaims(claims, { control, running, attempts, revoked });
  await Promise.all([
    moveJobs(tx, plan.moves),
    startAttempts(tx, plan.started),
    countRefusals(tx, plan.refused),
    closeAttempts(tx, plan.voided, 'void'),
    append(tx, plan.entries),
  ]);
  return answers;
}

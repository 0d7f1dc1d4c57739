/** What every change of a question begins with: who asks still counts, and nobody else decides about the row meanwhile. */
import { CountersignError } from '@countersign/contracts/errors';
import type { Principal } from '@countersign/contracts/rpc';
import { readControl, refuseRevoked } from '@countersign/platform/control-gate';
import type { Tx } from '@countersign/platform/database';
import type { OpenQuestion } from './judge-vote.ts';
import { lockApproval, readLocked, type Vote } from './store.ts';
import { readVotes } from './store-shown.ts';

type Asking = { tenant: string; approval_id: string; principal: Principal };

/** Throws `revoked` or `not_found`. */
export async function lockQuestion(tx: Tx, { tenant, approval_id, principal }: Asking): Promise<OpenQuestion> {
  const { policies } = await refuseRevoked(tx, principal, [tenant]);
  if (!(await lockApproval(tx, tenant, approval_id))) throw new CountersignError('not_found');
  const locked = await readLocked(tx, approval_id);
  return { ...locked, current: policies[tenant]?.epoch === locked.policy_epoch };
}

/** Of who was revoked since, a vote counts no more, nor one given for them: somebody else has to look. Under the gate. */
export async function readStanding(tx: Tx, approval_id: string): Promise<Vote[]> {
  const votes = await readVotes(tx, [approval_id]);
  const { revoked } = await readControl(tx, [], votersOf(votes));
  return votes.filter((vote) => !votersOf([vote]).some((voter) => revoked.includes(voter)));
}

/** Those whose votes they are included. */
export function votersOf(votes: readonly Vote[]): string[] {
  return votes.flatMap(({ voter, delegated_by }) => [voter, ...(delegated_by === null ? [] : [delegated_by])]);
}

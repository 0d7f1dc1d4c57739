/**
 * Asks the scheduler for the right to run one delivered attempt, or tells it why the warrant was refused. An outage is
 * never a yes: the message goes back to its stream.
 */
import { randomUUID } from 'node:crypto';
import { CountersignError, isOutage } from '@countersign/contracts/errors';
import { LIMITS } from '@countersign/contracts/limits';
import type { ClaimAnswer, ClaimRequest } from '@countersign/contracts/worker';
import type { AskForClaim } from './claim-together.ts';

export type Claim = { askForClaim: AskForClaim; dispatch_id: string; traceparent: string };

/** `claim_id` is random for each delivery. Null when the scheduler is out of reach. */
export async function claimAttempt(
  claim: Claim,
  refused?: ClaimRequest['refused'],
): Promise<{ claim_id: string; answer: ClaimAnswer } | null> {
  const claim_id = randomUUID();
  const request: ClaimRequest = { dispatch_id: claim.dispatch_id, claim_id, ...(refused ? { refused } : {}) };
  for (let tries = 0; tries < LIMITS.claim_tries; tries += 1) {
    const answer = await ask(claim, request);
    if (answer !== null) return { claim_id, answer };
  }
  return null;
}

async function ask({ askForClaim, traceparent }: Claim, request: ClaimRequest): Promise<ClaimAnswer | null> {
  try {
    return await askForClaim(request, traceparent);
  } catch (thrown) {
    if (!(thrown instanceof CountersignError)) throw thrown;
    if (isOutage(thrown.code)) return null;
    const { dispatch_id, claim_id } = request;
    return { outcome: 'lost', dispatch_id, claim_id, code: thrown.code };
  }
}

/**
 * Answers `rpc.policy.simulate` and `rpc.policy.explain`: the same code path as enforcement, at the submit gate, storing
 * nothing. The decision ids belong to no job.
 */
import type { DecideItem } from '@countersign/contracts/decision';
import { CountersignError } from '@countersign/contracts/errors';
import type { RpcAnswer, RpcParsed } from '@countersign/contracts/rpc';
import { canonicalize } from '@countersign/ledger/canonical-json';
import { JOB_DOMAIN, saltedDigest } from '@countersign/ledger/digest';
import { nowInstant } from '@countersign/platform/clock';
import { randomSalt, uuidv7 } from '@countersign/platform/ids';
import { type DecideContext, type DecideOutcome, decide } from '@countersign/policy/decide';
import { explain } from '@countersign/policy/explain';
import type { ActivePolicies } from './active-policies.ts';
import { policyFor } from './decide-jobs.ts';

type Question = RpcParsed<'policy.simulate'>;

/** Throws what a submitter would be told, e.g. `facts_contradicted`. */
export const simulateJob = (policies: ActivePolicies, question: Question): RpcAnswer<'policy.simulate'> => {
  const { policy, epoch } = policyFor(policies, question.request.tenant);
  return answerOf(decide(policy, itemOf(question), contextOf(epoch)));
};

export const explainJob = (policies: ActivePolicies, question: Question): RpcAnswer<'policy.explain'> => {
  const { policy, epoch } = policyFor(policies, question.request.tenant);
  const { outcome, steps, text } = explain(policy, itemOf(question), contextOf(epoch));
  return { ...answerOf(outcome), steps, text };
};

const itemOf = ({ request, actor }: Question): DecideItem => {
  const salt = randomSalt();
  const text = canonicalize({ actor: actor.id, request });
  const job_hash = saltedDigest(JOB_DOMAIN, Buffer.from(salt, 'base64url'), text);
  return { gate: 'submit', request, actor, job_hash, salt, min_epoch: 0 };
};

const contextOf = (epoch: number): DecideContext => ({
  now: nowInstant(),
  epoch,
  decisionId: uuidv7,
  simulation: true,
});

const answerOf = (outcome: DecideOutcome): RpcAnswer<'policy.simulate'> => {
  if (!outcome.ok) {
    const { code, detail, at } = outcome.failure;
    throw new CountersignError(code, detail, { at });
  }
  const { decisions, effective } = outcome.answer;
  return { decisions, effective, skipped: outcome.skipped };
};

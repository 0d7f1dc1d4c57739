/**
 * The one way in for both doors: prepare, have it decided, have it admitted, answer. Whoever cannot decide or store
 * is an outage, and an outage is never a yes: nothing is stored or published here.
 */

import type { Admitted } from '@countersign/contracts/admission';
import { finalDecision } from '@countersign/contracts/decision';
import { writeChain } from '@countersign/contracts/delegation';
import { CountersignError } from '@countersign/contracts/errors';
import type { Accepted, Denied } from '@countersign/contracts/http';
import { LIMITS } from '@countersign/contracts/limits';
import type { Bus } from '@countersign/platform/bus';
import { traceIdOf } from '@countersign/platform/trace';
import { openAdmissions } from './admit-in-batches.ts';
import { actorOf } from './caller.ts';
import type { openDecisions } from './decide-in-batches.ts';
import { openGathering } from './gather-submissions.ts';
import { linksOf } from './job-links.ts';
import { prepareJob, type Submission } from './prepare-job.ts';
import type { ProveChain } from './prove-chain.ts';
import type { Uses } from './registry/record-uses.ts';
import { willWaitFor } from './waiting-for.ts';

/** An admission carries the request, and the decision's rewritten and effective forms of it. */
const REQUEST_COPIES = 3;

/** `replayed`: the first answer to the same request, again. */
export type Submitted = ({ status: 202; body: Accepted } | { status: 403; body: Denied }) & { replayed: boolean };
export type SubmitJob = (submission: Submission) => Promise<Submitted>;

type Decisions = ReturnType<typeof openDecisions>;

/**
 * `decide`: how the kernel is asked, and what stands in for it. `prove`: whether the caller may act for whom it names.
 * `uses`: where it is kept which rights were needed.
 */
export function createSubmit(
  bus: Bus,
  decide: Decisions,
  prove: ProveChain,
  uses?: Pick<Uses, 'noteRights'>,
): SubmitJob {
  const admit = openAdmissions(bus);
  const gather = openGathering();
  const decideAndAdmit: SubmitJob = async (submission) => {
    const { caller, idempotency_key, traceparent } = submission;
    const { bytes, plain_digest, ...job } = prepareJob(submission);
    const proven = submission.behind ?? (await prove(caller, job.request.on_behalf_of));
    const beside = (submission.beside ?? []).filter(({ id }) => !proven.some((link) => link.id === id));
    const behind = writeChain([...proven, ...beside]);
    const asked = { ...job, actor: actorOf(caller) };
    let min_epoch = 0;
    for (let tries = 1; tries <= LIMITS.decide_tries; tries += 1) {
      const answer = await decide({ item: { ...asked, gate: 'submit', min_epoch }, bytes, traceparent });
      const { key_id, token_id } = caller;
      const item = { ...asked, plain_digest, idempotency_key, key_id, token_id, behind, answer, traceparent };
      const admitted = await unlessStale(admit({ item, bytes: bytes * REQUEST_COPIES }));
      if (admitted !== null) {
        if (admitted.state !== 'denied') uses?.noteRights(caller, job.request, answer.effective);
        return answerOf(admitted, traceparent);
      }
      min_epoch = finalDecision(answer).policy_epoch + 1;
    }
    throw new CountersignError('policy_unavailable', 'the policy changed again and again; nothing was admitted');
  };
  return (submission) => gather(() => decideAndAdmit(submission));
}

/** Null when the policy changed between decision and admission. */
async function unlessStale(admission: Promise<Admitted>): Promise<Admitted | null> {
  try {
    return await admission;
  } catch (thrown) {
    if (thrown instanceof CountersignError && thrown.code === 'epoch_stale') return null;
    throw thrown;
  }
}

function answerOf(admitted: Admitted, traceparent: string): Submitted {
  const { replayed } = admitted;
  const body = verdictOf(admitted);
  if (admitted.state !== 'denied') return { status: 202, body, replayed };
  const { effective_digest: _, waiting_for: __, ...verdict } = body;
  const trace_id = traceIdOf(traceparent);
  return {
    status: 403,
    body: { ...verdict, code: 'denied', detail: body.reason, decision: 'deny', trace_id },
    replayed,
  };
}

function verdictOf(admitted: Admitted): Accepted {
  const last = finalDecision(admitted);
  const rewrite = admitted.decisions.findLast((decision) => decision.remediation !== null);
  return {
    job_id: admitted.job_id,
    tenant: admitted.tenant,
    state: admitted.state,
    decision: last.decision,
    rule_id: last.rule_id,
    reason: last.reason,
    policy_version: last.policy_version,
    policy_snapshot: last.policy_snapshot,
    job_hash: last.job_hash,
    effective_digest: last.effective_digest,
    remediation: rewrite?.remediation ?? null,
    links: linksOf(admitted.job_id, admitted.state),
    waiting_for: willWaitFor(admitted.state, last),
  };
}

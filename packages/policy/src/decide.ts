/**
 * Decides one request and writes the decision down: what was judged, under which policy and epoch, and the digest of
 * what will really run. Pure: clock, ids and epoch are handed in, and the same question gets the same answer.
 */
import type { DecideItem, Decision, EffectiveJob, Judged } from '@countersign/contracts/decision';
import type { Failure } from '@countersign/contracts/errors';
import type { Actor } from '@countersign/contracts/job';
import { canonicalize } from '@countersign/ledger/canonical-json';
import { EFFECTIVE_DOMAIN, saltedDigest } from '@countersign/ledger/digest';
import { describeRemediation } from './apply-remediation.ts';
import type { CompiledPolicy } from './compiled-policy.ts';
import { type JudgeContext, judgeRequest, type Round } from './judge-request.ts';
import { mergePatch } from './merge-patch.ts';

/** `now` becomes `decided_at` too. */
export type DecideContext = JudgeContext & { epoch: number; decisionId: () => string };
export type DecideOutcome =
  | {
      ok: true;
      answer: Judged;
      /** What a simulation without payload did not check. */
      skipped: string[];
      /** False when a condition read `now`, or a rule what the run did. */
      cacheable: boolean;
    }
  | { ok: false; failure: Failure };

/** Errors are values: `facts_contradicted` and `schema_violated`, only for a request as it was first submitted. */
export function decide(policy: CompiledPolicy, item: DecideItem, context: DecideContext): DecideOutcome {
  const judged = judgeRequest(policy, item, context);
  if (!judged.ok) return judged;
  const { final, skipped, cacheable } = judged;
  const before = judged.rewritten.map((round) => toDecision(policy, item, context, round, null));
  return { ok: true, answer: finish(policy, item, context, final, before), skipped, cacheable };
}

/** What a request becomes under these constraints. */
export function effectiveOf(
  { request, standing }: { request: Round['request']; standing: Pick<Round['standing'], 'constraints'> },
  actor: Actor,
): EffectiveJob {
  const { set } = standing.constraints;
  const payload = set === undefined ? request.payload : mergePatch(request.payload ?? {}, set);
  return {
    tenant: request.tenant,
    job_id: request.job_id,
    actor: actor.id,
    topic: request.topic,
    capability: request.meta.capability ?? null,
    risk_tags: request.meta.risk_tags,
    requires: request.meta.requires,
    labels: request.labels,
    ...(request.prompt !== undefined && { prompt: request.prompt }),
    ...(payload !== undefined && { payload }),
    constraints: standing.constraints,
  };
}

function toDecision(
  policy: CompiledPolicy,
  item: DecideItem,
  context: DecideContext,
  round: Round,
  effective: string | null,
): Decision {
  const { standing, offer } = round;
  return {
    decision_id: context.decisionId(),
    gate: item.gate,
    decision: standing.decision,
    rule_id: standing.rule_id,
    reason: standing.reason,
    matched_rules: round.matched,
    policy_version: policy.version,
    policy_snapshot: policy.snapshot,
    policy_epoch: context.epoch,
    job_hash: item.job_hash,
    effective_digest: effective,
    constraints: standing.constraints,
    obligations: standing.obligations,
    remediation: offer === null ? null : describeRemediation(offer, standing.decision === 'remediate'),
    findings: [...round.findings],
    asserted: round.asserted,
    cached: false,
    fail_mode: null,
    decided_at: context.now,
    ...(round.run && { run: round.run.seen }),
  };
}

function finish(
  policy: CompiledPolicy,
  item: DecideItem,
  context: DecideContext,
  round: Round,
  before: Decision[],
): Judged {
  if (round.standing.decision === 'deny') {
    return { decisions: [...before, toDecision(policy, item, context, round, null)], rewritten: null, effective: null };
  }
  const effective = effectiveOf(round, item.actor);
  const digest = saltedDigest(EFFECTIVE_DOMAIN, Buffer.from(item.salt, 'base64url'), canonicalize(effective));
  return {
    decisions: [...before, toDecision(policy, item, context, round, digest)],
    rewritten: round.request,
    effective,
  };
}

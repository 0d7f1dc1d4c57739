/** One decision of the policy, the same names in replies, ledger entries, columns and HTTP. */
import { z } from 'zod';
import { askedApproval } from './asked-approval.ts';
import { type LimitAsked, limitAsked, limitHit, limitOfOld } from './counted-limits.ts';
import { actor, namedRequest, payloadObject } from './job.ts';
import { LIMITS } from './limits.ts';
import {
  capabilityName,
  digest,
  instant,
  jobId,
  labelKey,
  labelValue,
  tenantName,
  token,
  topicName,
  uuid,
} from './names.ts';
import { runBounds } from './run-bounds.ts';
import { runSeen } from './run-facts.ts';

export const DECISIONS = ['allow', 'deny', 'require_approval', 'allow_with_constraints', 'remediate'] as const;
export type DecisionName = (typeof DECISIONS)[number];
export const GATES = ['submit', 'dispatch'] as const;
export type Gate = (typeof GATES)[number];

/** From harmless alone to never acceptable. */
export const SEVERITIES = ['low', 'medium', 'high', 'critical'] as const;

/**
 * Type, place, count, and what speaks for it; never the matched text. `confidence` and `why` are absent in entries
 * written before there were any.
 */
export const finding = z.strictObject({
  scanner: z.string(),
  type: z.string(),
  place: z.string(),
  count: z.int(),
  severity: z.enum(SEVERITIES),
  confidence: z.enum(['possible', 'likely', 'certain']).optional(),
  /** Names of what confirmed it, such as `checksum`, or the signals that were counted. */
  why: z.string().max(LIMITS.reason_chars).optional(),
});
export type Finding = z.infer<typeof finding>;

/** Enforced or the job does not run. `set` is merged into the payload (RFC 7396). */
export const constraints = runBounds.extend({ set: payloadObject.optional() });
export type Constraints = z.infer<typeof constraints>;

/**
 * What must hold around the run besides the constraints. `evidence` stands in decisions of old alone: nothing enforced it, so
 * the compiler refuses it now; so does `review: none`.
 */
export const obligations = z.strictObject({
  approval: askedApproval.optional(),
  limits: z.array(z.union([limitAsked, limitOfOld])).optional(),
  evidence: z.enum(['standard', 'enhanced']).optional(),
  review: z.enum(['none', 'required']).optional(),
  rollback: z.enum(['none', 'required']).optional(),
});
export type Obligations = z.infer<typeof obligations>;

/** What a rewrite of a request says, in a policy and in a decision alike. */
export const rewriteFields = {
  topic: topicName.optional(),
  capability: capabilityName.optional(),
  labels: z
    .strictObject({ set: z.record(labelKey, labelValue).optional(), remove: z.array(labelKey).optional() })
    .optional(),
  /** RFC 7396 merge patch of the payload, as the policy's author wrote it. */
  payload: payloadObject.optional(),
};

/** A rewrite of a request: applied at the submit gate, or on offer with a denial and at the dispatch gate. */
export const remediation = z.strictObject({
  id: z.string(),
  applied: z.boolean(),
  ...rewriteFields,
  /** Only of what an approver proposes: at least as tight as these. */
  constraints: runBounds.optional(),
});
export type Remediation = z.infer<typeof remediation>;

export const FAIL_MODES = ['closed', 'open'] as const;

export const decision = z.strictObject({
  decision_id: uuid,
  gate: z.enum(GATES),
  decision: z.enum(DECISIONS),
  /** Null when no rule matched (`default_decision`) or a bound outside the rules decided. */
  rule_id: z.string().nullable(),
  reason: z.string(),
  /** Every rule that matched, in file order, the deciding one included. */
  matched_rules: z.array(z.string()),
  policy_version: z.int(),
  policy_snapshot: z.string(),
  policy_epoch: z.int(),
  job_hash: digest,
  /** Null for a denial: nothing will run. */
  effective_digest: digest.nullable(),
  constraints,
  obligations,
  remediation: remediation.nullable(),
  findings: z.array(finding),
  /** Facts taken on the submitter's word, because the policy does not list the topic. */
  asserted: z.array(z.string()),
  cached: z.boolean(),
  /** Set when the kernel was out of reach and an explicit `fail_mode: open` let the job through. */
  fail_mode: z.enum(FAIL_MODES).nullable(),
  decided_at: instant,
  /** Set when it depends on the time of day, on what its run did, or on a model's word: never used again, however long it is cached otherwise. */
  reads_now: z.literal(true).optional(),
  /** What its run had done by then, where a rule looked at it. */
  run: runSeen.optional(),
  /** Set when a model was asked about the content; `failed_open`: it gave no answer, and the rest decided without it. */
  model: z.enum(['answered', 'failed_closed', 'failed_open']).optional(),
  /** Set when the policy only observes: what it would have decided. Stops and ceilings hold all the same. */
  observed: z
    .strictObject({ decision: z.enum(DECISIONS), rule_id: z.string().nullable(), reason: z.string() })
    .optional(),
  /** Set when limits had no room for the job, and made this decision. */
  limited: z.array(limitHit).min(1).optional(),
});
/** As a job keeps them, in the order made. */
export const decisionList = z.array(decision);
export type Decision = z.infer<typeof decision>;

/** The job as it will run, after remediation and the constraints' patch; `effective_digest` covers all of it. */
export const effectiveJob = z.strictObject({
  tenant: tenantName,
  job_id: jobId,
  actor: z.string(),
  topic: topicName,
  capability: capabilityName.nullable(),
  risk_tags: z.array(token),
  requires: z.array(capabilityName),
  labels: z.record(labelKey, labelValue),
  prompt: z.string().optional(),
  payload: payloadObject.optional(),
  constraints,
});
export type EffectiveJob = z.infer<typeof effectiveJob>;

/** One question to the kernel. `min_epoch`: an answer made under an older epoch is worth nothing to the caller. */
export const decideItem = z.strictObject({
  gate: z.enum(GATES),
  request: namedRequest,
  actor,
  job_hash: digest,
  /** Base64url salt of this job's digests. */
  salt: z.string().min(16).max(64),
  min_epoch: z.int().min(0),
  /** Limits that had no room for it when it was admitted, and that ask for an approval then. */
  exceeded: z.array(z.string()).optional(),
});
export type DecideItem = z.infer<typeof decideItem>;

/** `decisions` in the order made: each rewrite is one `remediate`, the last one is what stands. */
export const judged = z.strictObject({
  decisions: z.array(decision).min(1),
  /** The request as the rules last saw it: facts filled in, rewrites applied; null when denied. */
  rewritten: namedRequest.nullable(),
  effective: effectiveJob.nullable(),
});
export type Judged = z.infer<typeof judged>;

/** `judged`, and whether the dispatch gate may take the kernel's word for it instead of asking again. */
export const decideAnswer = judged.extend({
  /**
   * Until then, and under the same epoch, the dispatch gate would be answered the same; the kernel's seal proves that it
   * said so (`ledger/src/decision-seal.ts`). Null when it denies, depends on the clock or only observes: ask again.
   */
  reusable: z
    .strictObject({ until: instant, seal: z.string().regex(/^[A-Za-z0-9_-]{43}$/) })
    .nullable()
    .default(null),
});
export type DecideAnswer = z.infer<typeof decideAnswer>;

/** The decision that stands. */
export function isAllowed({ decision }: Pick<Decision, 'decision'>): boolean {
  return decision === 'allow' || decision === 'allow_with_constraints';
}

/** Whether it may be acted on once more while the kernel is out of reach: it allows, and hangs on nothing but what was asked. */
export function mayStand(decision: Decision): boolean {
  return isAllowed(decision) && decision.reads_now !== true && decision.observed === undefined;
}

export function finalDecision(answer: Pick<Judged, 'decisions'>): Decision {
  return answer.decisions[answer.decisions.length - 1]!;
}

/** Nothing for a denial. */
export function limitsOf({ obligations: { limits } }: Pick<Decision, 'obligations'>): LimitAsked[] {
  return limits?.filter((limit): limit is LimitAsked => 'id' in limit) ?? [];
}

/** What has to be counted before it may be admitted. */
export function admissionLimits(decision: Pick<Decision, 'obligations'>): LimitAsked[] {
  return limitsOf(decision).filter(({ counts }) => counts !== 'running');
}

/** What bounds how many run at once: counted whenever it is dispatched. */
export function runningLimits(decision: Pick<Decision, 'obligations'>): LimitAsked[] {
  return limitsOf(decision).filter(({ counts }) => counts === 'running');
}

/** What people ask the policy kernel before anything is enforced, and what it answers. */
import { z } from 'zod';
import { limitUsed } from './counted-limits.ts';
import { decision, effectiveJob } from './decision.ts';
import { failure } from './errors.ts';
import { derivation, poolsSeen } from './explanation.ts';
import { actor, namedRequest } from './job.ts';
import { LIMITS } from './limits.ts';
import { instant, tenantName, token } from './names.ts';
import { askedPolicy, policyCandidate } from './policy-rollout.ts';

/** `simulate` and `explain` store nothing. A request may name no payload; then its schema is skipped, and `skipped` says so. */
export const simulateRequest = z.strictObject({
  tenant: tenantName,
  items: z
    .array(z.strictObject({ request: namedRequest, actor }))
    .min(1)
    .max(LIMITS.simulate_requests),
  candidate: policyCandidate.nullable(),
});
export const simulated = z.object({
  decisions: z.array(decision).min(1),
  effective: effectiveJob.nullable(),
  /** Null where nothing would run, and without pools. */
  pools: poolsSeen.nullable().default(null),
  /** Of the limits that it would be counted by, as they stood in that moment. */
  counts: z.array(limitUsed).default([]),
  skipped: z.array(z.string()),
});
export const explainStep = z.object({
  step: z.string(),
  outcome: z.string(),
  rule_id: z.string().nullable(),
  detail: z.string(),
});
export const explained = simulated.extend({
  steps: z.array(explainStep),
  /** Left out where nothing was derived. */
  derivation: derivation.optional(),
  text: z.string(),
});

export const activePolicy = z.object({
  scope: z.string(),
  version: z.int(),
  snapshot: z.string(),
  epoch: z.int(),
  activated_at: instant,
  not_after: instant.nullable(),
  /** Until then the policy lets everything through that stops and ceilings do not hold; null when it enforces. */
  observe_until: instant.nullable(),
  default_decision: z.string(),
  rules: z.array(z.object({ id: z.string(), decision: z.string(), reason: z.string() })),
  topics: z.array(z.string()),
  pools: z.array(z.object({ id: token, capabilities: z.array(z.string()), concurrency: z.int() })),
});

export function answersOf<T extends z.ZodType>(value: T) {
  return z.object({
    policy: askedPolicy,
    /** In order, one for each; an error is what the submitter would be told, or that the answers grew too long. */
    answers: z.array(
      z.union([z.object({ ok: z.literal(true), value }), z.object({ ok: z.literal(false), error: failure })]),
    ),
  });
}

/**
 * What a policy's author expects of it (`tests/*.yaml`): cases with a request as in `POST /jobs`, and incidents, which are
 * jobs that the ledger remembers, without the content that it never held.
 */
import { z } from 'zod';
import { DECISIONS, GATES } from './decision.ts';
import { payloadObject } from './job.ts';
import { LIMITS } from './limits.ts';
import { digest, instant, jobId, principalId, tenantName, token } from './names.ts';
import { policyConstraints } from './policy.ts';
import { review, rollback, stage } from './policy-approval.ts';
import { ranBefore } from './run-facts.ts';

/** Only what is stated is compared. `rule_id: null`: no rule decided, but the default or a bound outside the rules. */
export const policyExpectation = z.strictObject({
  decision: z.enum(DECISIONS).optional(),
  /** Instead of a decision: the request is not as the topic demands. */
  refused: z.enum(['facts_contradicted', 'schema_violated']).optional(),
  rule_id: z.string().nullable().optional(),
  /** The last rewrite that was applied. */
  remediated_by: z.string().optional(),
  constraints: policyConstraints.optional(),
  stages: z.array(stage).optional(),
  rollback: rollback.optional(),
  review: review.optional(),
  /** Where it would run; null where no pool takes it. */
  pool: token.nullable().optional(),
  /** Each must be among those found; what was found besides is not compared. */
  findings: z
    .array(z.strictObject({ scanner: z.string(), type: z.string().optional(), place: z.string().optional() }))
    .max(LIMITS.policy_list)
    .optional(),
  asserted: z.array(z.string()).max(LIMITS.policy_list).optional(),
});
export type PolicyExpectation = z.infer<typeof policyExpectation>;

const testActor = z.strictObject({
  id: principalId.default('test-agent'),
  type: z.enum(['agent', 'human']).default('agent'),
  owner: principalId.nullable().default(null),
});
const caseName = z.string().min(1).max(200);
const asked = {
  tenant: tenantName.default('default'),
  actor: testActor.optional(),
  gate: z.enum(GATES).default('submit'),
};

const eitherOr = 'must state a decision, or what the request is refused for';

export const policyCase = z.strictObject({
  name: caseName,
  ...asked,
  /** What `now` is in conditions. */
  now: instant.optional(),
  /** What its run did before: jobs that were dispatched. `released`: the job whose output was. Left out: nothing. */
  history: z
    .array(ranBefore.partial({ capability: true, jobs: true, released: true }))
    .max(LIMITS.policy_list)
    .optional(),
  /** As in `POST /jobs`. */
  request: payloadObject,
  expect: policyExpectation.refine(saysSomething, eitherOr),
});
export type PolicyCase = z.infer<typeof policyCase>;

/** A job out of the ledger. Without `expect`, the policy must decide as it was decided then. */
export const policyIncident = z.strictObject({
  name: caseName,
  ...asked,
  job_id: jobId,
  job_hash: digest.optional(),
  /** Topic, labels and meta; prompt and payload only where somebody put them back. */
  request: payloadObject,
  /** What the ledger does not hold. The schema and labels derived from the payload are then left out. */
  absent: z.array(z.enum(['prompt', 'payload'])).default([]),
  decided: z.strictObject({
    decision: z.enum(DECISIONS),
    rule_id: z.string().nullable(),
    policy_version: z.int(),
    policy_snapshot: z.string(),
    decided_at: instant,
  }),
  expect: policyExpectation.refine(saysSomething, eitherOr).optional(),
});
export type PolicyIncident = z.infer<typeof policyIncident>;

const cases = z.array(policyCase).max(LIMITS.policy_list).default([]);
const incidents = z.array(policyIncident).max(LIMITS.policy_list).default([]);
export const policyTests = z
  .strictObject({ cases, incidents })
  .refine(({ cases, incidents }) => cases.length + incidents.length > 0, 'must hold a case or an incident');
export type PolicyTests = z.infer<typeof policyTests>;

function saysSomething(expected: PolicyExpectation): boolean {
  return (expected.decision === undefined) !== (expected.refused === undefined);
}

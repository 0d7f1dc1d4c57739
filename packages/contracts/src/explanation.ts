/**
 * A decision with its whole derivation: what the server took for fact, what was found and where, each rule with the first
 * condition that failed, and what came of it. It never holds a payload or the text of a finding.
 */
import { z } from 'zod';
import { approvalStage } from './asked-approval.ts';
import { constraints, DECISIONS, finding, GATES, obligations, remediation } from './decision.ts';

/** `failed`: the first field of the match that did not hold, or `when`; `wanted`: what it asks for, in the policy's words. */
export const ruleSeen = z.object({
  id: z.string(),
  decision: z.string().nullable(),
  outcome: z.enum(['matched', 'not_matched', 'undecidable']),
  failed: z.string().nullable(),
  wanted: z.unknown().optional(),
});
export type RuleSeen = z.infer<typeof ruleSeen>;

export const factsSeen = z.object({
  /** The entry under `topics` that covers the topic; null where none does. */
  listed_as: z.string().nullable(),
  topic: z.string(),
  capability: z.string().nullable(),
  risk_tags: z.array(z.string()),
  requires: z.array(z.string()),
  labels: z.record(z.string(), z.string()),
  /** Facts that stand on the submitter's word alone. */
  asserted: z.array(z.string()),
});
export type FactsSeen = z.infer<typeof factsSeen>;

/** One look at the request; after a rewrite there is another. */
export const roundSeen = z.object({
  facts: factsSeen.nullable(),
  /** Why nothing was asked of the rules: outside the ceiling, or facts that contradict each other. */
  refused: z.string().nullable(),
  input_rules: z.array(ruleSeen),
  rules: z.array(ruleSeen),
  tiers: z.array(ruleSeen),
  /** The changes made by tiers and input rules, if any. */
  raised_to: z.string().nullable(),
  rewrite: z.string().nullable(),
});
export type RoundSeen = z.infer<typeof roundSeen>;

export const POOL_CONDITIONS = ['capability', 'requires', 'tenants', 'environments', 'enforces'] as const;
/** Where it would run: the pool, or for each pool the first condition that fails, in words of the policy. */
export const poolsSeen = z.object({
  pool: z.string().nullable(),
  failed: z.array(z.object({ id: z.string(), condition: z.enum(POOL_CONDITIONS), says: z.string() })),
});
export type PoolsSeen = z.infer<typeof poolsSeen>;

export const derivation = z.object({
  asked: z.object({
    gate: z.enum(GATES),
    tenant: z.string(),
    topic: z.string(),
    actor: z.string(),
    actor_type: z.string(),
  }),
  policy: z.object({ version: z.int(), snapshot: z.string(), epoch: z.int() }),
  cached: z.boolean(),
  /** Countries whose national telephone numbers its content was scanned for. */
  countries: z.array(z.string()).default([]),
  /** How many rules of the operator's own it was scanned with. */
  own_rules: z.int().default(0),
  rounds: z.array(roundSeen),
  /** Null where the request was refused before a decision. */
  result: z
    .object({
      decision: z.enum(DECISIONS),
      rule_id: z.string().nullable(),
      reason: z.string(),
      findings: z.array(finding),
      constraints,
      obligations,
      stages: z.array(approvalStage),
      remediation: remediation.nullable(),
    })
    .nullable(),
  /** Null where nothing would run, and without pools. */
  pools: poolsSeen.nullable().default(null),
  skipped: z.array(z.string()),
});
export type Derivation = z.infer<typeof derivation>;

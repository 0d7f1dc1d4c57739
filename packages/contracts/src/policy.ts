/**
 * A policy as its author writes it (`policy.yaml`, `pools.yaml`, `tests/*.yaml`) and as it travels: one signed bundle
 * document. Durations come in as `5m` and come out in milliseconds; every unknown field is refused.
 */
import { z } from 'zod';
import { limitSource } from './counted-limits.ts';
import { DECISIONS, rewriteFields, SEVERITIES } from './decision.ts';
import { duration } from './duration.ts';
import { payloadObject } from './job.ts';
import { LIMITS } from './limits.ts';
import { capabilityName, instant, labelKey, labelValue, principalId, tenantName, token } from './names.ts';
import { OUTPUT_DECISIONS } from './output.ts';
import { approvalTerms, review, rollback, stage } from './policy-approval.ts';
import { capabilityPattern, topicPattern } from './policy-patterns.ts';
import { nonEmpty } from './policy-pools.ts';
import { runMatch, runsSource } from './run-facts.ts';
import { type OwnRules, ownRules } from './scanner-rules.ts';

const reason = z.string().min(1).max(LIMITS.reason_chars);
const actorType = z.enum(['agent', 'human']);
const oneOrMore = z.union([labelValue, nonEmpty(labelValue)]);

/** Which findings count: all that are given must fit one finding. `scanners` alone means every type that they know. */
const findingFields = {
  scanners: nonEmpty(token).optional(),
  types: nonEmpty(token).optional(),
  min_severity: z.enum(SEVERITIES).optional(),
};

const matchFields = {
  tenants: nonEmpty(tenantName).optional(),
  topics: nonEmpty(topicPattern).optional(),
  capabilities: nonEmpty(capabilityPattern).optional(),
  /** All keys must hold; a list of values is any-of. */
  labels: z.record(labelKey, oneOrMore).optional(),
  risk_tags: nonEmpty(token).optional(),
  /** The job must require all of these. */
  requires: nonEmpty(capabilityName).optional(),
  actors: nonEmpty(principalId).optional(),
  actor_types: nonEmpty(actorType).optional(),
  /** Anybody in the chain on whose behalf it is asked for. */
  on_behalf_of: nonEmpty(principalId).optional(),
  /** Whole words, case folded, in the prompt and in the payload's keys and strings. */
  keywords: nonEmpty(z.string().min(1).max(128)).optional(),
  /** What its run did before. */
  run: runMatch.optional(),
  ...findingFields,
};
export const match = z.strictObject({ ...matchFields, not: z.strictObject(matchFields).optional() });
export type Match = z.infer<typeof match>;

export const policyConstraints = z.strictObject({
  timeout: duration.optional(),
  max_attempts: z.int().min(1).max(100).optional(),
  max_output_bytes: z.int().min(1).max(LIMITS.output_bytes).optional(),
  /** The worker must say how many things it touched, and no more than these. */
  max_affected: z.int().min(0).max(LIMITS.limit_count).optional(),
  worker: z.array(token).max(32).optional(),
  set: payloadObject.optional(),
});
export type PolicyConstraints = z.infer<typeof policyConstraints>;
/** Constraints that may be added to a rule's: only tightening ones, so no `set`. */
const tighterConstraints = policyConstraints.omit({ set: true });

export const remediationSource = z.strictObject({
  id: token,
  ...rewriteFields,
});

const limits = z.array(limitSource).min(1).max(LIMITS.rule_limits);

export const rule = z.strictObject({
  id: token,
  match,
  when: z.string().min(1).max(LIMITS.when_chars).optional(),
  decision: z.enum(DECISIONS),
  reason: reason.optional(),
  remediation: remediationSource.optional(),
  approval: approvalTerms.optional(),
  constraints: policyConstraints.optional(),
  limits: limits.optional(),
  rollback: rollback.optional(),
  review: review.optional(),
});
export type RuleSource = z.infer<typeof rule>;

/** Input rules can only restrict, so `allow` is not among their decisions. */
export const inputRule = z.strictObject({
  id: token,
  match,
  decision: z.enum(['deny', 'require_approval', 'allow_with_constraints']),
  reason: reason.optional(),
  approval: approvalTerms.optional(),
  constraints: tighterConstraints.optional(),
  review: review.optional(),
});
export type InputRuleSource = z.infer<typeof inputRule>;

/** A floor: whatever the rules say, at least this. */
export const tier = z.strictObject({
  id: token,
  match,
  floor: z.strictObject({
    decision: z.enum(['allow_with_constraints', 'require_approval', 'deny']).optional(),
    stages: z.array(stage).min(1).max(8).optional(),
    expires_in: duration.optional(),
    constraints: tighterConstraints.optional(),
    max_attempts: z.int().min(1).max(100).optional(),
    limits: limits.optional(),
    rollback: rollback.optional(),
    review: review.optional(),
  }),
});
export type TierSource = z.infer<typeof tier>;

/** The server's own facts about a topic, so that no submitter has to be believed. */
export const topicFacts = z.strictObject({
  capability: capabilityName.optional(),
  risk_tags: z.array(token).max(LIMITS.risk_tags).optional(),
  required_labels: nonEmpty(labelKey).optional(),
  /** Label → JSON pointer into the payload: the label is what stands there. */
  derive_labels: z.record(labelKey, z.string().regex(/^(\/([^~/]|~[01])*)+$/, 'must be a JSON pointer')).optional(),
  /** Left out: idempotent. What runs at most once is never tried again, whatever a rule says of attempts. */
  runs: z.enum(['idempotent', 'at_most_once']).optional(),
  /** Classes of data that its outputs carry, for the runs that they are released into. */
  data: nonEmpty(token).optional(),
  /** Its outputs are written by strangers. */
  untrusted: z.literal(true).optional(),
  schema: z
    .string()
    .regex(
      /^(\.\/)?schemas\/[a-z0-9_-]+(\.[a-z0-9_-]+)*\.json$/,
      'must name a file of the bundle, e.g. ./schemas/deploy.json',
    )
    .optional(),
});
export type TopicFacts = z.infer<typeof topicFacts>;

export const outputRule = z.strictObject({
  id: token,
  match: z.strictObject({
    ...findingFields,
    tenants: nonEmpty(tenantName).optional(),
    topics: nonEmpty(topicPattern).optional(),
    capabilities: nonEmpty(capabilityPattern).optional(),
  }),
  decision: z.enum(OUTPUT_DECISIONS),
  reason: reason.optional(),
});
export const outputPolicy = z.strictObject({
  enabled: z.boolean().default(true),
  fail_mode: z.enum(['closed', 'open']).default('closed'),
  /** Left out: secrets are quarantined and personal data is redacted. */
  rules: z.array(outputRule).max(LIMITS.policy_list).optional(),
  /** How many people it takes to release what is quarantined; left out, one. */
  reviewers: z.int().min(1).max(2).optional(),
  binary: z.enum(['allow', 'quarantine']).optional(),
});
export type OutputPolicySource = z.infer<typeof outputPolicy>;

const country = z.string().regex(/^[A-Z]{2}$/, 'must be a country such as DE (ISO 3166-1 alpha-2)');
const countries = z.array(country).min(1).max(LIMITS.scan_countries);
/** What content is scanned with, at the door and at release, beyond what the scanners always look for. */
export const scanning = z.strictObject({
  /** Their national telephone numbers count without a word beside them. */
  countries,
});

export const policySource = z.strictObject({
  version: z.int().min(1).optional(),
  /** Left out: what is decided is enforced. While it observes, only stops and ceilings hold; at `until` that ends by itself. */
  mode: z.strictObject({ observe: z.strictObject({ until: instant }) }).optional(),
  default_decision: z.enum(['allow', 'deny', 'require_approval']).default('deny'),
  topics: z
    .record(topicPattern, topicFacts)
    .refine((map) => Object.keys(map).length <= LIMITS.policy_list, `at most ${LIMITS.policy_list} topics`)
    .default({}),
  /** Left out: the one group `approvers`. `owner` is not a group but the owner of the job's capability. */
  groups: nonEmpty(token).optional(),
  /** Which jobs are one run; without it nothing may ask what a run did. */
  run: runsSource.optional(),
  owners: z.record(capabilityName, token).default({}),
  /** Left out: after an activation everybody is asked again. */
  approvals: z.strictObject({ survive: z.literal('same_terms') }).optional(),
  tiers: z.array(tier).max(LIMITS.policy_list).default([]),
  rules: z.array(rule).max(LIMITS.policy_rules).default([]),
  input_rules: z.array(inputRule).max(LIMITS.policy_list).default([]),
  output_policy: outputPolicy.default({ enabled: true, fail_mode: 'closed' }),
  scanning: scanning.optional(),
  /** What tenants' own rules may decide; left out, they can only restrict. */
  delegated: z.strictObject({ topics: nonEmpty(topicPattern), capabilities: nonEmpty(capabilityPattern) }).optional(),
});
export type PolicySource = z.infer<typeof policySource>;

/**
 * `tenants/<tenant>.yaml`: what a tenant adds for itself. Everything global is decided first and holds; a rule that is
 * not a denial decides only what is delegated and what no global rule has decided.
 */
export const tenantSource = z.strictObject({
  tiers: z.array(tier).max(LIMITS.policy_list).default([]),
  rules: z.array(rule).max(LIMITS.policy_list).default([]),
  input_rules: z.array(inputRule).max(LIMITS.policy_list).default([]),
  /** Added to the global part's. */
  scanning: scanning.optional(),
});
export type TenantSource = z.infer<typeof tenantSource>;

const settledCountries = z.array(country).max(2 * LIMITS.scan_countries);
/** What a tenant's content is scanned with, the global part's included. */
export type ScanSettings = { readonly countries: readonly string[]; readonly own?: OwnRules | undefined };
/** `tenants`: those with settings of their own; the others have what stands beside it. Own rules are everybody's. */
export const scanSettingsByTenant = z.strictObject({
  countries: settledCountries,
  own: ownRules.optional(),
  tenants: z.array(z.strictObject({ tenant: tenantName, countries: settledCountries })),
});
export type ScanSettingsByTenant = z.infer<typeof scanSettingsByTenant>;
/** The part of a policy that output-safety uses. One stored before there were settings has none. */
export const outputPolicyActive = outputPolicy.extend({
  scanning: scanSettingsByTenant.default({ countries: [], tenants: [] }),
});
export type OutputPolicyActive = z.infer<typeof outputPolicyActive>;

export const BUNDLE_FORMAT = 'countersign/bundle/v1';
/** Tenants that a bundle may decide for; `*` stands alone, for all. */
export const bundleScope = z.strictObject({ tenants: nonEmpty(z.union([tenantName, z.literal('*')])) });
const bundlePath = z
  .string()
  .regex(
    /^(policy\.yaml|pools\.yaml|scanners\.yaml|[a-z0-9_-]+(\.[a-z0-9_-]+)*\.toml|schemas\/[a-z0-9_-]+(\.[a-z0-9_-]+)*\.json|tests\/[a-z0-9_-]+(\.[a-z0-9_-]+)*\.yaml|tenants\/[a-z0-9_-]{1,64}\.yaml)$/,
  );

/** What is signed: the canonical text of this covers every byte of the bundle. */
export const bundleManifest = z.strictObject({
  format: z.literal(BUNDLE_FORMAT),
  version: z.int().min(1),
  scope: bundleScope,
  not_before: instant,
  not_after: instant,
  files: z
    .array(z.strictObject({ path: bundlePath, sha256: z.string().regex(/^[0-9a-f]{64}$/) }))
    .min(1)
    .max(LIMITS.bundle_files),
});
export type BundleManifest = z.infer<typeof bundleManifest>;

export const bundleDocument = z.strictObject({
  manifest: bundleManifest,
  files: z.record(bundlePath, z.string()),
  /** Ed25519 over the manifest's canonical text, base64url. */
  signatures: z.array(z.strictObject({ key_id: token, signature: z.string().regex(/^[A-Za-z0-9_-]{86}$/) })).max(16),
});
export type BundleDocument = z.infer<typeof bundleDocument>;

/** Who may sign, and how many must. Two ids for one key would count one person twice: refused. */
export const trustRoot = z
  .strictObject({
    threshold: z.int().min(1).max(16),
    keys: z
      .array(
        z.strictObject({
          key_id: token,
          /** 32 bytes, base64url. */
          public_key: z.string().regex(/^[A-Za-z0-9_-]{43}$/),
          not_before: instant,
          not_after: instant,
          /** Left out: it may sign for everybody. */
          tenants: nonEmpty(tenantName).optional(),
        }),
      )
      .min(1)
      .max(16),
  })
  .refine((root) => root.threshold <= root.keys.length, 'the threshold asks for more keys than there are')
  .refine((root) => new Set(root.keys.map((key) => key.key_id)).size === root.keys.length, 'a key id stands twice')
  .refine((root) => new Set(root.keys.map((key) => key.public_key)).size === root.keys.length, 'a key stands twice');
export type TrustRoot = z.infer<typeof trustRoot>;

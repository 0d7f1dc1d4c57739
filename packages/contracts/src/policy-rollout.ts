/**
 * How a policy gets from a file to force without surprises: tried as a candidate, replayed over history, published,
 * activated, shadowing. The same shapes over HTTP and on the bus.
 */
import { z } from 'zod';
import { decision } from './decision.ts';
import { LIMITS } from './limits.ts';
import { digitsOf, instant, jobId, principalId, tenantName, topicName } from './names.ts';
import { bundleDocument } from './policy.ts';

const version = z.int().min(1);
const scopeName = z.union([tenantName, z.literal('*')]);

/** A policy to ask instead of the active one; it is never activated by that. Left out: the active one. */
export const policyCandidate = z.union([
  /** Published here, active or not. */
  z.strictObject({ version }),
  /** A signed document, held to everything that publishing demands but a newer version. */
  z.strictObject({ bundle: bundleDocument }),
  /** A bundle's files as they are on their author's disk, signed by nobody. */
  z.strictObject({ files: bundleDocument.shape.files }),
]);
export type PolicyCandidate = z.infer<typeof policyCandidate>;

/** Which policy an answer speaks of. `epoch` is null for what is not active, `version` for files that nobody built. */
export const askedPolicy = z.object({
  scope: z.string(),
  version: z.int().nullable(),
  snapshot: z.string(),
  epoch: z.int().nullable(),
});
export type AskedPolicy = z.infer<typeof askedPolicy>;

export const BUNDLE_STATES = ['published', 'active', 'retired'] as const;

/** A bundle that verified. `active`: in each scope that it was activated for; `retired`: it was, and is no more. */
export const bundleView = z.object({
  version: z.int(),
  snapshot: z.string(),
  tenants: z.array(z.string()),
  state: z.enum(BUNDLE_STATES),
  not_before: instant,
  not_after: instant,
  /** Whose signatures counted when it was published. */
  key_ids: z.array(z.string()),
  /** Null for what was published at the kernel's own door. */
  published_by: principalId.nullable(),
  published_at: instant,
});
export type BundleView = z.infer<typeof bundleView>;

/** A group that has fewer people in a tenant than the policy asks for: nobody could agree there. */
export const groupInWant = z.object({
  code: z.literal('quorum_unreachable'),
  tenant: tenantName,
  group: z.string(),
  asked: z.int(),
  people: z.int(),
});
export type GroupInWant = z.infer<typeof groupInWant>;
export const publishedBundle = bundleView.extend({ warnings: z.array(groupInWant) });
export type PublishedBundle = z.infer<typeof publishedBundle>;
/** `strict`: refused when a group has too few people (`quorum_unreachable`). */
export const publishQuery = z.strictObject({ strict: z.literal('true').optional() });

export const bundlePage = z.object({ bundles: z.array(bundleView), next_cursor: z.string().nullable() });
export type BundlePage = z.infer<typeof bundlePage>;

/** `scope`: where this version is looked up, the caller's tenant when left out. A bundle goes live in all of its scopes or in none. */
export const activateRequest = z.strictObject({
  scope: scopeName.optional(),
  /** Refused when a group has fewer people than the policy asks for. */
  strict: z.boolean().optional(),
  /** Refused when the published bundle is another: what was reviewed is what goes live. */
  snapshot: z.string().max(80).optional(),
});
export type ActivateRequest = z.infer<typeof activateRequest>;

export const activated = z.object({
  version: z.int(),
  snapshot: z.string(),
  scopes: z.array(z.object({ scope: z.string(), epoch: z.int() })),
  /** False when it was active already. */
  changed: z.boolean(),
  /** Held jobs that are decided again; where a yes is still needed, people are asked anew. At most `asked_again` are counted. */
  asks_again: z.int(),
  warnings: z.array(groupInWant),
});
export type Activated = z.infer<typeof activated>;

/** Null ends it. A shadow never outlives its `until`. */
export const shadowRequest = z.strictObject({ scope: scopeName.optional(), until: instant.nullable() });
export type ShadowRequest = z.infer<typeof shadowRequest>;

/** A published bundle that decides beside the active one, affecting nothing. */
export const shadowView = z.object({
  scope: z.string(),
  version: z.int(),
  snapshot: z.string(),
  until: instant,
  set_by: principalId,
});
export type ShadowView = z.infer<typeof shadowView>;
export const shadowAnswer = z.object({ shadow: shadowView.nullable() });

/** What a candidate makes of a job that was decided before, the gravest first; a job counts under the first that fits. */
export const DIFFERENCES = [
  /** Was allowed or held, would be denied. */
  'newly_blocked',
  /** Was held or denied, would run at once. */
  'newly_allowed',
  /** Was allowed or denied, would wait for approval. */
  'newly_held',
  /** Same outcome, other constraints or obligations. */
  'changed_constraints',
  /** Same outcome and bounds, but something else would run: another rewrite, other facts. */
  'changed_job',
  /** Only the rule that decides is another. */
  'changed_rule',
] as const;
export type Difference = (typeof DIFFERENCES)[number];

export const replayRequest = z
  .strictObject({
    candidate: policyCandidate.optional(),
    /** Jobs created in `[from, to)`. */
    from: instant,
    to: instant,
    limit: z.int().min(1).max(LIMITS.replay_jobs).default(LIMITS.replay_jobs),
  })
  .refine(({ from, to }) => Date.parse(from) < Date.parse(to), { message: 'must be later than from', path: ['to'] });
export type ReplayRequest = z.input<typeof replayRequest>;

const standing = z.object({ decision: decision.shape.decision, rule_id: z.string().nullable() });

export const replayAnswer = z.object({
  policy: askedPolicy,
  from: instant,
  to: instant,
  /** Jobs in the window. */
  jobs: z.int(),
  /** Those decided again: `jobs` less `skipped` and less `beyond_limit`. */
  replayed: z.int(),
  /** By reason. A denied job keeps no content, and what retention erased is gone: both are counted, never guessed. */
  skipped: z.object({ denied: z.int(), erased: z.int() }),
  /** The oldest jobs come first; this many were left out by `limit`. */
  beyond_limit: z.int(),
  /** True when every job of the window was decided again. */
  complete: z.boolean(),
  same: z.int(),
  changes: z.record(z.enum(DIFFERENCES), z.int()),
  /** By kind, topic and the rules before and after; the largest first. */
  groups: z.array(
    z.object({
      kind: z.enum(DIFFERENCES),
      topic: topicName,
      before: standing,
      after: standing,
      jobs: z.int(),
      /** To open; the oldest. */
      examples: z.array(jobId),
    }),
  ),
  /** Groups beyond those listed. */
  more_groups: z.int(),
});
export type ReplayAnswer = z.infer<typeof replayAnswer>;

export const bundleParams = z.strictObject({ version: digitsOf(version) });

/** What an auditor asks of the ledger: entries by any of what they say, checkpoints, proofs. Hashes are 64 hex digits. */
import { z } from 'zod';
import { LIMITS } from './limits.ts';
import { digest, digitsOf, instant, jobId, principalId, TOKEN, topicPattern } from './names.ts';

const chain = z.string().min(1).max(LIMITS.reason_chars);
const kind = z.string().regex(TOKEN, 'must be a kind of entry');
const hash = z.string().regex(/^[0-9a-f]{64}$/, 'must be 64 hex digits');
const count = z.int().min(0);

/** All that is given must hold. `since` and `until` are inclusive; `from` is a leaf index. */
const filter = {
  topic: topicPattern.optional(),
  kind: kind.optional(),
  actor: principalId.optional(),
  job_id: jobId.optional(),
  chain: chain.optional(),
  since: instant.optional(),
  until: instant.optional(),
};
export const evidenceQuestion = z.strictObject({
  ...filter,
  from: count.default(0),
  limit: z.int().min(1).max(LIMITS.page_rows).default(LIMITS.page_rows),
  /** Every tenant's, and not only what concerns the own one. */
  all: z.boolean().default(false),
});
export type EvidenceQuestion = z.output<typeof evidenceQuestion>;

/** The same as a query of HTTP. `tenants=all` needs a permission of its own. */
export const evidenceQuery = z.strictObject({
  ...filter,
  from: digitsOf(count).optional(),
  limit: digitsOf(z.int().min(1).max(LIMITS.page_rows)).optional(),
  tenants: z.enum(['own', 'all']).optional(),
});
export type EvidenceQuery = z.input<typeof evidenceQuery>;

/** `note`: the signed checkpoint (C2SP tlog-checkpoint) with all signatures, those of witnesses included. */
export const checkpointView = z.object({ tree_size: count, root_hash: hash, note: z.string() });
export type CheckpointView = z.infer<typeof checkpointView>;

/** RFC 6962, section 2.1.1: `hashes` lead from the leaf to the root in `note`. The leaf's data is the entry's hash. */
export const inclusionView = z.object({
  leaf_index: count,
  tree_size: count,
  hashes: z.array(hash),
  note: z.string(),
});
export type InclusionView = z.infer<typeof inclusionView>;

/** RFC 6962, section 2.1.2: the tree of `to` leaves begins with the tree of `from` leaves. Both are sizes of checkpoints. */
export const consistencyView = z.object({ from: count, to: count, hashes: z.array(hash) });
export type ConsistencyView = z.infer<typeof consistencyView>;

/** A policy as it was published: the signed document, byte for byte. */
export const policyDocument = z.object({ snapshot: digest, scopes: z.array(z.string()), document: z.string() });
export type PolicyDocument = z.infer<typeof policyDocument>;

/** Leaves `from` up to and not including `to`. `note`: a signed statement of which of them concern the tenant. */
export const populationView = z.object({ tree_size: count, from: count, to: count, note: z.string() });
export type PopulationView = z.infer<typeof populationView>;
/** `tree_size`: of a signed checkpoint. `to`: where to end at the latest. */
export const populationQuery = z.strictObject({
  tree_size: digitsOf(count),
  from: digitsOf(count).optional(),
  to: digitsOf(count).optional(),
});

export const inclusionQuery = z.strictObject({ leaf_index: digitsOf(count), tree_size: digitsOf(count).optional() });
export const consistencyQuery = z.strictObject({ from: digitsOf(count), to: digitsOf(count) });
export const checkpointQuery = z.strictObject({ tree_size: digitsOf(count).optional() });

/** The review of rights: what was granted and not used for so many days, and that a person has looked at it. */
import { z } from 'zod';
import { LIMITS } from './limits.ts';
import { digest, digitsOf, instant, keyId, principalId, token } from './names.ts';

const days = z.int().min(1).max(LIMITS.key_days);
export const entitlementQuery = z.strictObject({ days: digitsOf(days).optional() });

const patterns = z.array(z.string());
export const unusedRights = z.object({
  agent: principalId,
  owner: principalId,
  /** Patterns of its ceiling that no accepted job needed. */
  topics: patterns,
  capabilities: patterns,
  environments: patterns,
});
export const entitlementReport = z.object({
  days,
  since: instant,
  /** False when uses have not been kept for so long: then nothing is in the report. */
  complete: z.boolean(),
  agents: z.array(unusedRights),
  /** Keys that are good, were made before that time and were not used since. */
  keys: z.array(z.object({ key_id: keyId, principal: principalId, last_used_at: instant.nullable() })),
  /**
   * Workers, who belong to no tenant, that are older than that time and claimed nothing since. Only for who may see workers;
   * empty, too, while their claims have not been kept for so long.
   */
  workers: z.array(z.object({ pool: token, worker: token, last_used_at: instant.nullable() })),
  /** Pools of which that is every worker. */
  pools: z.array(token),
  /** Of what was found unused, whenever it is asked: who signs off names it. */
  digest,
});
export type EntitlementReport = z.infer<typeof entitlementReport>;

export const signOff = z.strictObject({
  days,
  digest,
  comment: z.string().max(LIMITS.comment_chars).optional(),
});
export type SignOff = z.input<typeof signOff>;
export const signedOff = z.object({ digest, signed_by: principalId });
export type SignedOff = z.infer<typeof signedOff>;

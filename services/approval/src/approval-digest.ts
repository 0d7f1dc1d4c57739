/** The digest a vote must name, over every deciding field of an approval. Pure, so that a client can check it. */
import type { ApprovalView } from '@countersign/contracts/approval';
import { canonicalize } from '@countersign/ledger/canonical-json';
import { APPROVAL_DOMAIN, plainDigest } from '@countersign/ledger/digest';

/** The fields that stand in the digest, under the names of the view. */
type BoundTerms = Pick<
  ApprovalView,
  | 'approval_id'
  | 'tenant'
  | 'job_id'
  | 'topic'
  | 'job_hash'
  | 'effective_digest'
  | 'policy_version'
  | 'policy_snapshot'
  | 'policy_epoch'
  | 'stages'
  | 'max_attempts'
  | 'requester'
  | 'owner'
  | 'on_behalf_of'
  | 'expires_at'
  | 'escalate'
  | 'break_glass'
  | 'grant'
>;

/** `sha256:<hex>`. The job's content is covered by its two salted digests, so this one needs no salt of its own. */
export function approvalDigest(terms: BoundTerms): string {
  return plainDigest(
    APPROVAL_DOMAIN,
    canonicalize({
      approval_id: terms.approval_id,
      tenant: terms.tenant,
      job_id: terms.job_id,
      topic: terms.topic,
      job_hash: terms.job_hash,
      effective_digest: terms.effective_digest,
      policy_version: terms.policy_version,
      policy_snapshot: terms.policy_snapshot,
      policy_epoch: terms.policy_epoch,
      stages: terms.stages,
      max_attempts: terms.max_attempts,
      requester: terms.requester,
      owner: terms.owner,
      on_behalf_of: terms.on_behalf_of,
      expires_at: terms.expires_at,
      ...extraTerms(terms),
    }),
  );
}

/** Bound where there are any: an approval without them has the digest that it always had. */
export function extraTerms({ escalate, break_glass, grant }: Pick<BoundTerms, 'escalate' | 'break_glass' | 'grant'>) {
  return {
    ...(escalate === null ? {} : { escalate }),
    ...(break_glass === null ? {} : { break_glass }),
    ...(grant === null ? {} : { grant }),
  };
}

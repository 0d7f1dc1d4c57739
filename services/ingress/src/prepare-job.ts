/** Names and hashes one request: after this nothing about it may change. Decides nothing, stores nothing. */
import { createHash } from 'node:crypto';
import type { Link } from '@countersign/contracts/delegation';
import { CountersignError } from '@countersign/contracts/errors';
import type { JobRequest, NamedRequest, Origin } from '@countersign/contracts/job';
import { LIMITS } from '@countersign/contracts/limits';
import { canonicalize, type JsonValue } from '@countersign/ledger/canonical-json';
import { JOB_DOMAIN, plainDigest, saltedDigest } from '@countersign/ledger/digest';
import { randomSalt, uuidv7 } from '@countersign/platform/ids';
import type { Caller } from './caller.ts';
import { boundChain } from './prove-chain.ts';

const REQUEST_DOMAIN = 'countersign/request/v1';

export type Submission = {
  caller: Caller;
  /** The request as it was sent, for the digest that idempotency compares. */
  raw: JsonValue;
  /** The same through its schema, defaults filled in. */
  sent: JobRequest;
  /** Unique per tenant and caller; `key:<Idempotency-Key>` or `nonce:<nonce>`. */
  idempotency_key: string | null;
  traceparent: string;
  /** Of what follows another job. */
  origin?: Origin;
  /** On whose behalf, where this server itself vouches for it: who asked. */
  behind?: readonly Link[];
  /** Who stands in the chain besides, for none of them may countersign: the approver whose proposal it is. */
  beside?: readonly Link[];
};

type PreparedJob = {
  request: NamedRequest;
  job_hash: string;
  plain_digest: string;
  salt: string;
  /** Bytes of its canonical text. */
  bytes: number;
};

function refuseOtherTenant(tenant: string | undefined, caller: Caller): void {
  if (tenant !== undefined && tenant !== caller.tenant)
    throw new CountersignError('tenant_mismatch', undefined, { at: '/tenant' });
}

export function nameRequest(caller: Caller, sent: JobRequest, idempotency_key: string | null): NamedRequest {
  refuseOtherTenant(sent.tenant, caller);
  const made = (): string => (idempotency_key === null ? uuidv7() : stableJobId(caller, idempotency_key));
  const on_behalf_of = boundChain(caller, sent.on_behalf_of);
  const named = { ...sent, tenant: caller.tenant, job_id: sent.job_id ?? made() };
  return on_behalf_of === undefined ? named : { ...named, on_behalf_of };
}

export function prepareJob({ caller, raw, sent, idempotency_key, origin }: Submission): PreparedJob {
  const named = nameRequest(caller, sent, idempotency_key);
  const request = origin === undefined ? named : { ...named, origin };
  const salt = randomSalt();
  const text = canonicalize({ actor: caller.id, request });
  const bytes = Buffer.byteLength(text);
  if (bytes > LIMITS.canonical_bytes) {
    throw new CountersignError('json_too_large', `more than ${LIMITS.canonical_bytes} bytes in canonical form`);
  }
  return {
    request,
    job_hash: saltedDigest(JOB_DOMAIN, Buffer.from(salt, 'base64url'), text),
    plain_digest: plainDigest(REQUEST_DOMAIN, canonicalize({ actor: caller.id, request: raw })),
    salt,
    bytes,
  };
}

/** The same key of the same caller names the same job, also after the answer was lost. */
function stableJobId(caller: Caller, key: string): string {
  const text = canonicalize([caller.tenant, caller.id, key]);
  return `idem-${createHash('sha256').update(text).digest('base64url')}`;
}

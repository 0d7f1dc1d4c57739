/**
 * Dispatch messages as the scheduler would make them, signed by jose rather than by the code under test; a test bends
 * one thing of a good one.
 */
import { createHash, generateKeyPairSync, type KeyObject, randomBytes, randomUUID } from 'node:crypto';
import type { EffectiveJob } from '@countersign/contracts/decision';
import { canonicalize } from '@countersign/ledger/canonical-json';
import { EFFECTIVE_DOMAIN, PAYLOAD_DOMAIN, saltedDigest } from '@countersign/ledger/digest';
import { type CompactJWSHeaderParameters, CompactSign } from 'jose';

export type SigningKey = { privateKey: KeyObject; publicKey: KeyObject; public_key: string; pem: string };

export const JOB: EffectiveJob = {
  tenant: 'acme',
  job_id: 'job-1',
  actor: 'agent-one',
  topic: 'job.desk.lookup',
  capability: 'desk.read',
  risk_tags: [],
  requires: [],
  labels: { env: 'prod' },
  prompt: 'who is customer 7?',
  payload: { customer_id: 7 },
  constraints: {},
};

export type Made = { claims: Record<string, unknown>; salt: string; effective: EffectiveJob; dispatch_id: string };

export const HEADER = { alg: 'EdDSA', typ: 'countersign-warrant+jwt', kid: 'any' };

export function createSigningKey(): SigningKey {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const public_key = publicKey.export({ format: 'jwk' }).x as string;
  return { privateKey, publicKey, public_key, pem: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string };
}

/** What a scheduler would sign for this job at this moment. */
export function makeClaims(pool: string, effective: EffectiveJob = JOB): Made {
  const salt = randomBytes(16).toString('base64url');
  const digestOf = (domain: string, value: unknown) =>
    saltedDigest(domain, Buffer.from(salt, 'base64url'), canonicalize(value));
  const { prompt, payload } = effective;
  const content = { ...(prompt === undefined ? {} : { prompt }), ...(payload === undefined ? {} : { payload }) };
  const now = Math.floor(Date.now() / 1000);
  const dispatch_id = randomUUID();
  const claims = {
    iss: 'countersign-scheduler',
    aud: pool,
    sub: `${effective.tenant}/${effective.job_id}`,
    jti: dispatch_id,
    nbf: now - 60,
    exp: now + 3_600,
    attempt: 1,
    job_hash: `sha256:${createHash('sha256').update('any').digest('hex')}`,
    effective_digest: digestOf(EFFECTIVE_DOMAIN, effective),
    payload_digest: digestOf(PAYLOAD_DOMAIN, content),
    policy_snapshot: 'sha256:snapshot',
    decision_id: randomUUID(),
    approval_id: null,
  };
  return { claims, salt, effective, dispatch_id };
}

export function signClaims(
  claims: unknown,
  key: KeyObject | Uint8Array,
  header: Record<string, unknown> = HEADER,
): Promise<string> {
  return new CompactSign(new TextEncoder().encode(typeof claims === 'string' ? claims : JSON.stringify(claims)))
    .setProtectedHeader(header as CompactJWSHeaderParameters)
    .sign(key);
}

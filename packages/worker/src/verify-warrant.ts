/**
 * Decides whether a dispatched job may run here: signature, audience, time, and that the content is what was signed.
 * It trusts nothing in the message but what a pinned key vouches for, and never repairs a warrant.
 */
import { type KeyObject, verify } from 'node:crypto';
import type { EffectiveJob } from '@countersign/contracts/decision';
import { LIMITS } from '@countersign/contracts/limits';
import { uuid } from '@countersign/contracts/names';
import { subjects } from '@countersign/contracts/subjects';
import {
  dispatchMessage,
  type RefusalCode,
  TOGETHER_ALG,
  WARRANT_ALG,
  WARRANT_TYP,
  WARRANTS_DOMAIN,
  type WarrantClaims,
  warrantClaims,
} from '@countersign/contracts/worker';
import { canonicalize, parseStrict } from '@countersign/ledger/canonical-json';
import { EFFECTIVE_DOMAIN, PAYLOAD_DOMAIN, saltedDigest } from '@countersign/ledger/digest';
import { openTogether } from '@countersign/ledger/signed-together';
import type { VerifiedSignatures } from './verified-signatures.ts';

export type Verified =
  | { ok: true; claims: WarrantClaims; effective: EffectiveJob; traceparent: string | undefined }
  /** `dispatch_id` is what the message says outside or inside, unverified; null when it names none. */
  | { ok: false; code: RefusalCode; detail: string; dispatch_id: string | null };

/** `msg_id`: the dispatch id, as the scheduler publishes under it. */
export type Delivery = { subject: string; data: Uint8Array; msg_id?: string | undefined };
export type Trust = {
  pool: string;
  /** The scheduler's public keys, more than one only while they rotate. */
  keys: readonly KeyObject[];
  verified: VerifiedSignatures;
  /** Names under `constraints.worker` that this worker enforces. */
  enforces: readonly string[];
};

class Refused extends Error {
  readonly code: RefusalCode;
  constructor(code: RefusalCode, detail: string) {
    super(detail);
    this.code = code;
  }
}

/** `now_s` is seconds since the epoch. Throws nothing: whatever is wrong is a refusal. */
export function verifyWarrant(delivery: Delivery, trust: Trust, now_s: number): Verified {
  let named = dispatchIn(delivery.msg_id);
  try {
    const { message, effective } = openMessage(delivery.data);
    const parts = splitCompact(message.warrant);
    named ??= dispatchIn(parts.claims.jti);
    checkHeader(parts.header);
    checkSignature(message.warrant, parts, trust);
    const claims = readClaims(parts.claims);
    checkBounds(claims, effective, delivery.subject, trust, now_s);
    checkDigests(claims, effective, message.salt);
    checkConstraints(effective, trust.enforces);
    return { ok: true, claims, effective, traceparent: message.traceparent };
  } catch (thrown) {
    if (!(thrown instanceof Refused)) throw thrown;
    return { ok: false, code: thrown.code, detail: thrown.message, dispatch_id: named };
  }
}

function dispatchIn(id: unknown): string | null {
  return uuid.safeParse(id).data ?? null;
}

/** The effective job is taken as it was parsed: a schema's copy could lack a key that the digest covers. */
function openMessage(data: Uint8Array) {
  const json = parseStrict(data);
  if (!json.ok) throw new Refused('message_malformed', json.code);
  const parsed = dispatchMessage.safeParse(json.value);
  if (!parsed.success) throw new Refused('message_malformed', 'not a dispatch message');
  return { message: parsed.data, effective: (json.value as { effective: unknown }).effective as EffectiveJob };
}

/** RFC 7515, section 7.1: exactly three parts of base64url without padding. */
function splitCompact(warrant: string) {
  const match = /^([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)$/.exec(warrant);
  if (match === null) throw new Refused('warrant_malformed', 'not a compact JWS');
  return { header: openPart(match[1]!), claims: openPart(match[2]!), signature: Buffer.from(match[3]!, 'base64url') };
}

function openPart(part: string): Record<string, unknown> {
  // Duplicate keys are refused here too: two readers would see two algorithms.
  const json = parseStrict(Buffer.from(part, 'base64url'));
  if (!json.ok || typeof json.value !== 'object' || json.value === null || Array.isArray(json.value)) {
    throw new Refused('warrant_malformed', 'a part is not a JSON object');
  }
  return json.value;
}

/**
 * RFC 8725, sections 3.1 and 3.11: algorithm and type are this program's, not the message's. A header that brings a
 * key (`jwk`, `jku`, `x5c`, …) or asks for an extension (`crit`) is refused by being unknown; `kid` is only a hint.
 */
function checkHeader(header: Record<string, unknown>): void {
  const isKnown = header.alg === WARRANT_ALG || header.alg === TOGETHER_ALG;
  if (!isKnown) throw new Refused('warrant_header', `alg is neither ${WARRANT_ALG} nor ${TOGETHER_ALG}`);
  if (header.typ !== WARRANT_TYP) throw new Refused('warrant_header', `typ is not ${WARRANT_TYP}`);
  const unknown = Object.keys(header).some((name) => name !== 'alg' && name !== 'typ' && name !== 'kid');
  if (unknown) throw new Refused('warrant_header', 'a header parameter that no warrant has');
}

/** `alg` is signed as well, so that neither kind of signature is taken for the other. */
function checkSignature(warrant: string, { header, signature }: ReturnType<typeof splitCompact>, trust: Trust): void {
  const signed = Buffer.from(warrant.slice(0, warrant.lastIndexOf('.')), 'ascii');
  const isSigned =
    header.alg === TOGETHER_ALG ? isSignedTogether(signed, signature, trust) : isSignedAlone(signed, signature, trust);
  if (!isSigned) throw new Refused('warrant_signature', 'no pinned key made this signature');
}

/** node:crypto: 65 µs a warrant, where jose's compactVerify takes 90; jose is the second opinion in the tests. */
function isSignedAlone(signed: Buffer, signature: Buffer, { keys }: Trust): boolean {
  return keys.some((key) => verify(null, signed, key, signature));
}

function isSignedTogether(signed: Buffer, proof: Buffer, { keys, verified }: Trust): boolean {
  const opened = openTogether(WARRANTS_DOMAIN, signed, proof);
  return opened !== null && verified(opened, keys);
}

function readClaims(claims: Record<string, unknown>): WarrantClaims {
  const parsed = warrantClaims.safeParse(claims);
  if (!parsed.success) throw new Refused('warrant_claims', `claim ${parsed.error.issues[0]?.path.join('.') ?? ''}`);
  return parsed.data;
}

function checkBounds(claims: WarrantClaims, job: EffectiveJob, subject: string, trust: Trust, now_s: number): void {
  if (claims.aud !== trust.pool) throw new Refused('warrant_audience', 'the warrant is for another pool');
  if (now_s < claims.nbf || now_s >= claims.exp) throw new Refused('warrant_time', 'not valid at this time');
  if (claims.sub !== `${job.tenant}/${job.job_id}`)
    throw new Refused('warrant_subject', 'the warrant is for another job');
  if (subject !== subjects.dispatch(trust.pool, job.tenant, job.topic)) {
    throw new Refused('warrant_subject', 'the message came on the subject of another topic');
  }
}

function checkDigests(claims: WarrantClaims, job: EffectiveJob, saltText: string): void {
  const salt = Buffer.from(saltText, 'base64url');
  if (salt.length < LIMITS.salt_bytes) throw new Refused('warrant_effective', 'the salt is too short');
  if (saltedDigest(EFFECTIVE_DOMAIN, salt, canonicalize(job)) !== claims.effective_digest) {
    throw new Refused('warrant_effective', 'not the job that was signed');
  }
  if (saltedDigest(PAYLOAD_DOMAIN, salt, canonicalize(contentOf(job))) !== claims.payload_digest) {
    throw new Refused('warrant_payload', 'not the content that was signed');
  }
}

function contentOf({ prompt, payload }: EffectiveJob) {
  return {
    ...(prompt === undefined ? {} : { prompt }),
    ...(payload === undefined ? {} : { payload }),
  };
}

function checkConstraints(job: EffectiveJob, enforces: readonly string[]): void {
  const missing = (job.constraints.worker ?? []).find((name) => !enforces.includes(name));
  if (missing !== undefined) throw new Refused('constraint_unenforced', `this worker does not enforce ${missing}`);
}

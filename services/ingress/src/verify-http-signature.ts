/**
 * Opens a signed HTTP request: form, who signs, signature, freshness, nonce, in this order. The body is compared with its
 * digest when it is read. A nonce is taken last, so that only the key's holder can write one.
 */
import { type KeyObject, verify } from 'node:crypto';
import { promisify } from 'node:util';
import { CountersignError } from '@countersign/contracts/errors';
import { type SignatureTerms, signatureBase } from '@countersign/contracts/http-signature';
import { LIMITS } from '@countersign/contracts/limits';
import { sha256 } from '@countersign/ledger/digest';
import { monotonicMs, nowMs } from '@countersign/platform/clock';
import type { Tx } from '@countersign/platform/database';
import type { Authenticator } from './authenticate.ts';
import { boundRate } from './bound-guesses.ts';
import type { Caller } from './caller.ts';
import { readContentDigest, readSignature } from './read-signature.ts';
import { insertNonce } from './store-tokens.ts';

/** A request as its signature sees it. */
export type SignedHttp = {
  method: string;
  /** As routed: the scheme, the authority and the target, to the letter. */
  url: string;
  /** `Host`, as it was sent. */
  host: string;
  header(name: string): string | undefined;
  address: string;
};

export type VerifiedHttp = {
  caller: Caller;
  /** Of the body; null when there must be none. */
  digest: Uint8Array | null;
};

// Off the event loop.
const verifyInPool = promisify(verify) as (
  algorithm: null,
  data: Uint8Array,
  key: KeyObject,
  signature: Uint8Array,
) => Promise<boolean>;

/** Throws `signature_invalid`, `signature_stale`, `signature_replayed`, `too_many_requests` and what `byAgent` throws. */
export function openHttpSignatures(database: Tx, authenticator: Pick<Authenticator, 'byAgent'>) {
  const rates = boundRate(
    { many: LIMITS.signed_requests, every_ms: LIMITS.signed_request_ms, sources: LIMITS.auth_cache_entries },
    monotonicMs,
  );
  return async (request: SignedHttp): Promise<VerifiedHttp> => {
    const { header } = request;
    const has = (name: string): boolean => header(name) !== undefined;
    const read = readSignature(header('signature-input') ?? '', header('signature') ?? '', has);
    const digest = header('content-digest');
    const expected = digest === undefined ? null : readContentDigest(digest);
    const { caller, signing_key } = await authenticator.byAgent(read.terms.keyid, request.address);
    const text = Buffer.from(baseOf(request, read.covered, read.params), 'utf8');
    if (!(await verifyInPool(null, text, signing_key, read.signature))) throw new CountersignError('signature_invalid');
    refuseStale(read.terms);
    rates.take([caller.id], 'too many signed requests');
    await takeNonce(database, read.terms);
    return { caller, digest: expected };
  };
}

/** Throws `signature_invalid` when the body is not the one that was signed. */
export function checkBody({ digest }: Pick<VerifiedHttp, 'digest'>, body: Uint8Array): void {
  const isSigned = digest === null ? body.length === 0 : Buffer.from(sha256(body)).equals(digest);
  if (!isSigned)
    throw new CountersignError('signature_invalid', 'the body is not the one that was signed', {
      at: 'Content-Digest',
    });
}

function baseOf(request: SignedHttp, covered: readonly string[], params: string): string {
  const { path, query } = targetOf(request.url);
  const derived: Readonly<Record<string, string>> = {
    '@method': request.method,
    '@authority': request.host.toLowerCase(),
    '@path': path,
    '@query': query,
  };
  return signatureBase(
    covered.map((name) => [name, derived[name] ?? request.header(name) ?? '']),
    params,
  );
}

/** Section 2.2: the path and the query with its `?`, which stands alone where there is none. */
function targetOf(url: string): { path: string; query: string } {
  const target = url.slice(url.indexOf('/', url.indexOf('://') + 3)).split('#')[0]!;
  const at = target.indexOf('?');
  return at < 0 ? { path: target, query: '?' } : { path: target.slice(0, at), query: target.slice(at) };
}

function refuseStale({ created, expires }: SignatureTerms): void {
  const now = nowMs();
  const [from, to] = [created * 1000, expires * 1000];
  if (from > now + LIMITS.signature_ahead_ms || to <= now || to <= from || to - from > LIMITS.signature_life_ms)
    throw new CountersignError('signature_stale', 'created and expires do not fit the time', { at: 'Signature-Input' });
}

async function takeNonce(database: Tx, { keyid, nonce, expires }: SignatureTerms): Promise<void> {
  const until = new Date(expires * 1000 + LIMITS.nonce_margin_ms).toISOString();
  if (!(await insertNonce(database, { agent: keyid, nonce, until }))) throw new CountersignError('signature_replayed');
}

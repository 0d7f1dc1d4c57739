/**
 * What a signed HTTP request (RFC 9421) says and whether its signature fits: one reading for the door, which lets callers in,
 * and for the scheduler, which takes no door's word for a worker. Whose key it is, and that a nonce is new, others say.
 */
import { hash, type KeyObject } from 'node:crypto';
import { CountersignError } from '@countersign/contracts/errors';
import { type SignatureTerms, signatureBase } from '@countersign/contracts/http-signature';
import { LIMITS } from '@countersign/contracts/limits';
import { nowMs } from './clock.ts';
import { type ReadSignature, readContentDigest, readSignature, type Signers } from './read-signature.ts';
import { signedBy } from './signed-by.ts';

/** A request as its signature sees it. */
export type SignedHttp = {
  method: string;
  /** The target to the letter: path, and query with its `?` where there is one. */
  target: string;
  /** `Host`, as it was sent. */
  host: string;
  header(name: string): string | undefined;
};

export type OpenedHttp = ReadSignature & {
  /** Of the body; null when there must be none. */
  digest: Uint8Array | null;
};

/** Throws `signature_invalid`, with the header that is at fault. */
export function openSigned(request: SignedHttp, signers: Signers): OpenedHttp {
  const { header } = request;
  const has = (name: string): boolean => header(name) !== undefined;
  const read = readSignature(header('signature-input') ?? '', header('signature') ?? '', has, signers);
  const digest = header('content-digest');
  return { ...read, digest: digest === undefined ? null : readContentDigest(digest) };
}

/** The key that signed. Throws `signature_invalid` for another key's or another request's; `signature_stale` out of its time. */
export async function checkSigned<K extends { key: KeyObject }>(
  request: SignedHttp,
  opened: OpenedHttp,
  keys: readonly K[],
): Promise<K> {
  const text = Buffer.from(baseOf(request, opened.covered, opened.params), 'utf8');
  const key = await signedBy(keys, text, opened.signature);
  if (key === undefined) throw new CountersignError('signature_invalid');
  refuseStale(opened.terms);
  return key;
}

/** Throws `signature_invalid` when the body is not the one that was signed. */
export function checkBody({ digest }: Pick<OpenedHttp, 'digest'>, body: Uint8Array | string): void {
  const isSigned = digest === null ? body.length === 0 : hash('sha256', body, 'buffer').equals(digest);
  if (!isSigned)
    throw new CountersignError('signature_invalid', 'the body is not the one that was signed', {
      at: 'Content-Digest',
    });
}

function baseOf(request: SignedHttp, covered: readonly string[], params: string): string {
  const { path, query } = partsOf(request.target);
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
function partsOf(target: string): { path: string; query: string } {
  const at = target.indexOf('?');
  return at < 0 ? { path: target, query: '?' } : { path: target.slice(0, at), query: target.slice(at) };
}

function refuseStale({ created, expires }: SignatureTerms): void {
  const now = nowMs();
  const [from, to] = [created * 1000, expires * 1000];
  if (from > now + LIMITS.signature_ahead_ms || to <= now || to <= from || to - from > LIMITS.signature_life_ms)
    throw new CountersignError('signature_stale', 'created and expires do not fit the time', { at: 'Signature-Input' });
}

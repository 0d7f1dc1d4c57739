/**
 * Lets in who signs HTTP requests: form, who signs, signature, freshness, nonce, in this order. The body is compared with its
 * digest when it is read. A nonce is taken last, so that only the key's holder can write one.
 */
import { CountersignError } from '@countersign/contracts/errors';
import type { SignatureTerms } from '@countersign/contracts/http-signature';
import { LIMITS } from '@countersign/contracts/limits';
import { monotonicMs } from '@countersign/platform/clock';
import type { Tx } from '@countersign/platform/database';
import { AGENTS, type Signers, WORKERS } from '@countersign/platform/read-signature';
import { checkSigned, type OpenedHttp, openSigned, type SignedHttp } from '@countersign/platform/signed-http';
import type { Authenticator, SigningKeys, Worker } from './authenticate.ts';
import { boundRate } from './bound-guesses.ts';
import type { Caller } from './caller.ts';
import { insertNonce } from './store-tokens.ts';

/** `address`: where it came from. */
export type FromSomewhere = SignedHttp & { address: string };
type VerifiedHttp = Pick<OpenedHttp, 'digest'> & { caller: Caller };
type VerifiedWorker = Pick<OpenedHttp, 'digest'> & { worker: Worker };

export type HttpSignatures = {
  /** Throws `signature_invalid`, `signature_stale`, `signature_replayed`, `too_many_requests` and what `byAgent` throws. */
  agent(request: FromSomewhere): Promise<VerifiedHttp>;
  /** Throws likewise, and what `byWorker` throws. */
  worker(request: FromSomewhere): Promise<VerifiedWorker>;
};

export function openHttpSignatures(
  database: Tx,
  authenticator: Pick<Authenticator, 'byAgent' | 'byWorker'>,
): HttpSignatures {
  const rates = boundRate(
    { many: LIMITS.signed_requests, every_ms: LIMITS.signed_request_ms, sources: LIMITS.auth_cache_entries },
    monotonicMs,
  );
  const open = async <T extends { signing_keys: SigningKeys }>(
    request: FromSomewhere,
    signers: Signers,
    find: (keyid: string, address: string) => Promise<T>,
  ): Promise<{ who: T; raw: string; digest: Uint8Array | null }> => {
    const opened = openSigned(request, signers);
    const who = await find(opened.terms.keyid, request.address);
    const { raw } = await checkSigned(request, opened, who.signing_keys);
    rates.take([opened.terms.keyid], 'too many signed requests');
    await takeNonce(database, opened.terms);
    return { who, raw, digest: opened.digest };
  };
  return {
    async agent(request) {
      const { who, raw, digest } = await open(request, AGENTS, authenticator.byAgent);
      return { caller: { ...who.caller, signing_key: raw }, digest };
    },
    async worker(request) {
      const { who, digest } = await open(request, WORKERS, authenticator.byWorker);
      return { worker: who.worker, digest };
    },
  };
}

async function takeNonce(database: Tx, { keyid, nonce, expires }: SignatureTerms): Promise<void> {
  const until = new Date(expires * 1000 + LIMITS.nonce_margin_ms).toISOString();
  if (!(await insertNonce(database, { signer: keyid, nonce, until }))) throw new CountersignError('signature_replayed');
}

/** A run record as an in-toto Statement in a DSSE envelope, signed by whoever attests it: cosign and policy controllers read it. */
import { createPrivateKey, createPublicKey, type KeyObject, sign } from 'node:crypto';
import type { RunRecord } from '@countersign/contracts/record';
import { canonicalize, type JsonValue } from '@countersign/ledger/canonical-json';
import { UsageError } from './exit-codes.ts';

const PAYLOAD_TYPE = 'application/vnd.in-toto+json';
export const PREDICATE_TYPE = 'https://countersign.dev/run-record/v1';

export type Envelope = {
  payloadType: string;
  /** Base64. */
  payload: string;
  signatures: { keyid: string; sig: string }[];
};

/** The subject is the job, by the digest that covers its actor and whole request. */
export function statementOf(record: RunRecord): object {
  return {
    _type: 'https://in-toto.io/Statement/v1',
    subject: [{ name: record.run_id, digest: { sha256: record.job_hash.replace(/^sha256:/, '') } }],
    predicateType: PREDICATE_TYPE,
    predicate: record,
  };
}

/** `pem`: PKCS#8 of an Ed25519 key. Throws UsageError for another one. */
export function attest(record: RunRecord, pem: string): Envelope {
  const key = privateKeyIn(pem);
  const payload = Buffer.from(canonicalize(statementOf(record) as JsonValue));
  const signature = sign(null, preAuthEncoding(PAYLOAD_TYPE, payload), key);
  return {
    payloadType: PAYLOAD_TYPE,
    payload: payload.toString('base64'),
    signatures: [{ keyid: keyIdOf(key), sig: signature.toString('base64') }],
  };
}

/** DSSE v1: type and payload, each behind its length, so that neither can pass for a part of the other. */
export function preAuthEncoding(type: string, payload: Uint8Array): Uint8Array {
  return Buffer.concat([Buffer.from(`DSSEv1 ${Buffer.byteLength(type)} ${type} ${payload.length} `), payload]);
}

/** Of an Ed25519 key in PKCS#8 PEM; throws UsageError for another one. */
export function privateKeyIn(pem: string): KeyObject {
  try {
    const key = createPrivateKey(pem);
    if (key.asymmetricKeyType === 'ed25519') return key;
  } catch {}
  throw new UsageError('the key must be an Ed25519 private key (PKCS#8 PEM)');
}

function keyIdOf(key: KeyObject): string {
  return createPublicKey(key).export({ format: 'jwk' }).x as string;
}

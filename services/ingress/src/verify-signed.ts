/**
 * Opens a signed request from the bus: shape, subject, signature, freshness, in this order. The NATS user that sent it
 * is a tenant's; who asks is said by the signature alone.
 */
import { CountersignError } from '@countersign/contracts/errors';
import { LIMITS } from '@countersign/contracts/limits';
import { type SignedRequest, signedRequest } from '@countersign/contracts/signed-request';
import { canonicalize, type JsonValue, parseStrict } from '@countersign/ledger/canonical-json';
import { encodeUtf8 } from '@countersign/ledger/digest';
import { readShape } from '@countersign/platform/read-shape';
import { signedBy } from '@countersign/platform/signed-by';
import type { Authenticator } from './authenticate.ts';
import type { Submission } from './prepare-job.ts';

export type SignedMessage = {
  subject: string;
  /** What the subject says; a door without the topic in its subject gives none. */
  addressed: { tenant: string; topic?: string } | null;
  data: Uint8Array;
  /** Milliseconds since the epoch against which the timestamp is judged. */
  received_ms: number;
  traceparent: string;
};

type Signed = { signed: SignedRequest; raw: { [key: string]: JsonValue } };

/** A nonce stands for one request of its agent: the answer names it. */
type Verified = Submission & { nonce: string };

export async function verifySigned(message: SignedMessage, authenticator: Authenticator): Promise<Verified> {
  const { subject, addressed, data, received_ms, traceparent } = message;
  const opened = parse(data);
  const { signed, raw } = opened;
  refuseOtherAddress(signed, addressed);
  const { caller, signing_keys } = await authenticator.byAgent(signed.agent, null);
  if (caller.tenant !== addressed?.tenant) throw new CountersignError('tenant_forbidden', undefined, { at: 'subject' });
  const text = encodeUtf8(signedText(opened, subject));
  const key = await signedBy(signing_keys, text, Buffer.from(signed.signature, 'base64url'));
  if (key === undefined) throw new CountersignError('signature_invalid');
  refuseStale(signed.timestamp, received_ms);
  const { nonce, request: sent } = signed;
  return {
    caller: { ...caller, signing_key: key.raw },
    raw: raw.request!,
    sent,
    idempotency_key: `nonce:${nonce}`,
    traceparent,
    nonce,
  };
}

function parse(data: Uint8Array): Signed {
  const parsed = parseStrict(data, { max_bytes: LIMITS.request_bytes + LIMITS.signature_bytes });
  if (!parsed.ok) throw new CountersignError(parsed.code, parsed.detail, { at: parsed.at });
  return { signed: readShape(signedRequest, parsed.value), raw: parsed.value as Signed['raw'] };
}

function refuseOtherAddress({ request }: SignedRequest, addressed: SignedMessage['addressed']): void {
  if (addressed === null)
    throw new CountersignError('field_invalid', 'the subject names no tenant and topic', { at: 'subject' });
  if (addressed.topic !== undefined && addressed.topic !== request.topic) {
    throw new CountersignError('field_invalid', 'subject and request name different topics', { at: '/request/topic' });
  }
}

/** Over what was sent, not over what the schema made of it. */
function signedText({ signed, raw }: Signed, subject: string): string {
  return canonicalize({
    agent: signed.agent,
    nonce: signed.nonce,
    request: raw.request,
    subject,
    timestamp: signed.timestamp,
  });
}

function refuseStale(timestamp: string, received_ms: number): void {
  if (Math.abs(Date.parse(timestamp) - received_ms) > LIMITS.signature_skew_ms)
    throw new CountersignError('signature_stale');
}

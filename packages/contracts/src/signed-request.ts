/** A job request on the bus: signed by the agent, because a NATS user is a tenant's and not an agent's. */
import { z } from 'zod';
import { jobRequest } from './job.ts';
import { instant, principalId } from './names.ts';

/** What its signer never uses again. */
export const nonce = z.string().regex(/^[A-Za-z0-9_-]{16,64}$/, 'must be 16 to 64 base64url characters');

/**
 * The signature is Ed25519 over the canonical JSON (RFC 8785) of `{ agent, nonce, request, subject, timestamp }`, where
 * `subject` is the one it is sent to. (agent, nonce) is its idempotency key.
 */
export const signedRequest = z.strictObject({
  agent: principalId,
  timestamp: instant,
  nonce,
  request: jobRequest,
  /** Base64url. */
  signature: z.string().max(128),
});
export type SignedRequest = z.infer<typeof signedRequest>;

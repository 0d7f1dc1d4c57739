/** What a worker starts from: made by `countersign workers add`, read by `startWorker`, 0600 on the worker's machine. */
import { z } from 'zod';
import { LIMITS } from './limits.ts';
import { token } from './names.ts';

export const workerFile = z.strictObject({
  /** NATS addresses, comma separated; where the worker is one over HTTP, `url` of the API stands in place of this and the seed. */
  servers: z.string().min(1).optional(),
  url: z.url({ protocol: /^https?$/ }).optional(),
  pool: token,
  worker: token,
  /** Secret: seed of its NATS user. */
  nkey_seed: z
    .string()
    .regex(/^SU[A-Z2-7]{56}$/, 'must be the seed of a NATS user')
    .optional(),
  /** Secret: PKCS#8 PEM of the Ed25519 key that signs results, and over HTTP each request. */
  signing_key: z.string().includes('BEGIN PRIVATE KEY', { message: 'must be a PKCS#8 PEM' }),
  /** Whose warrants are obeyed: base64url, 32 raw bytes each. */
  scheduler_public_keys: z
    .array(z.string().regex(/^[A-Za-z0-9_-]{43}$/, 'must be a raw Ed25519 public key in base64url'))
    .min(1)
    .max(LIMITS.pinned_keys),
});
export type WorkerFile = z.infer<typeof workerFile>;

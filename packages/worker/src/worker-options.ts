/** What a worker is given by its owner and what its handler is given for one job. */
import type { KeyObject } from 'node:crypto';
import { createPrivateKey } from 'node:crypto';
import type { Constraints, EffectiveJob } from '@countersign/contracts/decision';
import { LIMITS } from '@countersign/contracts/limits';
import { token } from '@countersign/contracts/names';
import { tellShapeFaults } from '@countersign/contracts/shape-fault';
import type { Delivery } from '@countersign/contracts/worker-door';
import { publicKeyOf } from '@countersign/platform/ed25519-keys';
import type { Logger } from '@countersign/platform/logger';
import { z } from 'zod';
import type { ArtifactContent, PutArtifact } from './put-artifacts.ts';

/** The job as it was decided: after remediation and the constraints' patch. */
export type WorkerJob = Pick<
  EffectiveJob,
  'tenant' | 'job_id' | 'actor' | 'topic' | 'capability' | 'risk_tags' | 'labels' | 'prompt' | 'payload'
> & { attempt: number; dispatch_id: string };

export type JobContext = {
  /** Aborts on a stop, on the timeout, when the lease is lost and when the worker stops: end soon, and write no more. */
  signal: AbortSignal;
  constraints: Constraints;
  /** W3C Trace Context. */
  traceparent: string;
  /** How many things the run has touched so far, a whole number; the last word stands in the signed result. */
  reportAffected(count: number): void;
  /**
   * Puts a file beside the result, which names it by itself. Resolves once it was screened. Throws CountersignError, and TypeError
   * without `url` or `artifacts_url`.
   */
  putArtifact(name: string, content: ArtifactContent): Promise<PutArtifact>;
};

/** Returns any JSON. Throws RetryableError when another attempt is worth making, anything else when not. */
export type Handle = (job: WorkerJob, context: JobContext) => unknown;

export type WorkerOptions = {
  /** NATS addresses, comma separated, and the seed of the NATS user `worker-<pool>-<worker>`; neither with `url`. */
  servers?: string | undefined;
  nkey_seed?: string | undefined;
  /** Where the API is, for a worker over HTTP: it signs its requests with `signing_key` and holds no credential of NATS. */
  url?: string | undefined;
  /** Where the API is, for a worker on the bus that puts artifacts: these go over HTTP. */
  artifacts_url?: string | undefined;
  pool: string;
  /** This worker's name, unique within its pool and registered with its public key. */
  worker: string;
  /** PKCS#8 PEM of the Ed25519 key that signs results. */
  signing_key: string;
  /** Base64url, 32 raw bytes each: the only keys whose warrants are obeyed. */
  scheduler_public_keys: readonly string[];
  /** Milliseconds that `start()` waits for NATS to let it in, and for the scheduler's answer. */
  start_wait_ms?: number;
  /** Jobs run at the same time. */
  concurrency?: number;
  /** Names under `constraints.worker` that this worker enforces; a job that asks for another one is refused. */
  enforces?: readonly string[];
  handle: Handle;
  /**
   * Asked after the warrant was checked and before the attempt is claimed. False leaves it unclaimed: it is offered to the pool
   * again, to this worker too, until somebody claims it or its job ends. `delivery` is what `take` takes.
   */
  wanted?: (job: WorkerJob, delivery: Delivery) => boolean;
  log?: Logger;
};

const ways = z.union([
  z.object({
    url: z.url({ protocol: /^https?$/ }),
    servers: z.undefined().optional(),
    nkey_seed: z.undefined().optional(),
  }),
  z.object({ url: z.undefined().optional(), servers: z.string().min(1), nkey_seed: z.string().min(1) }),
]);

const checked = z.object({
  pool: token,
  worker: token,
  signing_key: z.string().includes('BEGIN PRIVATE KEY', { message: 'must be a PKCS#8 PEM' }),
  scheduler_public_keys: z
    .array(z.string().regex(/^[A-Za-z0-9_-]{43}$/))
    .min(1)
    .max(LIMITS.pinned_keys),
  concurrency: z.int().min(1).max(LIMITS.worker_concurrency).default(1),
  enforces: z.array(token).default([]),
  artifacts_url: z.url({ protocol: /^https?$/ }).optional(),
  start_wait_ms: z.int().min(0).default(LIMITS.start_wait_ms),
});

/** Over HTTP, or over the bus. */
type Way = { url: string } | { servers: string; nkey_seed: string };
export type WorkerSettings = Omit<
  z.output<typeof checked>,
  'signing_key' | 'scheduler_public_keys' | 'artifacts_url'
> & {
  way: Way;
  artifacts_url: string | null;
  signingKey: KeyObject;
  keys: KeyObject[];
};

/** Throws a TypeError on the first start, with all mistakes at once, rather than on the first job. */
export function readOptions(options: WorkerOptions): WorkerSettings {
  const parsed = checked.safeParse(options);
  if (!parsed.success)
    throw new TypeError(`options of the worker: ${tellShapeFaults(parsed.error.issues, options, 'the options')}`);
  const { signing_key, scheduler_public_keys, artifacts_url, ...rest } = parsed.data;
  const way = ways.safeParse(options);
  if (!way.success) throw new TypeError('give either `url` (http or https), or `servers` and `nkey_seed`');
  const signingKey = privateKeyOf(signing_key);
  if (signingKey.asymmetricKeyType !== 'ed25519') throw new TypeError('signing_key must be an Ed25519 key');
  const url = artifacts_url ?? way.data.url ?? null;
  return {
    ...rest,
    artifacts_url: url,
    way: way.data as Way,
    signingKey,
    keys: scheduler_public_keys.map(publicKeyOf),
  };
}

/** What the library says of a key that is none quotes its own inside. */
function privateKeyOf(pem: string): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch {
    throw new TypeError('signing_key must be a PKCS#8 PEM');
  }
}

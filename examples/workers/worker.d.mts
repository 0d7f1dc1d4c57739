/** Types of worker.mjs, for who imports it from TypeScript. */
import type { KeyObject } from 'node:crypto';

export type WorkerFile = {
  url: string;
  pool: string;
  worker: string;
  signing_key: string;
  scheduler_public_keys: readonly string[];
};
export type Options = { enforces?: readonly string[]; signal?: AbortSignal; refusal_pause_ms?: number };
export function runWorker(file: WorkerFile, handle: unknown, options?: Options): Promise<void>;
export function check(
  delivery: { subject: string; message: string },
  trust: { pool: string; pinned: readonly KeyObject[]; enforces: readonly string[] },
): { refused?: string; claims?: object; job?: object };
export function canonical(value: unknown): string;

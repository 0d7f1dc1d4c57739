/** Puts a guardian together from its file: an agent of the plane, the worker of one pool, and the sessions beside the file. */
import { localGate } from '@countersign/adapter-core/local-gate';
import { createClient } from '@countersign/client/create-client';
import type { Logger } from '@countersign/platform/logger';
import { type Guardian, guardian } from './guardian.ts';
import { besideOf, type GuardianFile, poolOf } from './guardian-file.ts';
import { heldCalls } from './held-calls.ts';
import { judgeCalls } from './judge-calls.ts';
import { requestsOf } from './requests.ts';
import { sessionStore } from './session-store.ts';

export type StartedGuardian = AsyncDisposable & { guardian: Guardian };

const CONCURRENCY = 16;

/** Throws WorkerStartError while the plane does not know the worker, TypeError for a file that cannot work. */
export async function startGuardian(
  file: GuardianFile,
  path: string,
  transport: 'http' | 'stdio',
  log: Logger,
): Promise<StartedGuardian> {
  if (file.worker.pool !== poolOf(file.host))
    throw new TypeError(`${path}: the worker's pool is not ${poolOf(file.host)}`);
  const { api_key, tenant, agent } = file;
  const { url } = file.worker;
  const client = createClient({ url, api_key, tenant });
  const worker = { ...file.worker, concurrency: CONCURRENCY, log };
  const { caller_grace_ms } = file;
  const beside = besideOf(path);
  const calls = heldCalls(beside.held, Date.now);
  const { requestOf, labelsOf, ...requests } = requestsOf(file.host, calls.asked);
  const held = calls.store(labelsOf);
  const local = localGate({ client, url, agent, worker, caller_grace_ms, requestOf, held });
  await local.start();
  const judge = judgeCalls({ file, gate: local.gate, requests, client, log });
  const sessions = sessionStore(beside.sessions);
  return {
    guardian: guardian({ file, sessions, judge, transport, log, now: Date.now }),
    [Symbol.asyncDispose]: local.stop,
  };
}

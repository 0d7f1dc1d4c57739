/**
 * What a proxy starts from: one file of its owner's, written by `countersign mcp add`. Beside it lie the record of reviewed
 * tools and the calls that are not answered yet; keep all three out of the agent's reach.
 */
import { LIMITS } from '@countersign/contracts/limits';
import { principalId, tenantName, token } from '@countersign/contracts/names';
import { workerFile } from '@countersign/contracts/worker-file';
import { readSecretFile } from '@countersign/worker/read-secret-file';
import { z } from 'zod';
import { LONGEST_SERVER } from './names.ts';

export const proxyFile = z.strictObject({
  server: token.max(LONGEST_SERVER),
  tenant: tenantName,
  agent: principalId,
  /** Secret: the agent's key. */
  api_key: z.string().min(1),
  /** Secret: the one worker of the pool `mcp-<server>`, over HTTP. */
  worker: workerFile.extend({ url: z.url({ protocol: /^https?$/ }) }),
  /** Secret: what the server behind gets of environment beside the usual (`PATH`, `HOME`, ...). */
  env: z.record(z.string(), z.string()).default({}),
  /** `claimed`: an approved call runs when somebody asks for its result. `granted`: at once, and the result waits. */
  run_when: z.enum(['claimed', 'granted']).default('claimed'),
  /** Milliseconds for which an approved call waits for its caller; then it fails, not run. It takes a slot of the pool. */
  caller_grace_ms: z
    .int()
    .min(1_000)
    .max(LIMITS.deadline_ms)
    .default(60 * 60 * 1000),
  /** Whether a client that cancels a call cancels its job. Otherwise it stays, and the same call finds it again. */
  cancel_on_abort: z.boolean().default(false),
  /** Milliseconds that a call waits for its outcome before it is told to come again. */
  wait_ms: z.int().min(0).max(20_000).default(20_000),
});
export type ProxyFile = z.output<typeof proxyFile>;

/** `path` without `.json`, and what lies beside it. */
export function besideOf(path: string): { tools: string; calls: string } {
  const stem = path.replace(/\.json$/, '');
  return { tools: `${stem}.tools.json`, calls: `${stem}.calls` };
}

/** Throws TypeError. */
export function readProxyFile(path: string): ProxyFile {
  return readSecretFile(path, proxyFile, 'proxy file');
}

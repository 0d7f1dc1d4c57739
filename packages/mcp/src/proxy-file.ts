/**
 * What a proxy starts from: one file of its owner's, written by `countersign mcp add`. Beside it lie the record of reviewed
 * tools and the calls that are not answered yet; keep all three out of the agent's reach.
 */
import { dirname, resolve } from 'node:path';
import { principalId, tenantName, token } from '@countersign/contracts/names';
import { readSecretFile } from '@countersign/worker/read-secret-file';
import { z } from 'zod';
import { CALL_SETTINGS, httpWorker } from './call-settings.ts';
import { LONGEST_SERVER } from './names.ts';
import { type Reviewers, readReviewers } from './signed-record.ts';

export const proxyFile = z.strictObject({
  server: token.max(LONGEST_SERVER),
  tenant: tenantName,
  agent: principalId,
  /** Secret: the agent's key. */
  api_key: z.string().min(1),
  worker: httpWorker,
  /** Secret: what the server behind gets of environment beside the usual (`PATH`, `HOME`, ...). */
  env: z.record(z.string(), z.string()).default({}),
  /** File with the keys of who signs the record of reviewed tools, as a trust root for policies has it. */
  reviewers: z.string().min(1).optional(),
  ...CALL_SETTINGS,
});
export type ProxyFile = z.output<typeof proxyFile>;

/** `path` without `.json`, and what lies beside it. */
export function besideOf(path: string): Beside {
  const stem = path.replace(/\.json$/, '');
  return { tools: `${stem}.tools.json`, calls: `${stem}.calls` };
}

/** The record of reviewed tools, and the folder of calls that are not answered yet. */
export type Beside = { tools: string; calls: string };

/** Null when nobody has to sign. `path`: the proxy's own file. Throws TypeError. */
export function reviewersOf({ reviewers, tenant, worker }: ProxyFile, path: string): Reviewers | null {
  return reviewers === undefined ? null : readReviewers(resolve(dirname(path), reviewers), [tenant], worker);
}

/** Throws TypeError. */
export function readProxyFile(path: string): ProxyFile {
  return readSecretFile(path, proxyFile, 'proxy file');
}

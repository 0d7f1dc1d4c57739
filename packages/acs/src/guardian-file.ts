/**
 * What a guardian starts from: one file of its owner's, written by `countersign acs add`. Beside it lie the host's half of the shared
 * secret and the sessions; keep this file out of the agent's reach, for who has it acts as the agent and as its worker.
 */
import { principalId, tenantName, token } from '@countersign/contracts/names';
import { workerFile } from '@countersign/contracts/worker-file';
import { readSecretFile } from '@countersign/worker/read-secret-file';
import { z } from 'zod';

/** A pool's name is a token of 64 at most. */
export const LONGEST_HOST = 60;

/** Events that may be judged as jobs before the host goes on; the rest is recorded only. */
export const EVENTS = ['sessionStart', 'agentTrigger', 'userMessage', 'agentResponse', 'subagentStart'] as const;
export type JudgedEvent = (typeof EVENTS)[number];

export const guardianFile = z.strictObject({
  /** What the host is called in topics: `claude-code`. */
  host: token.max(LONGEST_HOST),
  tenant: tenantName,
  agent: principalId,
  /** Secret: the agent's key. */
  api_key: z.string().min(1),
  /** Secret: the one worker of the pool `acs-<host>`, over HTTP. */
  worker: workerFile.extend({ url: z.url({ protocol: /^https?$/ }) }),
  /** Secret, shared with the host: text of 32 characters at least, whose bytes are the input of HKDF. */
  secret: z.string().min(32).max(1_024),
  /** Names the secret in signatures. */
  key_id: token.default('default'),
  judge: z.array(z.enum(EVENTS)).default(['subagentStart']),
  /** Whether the host can run a call with other arguments than it asked for, and show another output. It is denied otherwise. */
  modify: z.boolean().default(true),
  /**
   * What a call that waits for people is answered with. Only a host that waits for Countersign's own approval may be told `ask` or
   * `defer`: several ask whoever sits before them instead, and run the call at their word.
   */
  pending: z.enum(['deny', 'defer', 'ask']).default('deny'),
  /** Milliseconds for which a call waits for a decision before it counts as pending. The host is told to wait 4 s longer. */
  wait_ms: z.int().min(0).max(60_000).default(6_000),
  /** Milliseconds for which an approved call waits for the host to ask again; the attempt's own timeout ends it before. */
  caller_grace_ms: z.int().min(1_000).max(3_600_000).default(240_000),
});
export type GuardianFile = z.output<typeof guardianFile>;

/** `path` without `.json`, and what lies beside it. */
export function besideOf(path: string): { key: string; sessions: string; held: string; lock: string } {
  const stem = path.replace(/\.json$/, '');
  return { key: `${stem}.key`, sessions: `${stem}.sessions`, held: `${stem}.held`, lock: `${stem}.lock` };
}

export function poolOf(host: string): string {
  return `acs-${host}`;
}

/** Throws TypeError. */
export function readGuardianFile(path: string): GuardianFile {
  return readSecretFile(path, guardianFile, 'guardian file');
}

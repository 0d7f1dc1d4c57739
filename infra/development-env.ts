// The addresses and keys of the development system under the names that a shell, the example and the documents use.
import { createPrivateKey } from 'node:crypto';
import { agentUser, auditorUser } from '@countersign/contracts/subjects';
import type { PrepareOptions } from './development-environment.ts';
import { DEVELOPMENT_TENANT } from './development-roster.ts';
import type { DevEnv } from './write-env-file.ts';

/** PKCS#8 DER in base64url: one line, and every crypto library reads it. */
const asOneLine = (pem: string): string =>
  createPrivateKey(pem).export({ format: 'der', type: 'pkcs8' }).toString('base64url');

export const developmentEnv = (
  { keys, nats_url, admin_url }: PrepareOptions,
  { url, metrics_url }: { url: string; metrics_url: string },
): DevEnv => ({
  COUNTERSIGN_URL: url,
  COUNTERSIGN_METRICS_URL: metrics_url,
  COUNTERSIGN_NATS_URL: nats_url,
  COUNTERSIGN_DATABASE_URL: admin_url,
  COUNTERSIGN_TENANT: DEVELOPMENT_TENANT,
  COUNTERSIGN_SCHEDULER_KEY: keys.warrant.public_key,
  AGENT_KEY: keys.api_keys.agent,
  APPROVER_KEY: keys.api_keys.approver,
  APPROVER2_KEY: keys.api_keys.approver2,
  ADMIN_KEY: keys.api_keys.admin,
  AUDITOR_KEY: keys.api_keys.auditor,
  AGENT_SIGNING_KEY: asOneLine(keys.agent_signing.private_pem),
  AGENT_NKEY: keys.nats[agentUser(DEVELOPMENT_TENANT)]!.seed,
  AUDITOR_NKEY: keys.nats[auditorUser(DEVELOPMENT_TENANT)]!.seed,
  POLICY_SIGNING_KEY: asOneLine(keys.bundle.private_pem),
});

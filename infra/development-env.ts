/** The addresses and keys of the development system under the names that a shell, the example and the documents use. */
import { createHash, createPrivateKey } from 'node:crypto';
import { agentUser, auditorUser } from '@countersign/contracts/subjects';
import { DEVELOPMENT_LOG, type PrepareOptions } from './development-environment.ts';
import { DEVELOPMENT_TENANT } from './development-roster.ts';
import type { DevEnv } from './write-env-file.ts';

export function developmentEnv(
  { keys, nats_url, admin_url }: PrepareOptions,
  { url, metrics_url }: { url: string; metrics_url: string },
): DevEnv {
  return {
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
    LOG_VKEY: verifierKeyOf(DEVELOPMENT_LOG, keys.log.public_key),
    POLICY_SIGNING_KEY: asOneLine(keys.bundle.private_pem),
  };
}

/** PKCS#8 DER in base64url: one line, and every crypto library reads it. */
function asOneLine(pem: string): string {
  return createPrivateKey(pem).export({ format: 'der', type: 'pkcs8' }).toString('base64url');
}

/** A log's public key in the form in which it is passed on (C2SP signed-note, Ed25519). */
function verifierKeyOf(name: string, public_key: string): string {
  const typed = Buffer.concat([Uint8Array.of(1), Buffer.from(public_key, 'base64url')]);
  const id = createHash('sha256').update(`${name}\n`).update(typed).digest('hex').slice(0, 8);
  return `${name}+${id}+${typed.toString('base64')}`;
}

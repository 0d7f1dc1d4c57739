/** Outages, and several output-safety services on one database and stream. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { codeOf } from '../../harness/code-of.ts';
import { type RunningOutputSafety, runOutputSafety } from './run-output-safety.ts';

let run: RunningOutputSafety;
beforeAll(async () => {
  run = await runOutputSafety();
  await run.activate('*', {});
});
afterAll(() => run[Symbol.asyncDispose]());

describe('trouble', () => {
  test('a database that is away for a while loses nothing', async () => {
    const attempt = await run.run('patient');
    const role = 'countersign_output_safety';
    const [row] = await run.admin.query<{ name: string }>('SELECT current_database() AS name');
    await run.admin.query(`REVOKE CONNECT ON DATABASE ${row!.name} FROM ${role}`);
    await run.admin.query(
      'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND usename = $1',
      [role],
    );
    const answered = run.report(attempt, 'fine');
    await expect.poll(async () => (await fetch(`${run.health_url}/readyz`)).status).toBe(503);
    expect(await codeOf(run.read('patient'))).not.toBe('none');
    await run.admin.query(`GRANT CONNECT ON DATABASE ${row!.name} TO ${role}`);
    expect(await answered).toMatchObject({ outcome: 'settled' });
    expect(await run.outcome(attempt)).toMatchObject({ output_decision: 'allow' });
  });

  test('a result that another instance stores in the same moment leaves one entry, which is not ours', async () => {
    await run.screened(await run.run('theirs-first'), 1);
    const attempt = await run.run('theirs');
    const answered = await run.admin.transaction(async (tx) => {
      await tx.query(
        `INSERT INTO output.results
         SELECT (jsonb_populate_record(r, jsonb_build_object('dispatch_id', $1::text, 'job_id', 'theirs'))).*
           FROM output.results r WHERE job_id = 'theirs-first'`,
        [attempt.dispatch_id],
      );
      const report = run.report(attempt, 1);
      await run.blocked();
      return { report };
    });
    expect(await answered.report).toMatchObject({ outcome: 'settled' });
    expect(await run.kinds('theirs')).toEqual([]);
    expect(run.wakeUps.filter(({ body }) => body.job_id === 'theirs')).toEqual([]);
  });

  test('two instances screen one result once', async () => {
    await run.startAnother();
    const attempts = await Promise.all(Array.from({ length: 30 }, (_, i) => run.run(`shared-${i}`)));
    await Promise.all(attempts.flatMap((attempt, i) => Array.from({ length: 6 }, () => run.report(attempt, i))));
    const kinds = await Promise.all(attempts.map(({ job_id }) => run.kinds(job_id)));
    expect(kinds).toEqual(attempts.map(() => ['output_screened', 'job_succeeded']));
  });
});

/** Outages, several output-safety services on one database, and several results in one request. */
import { generateKeyPairSync } from 'node:crypto';
import { subjects } from '@countersign/contracts/subjects';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { codeOf } from '../../harness/code-of.ts';
import { type Attempt, POOL, type RunningOutputSafety, runOutputSafety, TENANT, TOPIC } from './run-output-safety.ts';

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

  test('an attempt that changes under the end is looked at again, and a job that ends under it stays as it is', async () => {
    const meanwhile = async (attempt: Attempt, change: string) => {
      const { report } = await run.admin.transaction(async (tx) => {
        await tx.query(change, [attempt.job_id]);
        const reported = run.report(attempt, 'fine');
        await run.blocked();
        return { report: reported };
      });
      return { answer: await report, kinds: await run.kinds(attempt.job_id), stored: await run.outcome(attempt) };
    };
    const beaten = `UPDATE scheduler.attempts SET due_at = due_at + interval '1 s' WHERE job_id = $1`;
    const again = await meanwhile(await run.run('beaten'), beaten);
    expect(again).toMatchObject({ answer: { outcome: 'settled' }, stored: { output_decision: 'allow' } });
    // By the careful path: its end is the scheduler's, whom nobody plays here.
    expect(again.kinds).toEqual(['output_screened']);
    const gone = await meanwhile(
      await run.run('stopped-under-it'),
      `UPDATE scheduler.jobs SET state = 'cancelled' WHERE job_id = $1`,
    );
    expect(gone).toMatchObject({ answer: { outcome: 'refused', code: 'attempt_stale' }, kinds: ['result_rejected'] });
    expect(gone.stored).toBeUndefined();
  });

  test('two instances screen one result once', async () => {
    await run.startAnother();
    const attempts = await Promise.all(Array.from({ length: 30 }, (_, i) => run.run(`shared-${i}`)));
    await Promise.all(attempts.flatMap((attempt, i) => Array.from({ length: 6 }, () => run.report(attempt, i))));
    const kinds = await Promise.all(attempts.map(({ job_id }) => run.kinds(job_id)));
    expect(kinds).toEqual(attempts.map(() => ['output_screened', 'job_succeeded']));
  });
});

describe('results in one request', () => {
  test('each counts or not by itself, as if it had come alone', async () => {
    const names = ['good', 'better', 'rival', 'named', 'stale', 'unclaimed', 'secret', 'gone'];
    const [good, better, rival, named, stale, unclaimed, secret, gone] = await Promise.all(
      names.map((name) => run.run(`together-${name}`)),
    );
    const { claim_id } = unclaimed!;
    const nowhere = { ...gone!, dispatch_id: crypto.randomUUID(), job_id: 'together-nowhere' };
    const answers = await run.reportTogether([
      [good!, { n: 1 }],
      [rival!, 'x', { tenant: 'rival' }],
      [named!, 'x', { worker: 'two' }],
      [stale!, 'x', { attempt: 7 }],
      [unclaimed!, 'x', { claim_id: crypto.randomUUID() }],
      [secret!, 'AKIAQ6AAAAAAAAAAAAAA', { status: 'failed' }],
      [nowhere, 'x'],
      [better!, 'fine'],
      [good!, { n: 1 }],
    ]);
    const outcome = (code: string | null) => ({ outcome: code === null ? 'settled' : 'refused', code });
    const codes = [
      null,
      'tenant_mismatch',
      'field_invalid',
      'attempt_stale',
      'claim_lost',
      null,
      'attempt_stale',
      null,
      null,
    ];
    expect(answers).toMatchObject(codes.map(outcome));
    expect(answers.map((each) => typeof each !== 'string' && each.dispatch_id)).toEqual(
      [good, rival, named, stale, unclaimed, secret, nowhere, better, good].map((each) => each!.dispatch_id),
    );
    for (const attempt of [good!, better!]) {
      expect(await run.kinds(attempt.job_id)).toEqual(['output_screened', 'job_succeeded']);
      expect((await run.outcome(attempt))?.output_decision).toBe('allow');
    }
    expect((await run.read(good!.job_id)).output).toEqual({ n: 1 });
    for (const attempt of [rival!, named!, stale!, unclaimed!])
      expect(await run.kinds(attempt.job_id)).toEqual(['result_rejected']);
    expect(await run.entries('together-nowhere')).toEqual([]);
    // What was refused there is still good as it is.
    expect(await run.screened({ ...unclaimed!, claim_id }, 'fine')).toMatchObject({ output_decision: 'allow' });
  });

  test('that is wrong as a whole says nothing of any of them', async () => {
    const all = await Promise.all([run.run('whole-one'), run.run('whole-two')]);
    const two: [Attempt, unknown][] = all.map((attempt) => [attempt, 'fine']);
    const [stranger, elsewhere] = [generateKeyPairSync('ed25519').privateKey, run.keys.two!];
    const whole: [string, Parameters<typeof run.reportTogether>[1]][] = [
      ['signature_invalid', { key: stranger }],
      ['signature_invalid', { key: elsewhere }],
      ['signature_invalid', { tamper: { signature: '' } }],
      ['field_invalid', { tamper: { admin: true } }],
      ['field_invalid', { tamper: { results: [] } }],
      ['field_invalid', { raw: '{"results":' }],
      ['field_invalid', { raw: '[]' }],
    ];
    for (const [code, options] of whole) expect(await codeOf(run.reportTogether(two, options))).toBe(code);
    const signed = all.map((attempt) => [attempt, 'fine', { signature: 'x' }] as never);
    expect(await codeOf(run.reportTogether(signed))).toBe('field_invalid');
    // The signature of several is none of one, nor one of two that of the other.
    for (const attempt of all) expect(await run.kinds(attempt.job_id)).toEqual([]);
    expect(await run.reportTogether(two)).toMatchObject([{ outcome: 'settled' }, { outcome: 'settled' }]);
  });

  test('of a worker over HTTP come one by one', async () => {
    const attempt = await run.run('forwarded-together');
    const subject = subjects.forwardedResult(POOL, 'one', TENANT, TOPIC);
    const asked = run.reportTogether([[attempt, 'fine']], { subject, bus: run.ingress });
    expect(await codeOf(asked)).toBe('field_invalid');
    expect(await run.entries(attempt.job_id)).toEqual([]);
  });
});

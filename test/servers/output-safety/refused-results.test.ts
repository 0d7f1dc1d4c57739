/** Only the right worker's result for the current attempt counts, and it counts once. */
import { generateKeyPairSync } from 'node:crypto';
import { workerSubject } from '@countersign/contracts/control';
import { subjects } from '@countersign/contracts/subjects';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { codeOf } from '../../harness/code-of.ts';
import {
  type Attempt,
  POOL,
  type ReportOptions,
  type RunningOutputSafety,
  runOutputSafety,
  TENANT,
  TOPIC,
} from './run-output-safety.ts';

let run: RunningOutputSafety;
beforeAll(async () => {
  run = await runOutputSafety();
  await run.activate('*', {});
});
afterAll(() => run[Symbol.asyncDispose]());

describe('a result that does not count', () => {
  const stranger = generateKeyPairSync('ed25519').privateKey;
  const cases: [string, string, (attempt: Attempt) => ReportOptions][] = [
    ['signed by nobody known', 'signature_invalid', () => ({ key: stranger })],
    ["signed with another worker's key", 'signature_invalid', () => ({ key: run.keys.two! })],
    ['altered after signing', 'signature_invalid', () => ({ tamper: { output: 'other' } })],
    ['signed for another tenant', 'tenant_mismatch', () => ({ result: { tenant: 'rival' } })],
    ["under another worker's name", 'field_invalid', () => ({ result: { worker: 'two' } })],
    ['for another job', 'field_invalid', () => ({ result: { job_id: 'not-mine' } })],
    ['of another claim', 'claim_lost', () => ({ result: { claim_id: crypto.randomUUID() } })],
    ['of an earlier attempt', 'attempt_stale', () => ({ result: { attempt: 7 } })],
    ['for another topic', 'field_invalid', () => ({ subject: subjects.result(POOL, 'one', TENANT, 'job.desk.write') })],
    ['with a field too many', 'field_invalid', () => ({ tamper: { admin: true } })],
    ['without an output', 'field_invalid', () => ({ tamper: { output: undefined } })],
  ];
  test.each(cases)('%s: %s', async (name, code, options) => {
    const job_id = name.replaceAll(/[^a-z]/g, '-');
    const attempt = await run.run(job_id);
    const { dispatch_id, claim_id } = attempt;
    const answer = await run.report(attempt, 'fine', options(attempt));
    expect(answer).toEqual({ dispatch_id, claim_id, outcome: 'refused', code });
    expect(await run.outcome(attempt)).toBeUndefined();
    const entries = await run.entries(job_id);
    expect(entries[0]!.body).toMatchObject({ worker: 'one', sender_worker: 'one', dispatch_id: attempt.dispatch_id });
    expect(entries.map(({ kind, body }) => [kind, body.code])).toEqual([['result_rejected', code]]);
    // The attempt is still good for the result that is right.
    expect(await run.screened(attempt, 'fine')).toMatchObject({ output_decision: 'allow' });
  });

  test('one whose lease ran out, whose job has ended, whose worker was revoked', async () => {
    const [late, ended, revoked] = [
      await run.run('late', { lease_s: -1 }),
      await run.run('ended'),
      await run.run('revoked', { worker: 'one' }),
    ];
    await run.end(ended, 'cancelled');
    expect(await run.screened(late, 'x')).toBeUndefined();
    expect(await run.screened(ended, 'x')).toBeUndefined();
    await run.admin.query(`INSERT INTO control.revocations VALUES ($1, now())`, [
      workerSubject({ pool: POOL, worker: 'one' }),
    ]);
    expect(await run.screened(revoked, 'x')).toBeUndefined();
    await run.admin.query('DELETE FROM control.revocations');
    const codes = await Promise.all(['late', 'ended', 'revoked'].map((job_id) => run.entries(job_id)));
    expect(codes.map(([entry]) => entry!.body.code)).toEqual(['lease_expired', 'attempt_stale', 'revoked']);
  });

  test('one signed with a key that was replaced, once its overlap is over', async () => {
    const [old, fresh] = [run.keys.one!, generateKeyPairSync('ed25519')];
    const raw = fresh.publicKey.export({ format: 'jwk' }).x!;
    const replace = (until: string) =>
      run.admin.query(
        `UPDATE identity.workers SET former_key = coalesce(former_key, public_key), public_key = $2,
           former_key_until = clock_timestamp() + $1::interval WHERE worker = 'one'`,
        [until, raw],
      );
    await replace('1 hour');
    const signed = async (key: typeof old, job_id: string) => run.report(await run.run(job_id), 'fine', { key });
    expect(await signed(old, 'in-the-overlap')).toMatchObject({ outcome: 'settled' });
    await expect
      .poll(async () => (await signed(fresh.privateKey, `with-${crypto.randomUUID()}`)).outcome)
      .toBe('settled');
    await replace('0');
    await expect.poll(async () => (await signed(old, `old-${crypto.randomUUID()}`)).outcome).toBe('refused');
    await run.admin.query(
      `UPDATE identity.workers SET public_key = former_key, former_key = NULL, former_key_until = NULL WHERE worker = 'one'`,
    );
    await expect.poll(async () => (await signed(old, `again-${crypto.randomUUID()}`)).outcome).toBe('settled');
  });

  test('founds no chain for a job that does not exist', async () => {
    const nowhere: Attempt = {
      dispatch_id: crypto.randomUUID(),
      claim_id: crypto.randomUUID(),
      tenant: TENANT,
      job_id: 'nowhere',
      attempt: 1,
    };
    await run.report(nowhere, 'x');
    expect(await run.entries('nowhere')).toEqual([]);
  });

  test('is recorded a few times for one dispatch, then only counted', async () => {
    const attempt = await run.run('insistent');
    for (let i = 0; i < 10; i += 1) await run.report(attempt, i, { key: stranger });
    expect(await run.kinds('insistent')).toEqual(['result_rejected', 'result_rejected', 'result_rejected']);
    expect(await run.screened(attempt, 'fine')).toMatchObject({ output_decision: 'allow' });
  });

  test('never fails its neighbours', async () => {
    const good = await Promise.all(Array.from({ length: 20 }, (_, i) => run.run(`neighbour-${i}`)));
    const reports = good.flatMap((attempt, i) => [run.report(attempt, i), run.report(attempt, i, { key: stranger })]);
    await Promise.all(reports);
    const outcomes = await Promise.all(good.map((attempt) => run.outcome(attempt)));
    expect(outcomes.every((outcome) => outcome?.output_decision === 'allow')).toBe(true);
  });
});

describe('a result that cannot be read', () => {
  const texts: [string, string, string][] = [
    ['empty', '', 'json_malformed'],
    ['cut', '{', 'json_malformed'],
    ['a-list', '[]', 'field_invalid'],
    ['ambiguous', '{"a":1,"a":2}', 'json_duplicate_key'],
    ['with-nul', '{"output":"a\\u0000b"}', 'json_nul'],
    ['with-half-a-pair', '{"output":"\\ud800"}', 'json_lone_surrogate'],
    ['deep', '['.repeat(5_000), 'json_too_deep'],
  ];
  test.each(texts)(
    '%s: the attempt that its claim names has failed at once, with evidence',
    async (job_id, raw, code) => {
      const attempt = await run.run(job_id);
      const { dispatch_id, claim_id } = attempt;
      const before = await run.metric(`results_rejected_total{code="${code}"`);
      const answer = await run.report(attempt, null, { raw });
      expect(answer).toEqual({ dispatch_id, claim_id, outcome: 'settled', code });
      expect(await run.outcome(attempt)).toMatchObject({
        ...{
          job_id,
          status: 'failed',
          retryable: false,
          output_decision: 'quarantine',
          rule_id: 'built-in-unreadable',
        },
      });
      const entries = await run.entries(job_id);
      expect(entries.map(({ kind }) => kind)).toEqual(['output_screened']);
      expect(entries[0]!.body).toMatchObject({
        reason: `the result could not be read: ${code}`,
        worker: 'one',
        dispatch_id,
      });
      expect(await run.metric(`results_rejected_total{code="${code}"`)).toBe((before || 0) + 1);
      await run.end(attempt, 'failed');
      expect(await codeOf(run.read(job_id))).toBe('result_quarantined');
      // Told once more, and then something else: the first stands.
      expect(await run.report(attempt, null, { raw })).toMatchObject({ outcome: 'settled' });
      expect(await run.report(attempt, 'mended')).toMatchObject({ outcome: 'refused', code: 'attempt_stale' });
      expect(await run.kinds(job_id)).toEqual(['output_screened', 'result_rejected']);
    },
  );

  const others: [string, string, (attempt: Attempt) => ReportOptions][] = [
    ['another-claim', 'json_malformed', () => ({ claim: { claim_id: crypto.randomUUID() } })],
    ['another-topic', 'json_malformed', () => ({ subject: subjects.result(POOL, 'one', TENANT, 'job.desk.write') })],
    ['another-tenant', 'json_malformed', () => ({ subject: subjects.result(POOL, 'one', 'rival', TOPIC) })],
  ];
  test.each(others)(
    'from somebody who does not hold it (%s) is recorded and ends nothing',
    async (job_id, code, options) => {
      const attempt = await run.run(job_id);
      const answer = await run.report(attempt, null, { raw: '{', ...options(attempt) });
      expect(answer).toMatchObject({ outcome: 'refused', code });
      expect(await run.kinds(job_id)).toEqual(['result_rejected']);
      expect(await run.screened(attempt, 'fine')).toMatchObject({ output_decision: 'allow' });
    },
  );

  test('after the lease is too late', async () => {
    const attempt = await run.run('late-nonsense', { lease_s: -1 });
    expect(await run.report(attempt, null, { raw: '{' })).toMatchObject({ outcome: 'refused', code: 'lease_expired' });
    expect(await run.outcome(attempt)).toBeUndefined();
  });

  test('and names no claim outside is no result of anybody', async () => {
    const attempt = await run.run('unnamed');
    for (const header of ['', 'x', `${attempt.dispatch_id}`, `${attempt.dispatch_id}/x`]) {
      expect(await codeOf(run.report(attempt, 'x', { header }))).toBe('field_invalid');
    }
    expect(await run.entries('unnamed')).toEqual([]);
  });
});

describe.each([
  { apart: true, kinds: ['output_screened'] },
  { apart: false, kinds: ['output_screened', 'job_succeeded'] },
])('the same result again (in two steps: $apart)', ({ apart, kinds }) => {
  test('is settled without a word, however often and at once', async () => {
    await run.endApart(apart);
    const attempt = await run.run(`repeated-${apart}`);
    const answers = await Promise.all(Array.from({ length: 8 }, () => run.report(attempt, { n: 1 })));
    const { dispatch_id, claim_id } = attempt;
    expect(answers).toEqual(answers.map(() => ({ dispatch_id, claim_id, outcome: 'settled', code: null })));
    if (apart) await run.end(attempt, 'succeeded');
    await run.screened(attempt, { n: 1 });
    expect(await run.kinds(attempt.job_id)).toEqual(kinds);
    if (apart)
      await expect.poll(() => run.wakeUps.filter(({ body }) => body.job_id === attempt.job_id)).toHaveLength(1);
  });

  test('with other content is refused and changes nothing', async () => {
    await run.endApart(apart);
    const attempt = await run.run(`revised-${apart}`);
    await run.screened(attempt, 'first');
    await run.screened(attempt, 'second');
    if (apart) await run.end(attempt, 'succeeded');
    expect((await run.read(attempt.job_id)).output).toBe('first');
    expect(await run.kinds(attempt.job_id)).toEqual([...kinds, 'result_rejected']);
    await run.endApart(false);
  });
});

/** The output barrier on a real database and bus: what may leave, when, and through which door. */
import { createDecipheriv } from 'node:crypto';
import { canonicalize } from '@countersign/ledger/canonical-json';
import { saltedDigest } from '@countersign/ledger/digest';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { codeOf } from '../../harness/code-of.ts';
import {
  type Attempt,
  POOL,
  type RunningOutputSafety,
  runOutputSafety,
  SEAL_KEY,
  TENANT,
} from './run-output-safety.ts';

let run: RunningOutputSafety;
beforeAll(async () => {
  run = await runOutputSafety();
  await run.activate('*', {});
});
afterAll(() => run[Symbol.asyncDispose]());

const SSN = '536-90-4399';
const SECRET = 'ghp_16C7e42F292c6912E7710c838347Ae178B4a';

test('counts from the start', async () => {
  for (const decision of ['allow', 'redact', 'quarantine'])
    expect(await run.metric(`output_policy_${decision}_total`)).toBe(0);
});

describe('an output that may leave', () => {
  test('is readable only once its job has ended with it', async () => {
    await run.endApart(true);
    const attempt = await run.run('clean');
    const outcome = await run.screened(attempt, { name: 'Ada', open_tickets: 2 });
    expect(outcome).toMatchObject({ job_id: 'clean', status: 'succeeded', output_decision: 'allow', duration_ms: 12 });
    expect(await codeOf(run.read('clean'))).toBe('result_not_ready');
    await run.end(attempt, 'succeeded');
    const released = await run.read('clean');
    expect(released).toMatchObject({ dispatch_id: attempt.dispatch_id, attempt: 1, status: 'succeeded', findings: [] });
    expect(released.output).toEqual({ name: 'Ada', open_tickets: 2 });
    await run.endApart(false);
  });

  test('ends its job in the same step when nothing stands against it, and each service says its own part', async () => {
    const attempt = await run.run('at-once', { capability: 'desk."read"' });
    const outcome = await run.screened(attempt, { name: 'Ada' });
    expect(outcome).toMatchObject({
      job_id: 'at-once',
      status: 'succeeded',
      output_decision: 'allow',
      duration_ms: 12,
    });
    expect((await run.read('at-once')).output).toEqual({ name: 'Ada' });
    const [job] = await run.admin.query(
      `SELECT j.state, j.result_dispatch_id, a.state AS attempt, r.traceparent = j.traceparent AS same_trace
         FROM scheduler.jobs j JOIN scheduler.attempts a USING (tenant, job_id) JOIN output.results r USING (dispatch_id)
        WHERE j.job_id = 'at-once'`,
    );
    const { dispatch_id } = attempt;
    expect(job).toEqual({ state: 'succeeded', result_dispatch_id: dispatch_id, attempt: 'ended', same_trace: true });
    const [screened, ended] = await run.entries('at-once');
    const facts = {
      actor: 'desk-agent',
      owner: 'olivia',
      capability: 'desk."read"',
      worker: 'one',
      pool: POOL,
      attempt: 1,
    };
    expect(screened).toMatchObject({ kind: 'output_screened', recorded_by: 'countersign_output_safety', body: facts });
    expect(ended).toMatchObject({ kind: 'job_succeeded', recorded_by: 'countersign_scheduler', body: facts });
    expect(ended!.body).toMatchObject({ via: 'countersign_output_safety', released: true, dispatch_id, reason: null });
    expect(screened!.body).not.toHaveProperty('via');
    const rows = await run.admin.query<{ body: string }>(
      `SELECT body FROM ledger.entries WHERE chain = 'job:acme:at-once'`,
    );
    for (const { body } of rows) expect(canonicalize(JSON.parse(body))).toBe(body);
    expect(run.wakeUps.filter(({ body }) => body.job_id === 'at-once')).toEqual([]);
  });

  test.each(['first', 'last'])(
    'waits for the scheduler when somebody in the chain was revoked: the %s',
    async (place) => {
      const attempt = await run.run(`behind-${place}`);
      await run.admin.query('UPDATE scheduler.jobs SET on_behalf_of = $2 WHERE job_id = $1', [
        attempt.job_id,
        place === 'first' ? 'gone desk-bot/olivia' : 'carla gone/olivia',
      ]);
      await run.admin.query(
        `INSERT INTO control.revocations (subject, revoked_at) VALUES ('gone', now()) ON CONFLICT DO NOTHING`,
      );
      await run.screened(attempt, 'done');
      expect(await run.kinds(attempt.job_id)).toEqual(['output_screened']);
    },
  );

  test('tells the scheduler of the slot it leaves when jobs wait for it', async () => {
    await run.run('waiting');
    await run.admin.query(`UPDATE scheduler.jobs SET state = 'cleared' WHERE job_id = 'waiting'`);
    const { dispatch_id, ...attempt } = await run.run('before-it');
    await run.screened({ dispatch_id, ...attempt }, 1);
    await expect
      .poll(() => run.wakeUps.filter(({ body }) => body.job_id === 'before-it').map(({ body }) => body))
      .toEqual([{ tenant: TENANT, job_id: 'before-it', dispatch_id }]);
    await run.admin.query(`UPDATE scheduler.jobs SET state = 'cancelled' WHERE job_id = 'waiting'`);
  });

  test('tells the door where somebody waits for its job, or has the scheduler tell it where that ends it', async () => {
    const wakeUpsOf = (name: string) => run.wakeUps.filter(({ body }) => body.job_id === name);
    const waitFor = async (job_id: string) => {
      for (const body of [{ job_id }, null, { tenant: TENANT, job_id }]) run.ingress.hint('job.waited', body!);
      await run.ingress.check();
    };
    await waitFor('asked-for');
    await run.screened(await run.run('asked-for'), 1);
    const job = { tenant: TENANT, job_id: 'asked-for' };
    await expect.poll(() => wakeUpsOf('asked-for')).toEqual([{ subject: 'job.ended', body: job }]);
    await waitFor('breaks');
    const { dispatch_id, ...attempt } = await run.run('breaks');
    await run.screened({ dispatch_id, ...attempt }, 1, { result: { status: 'failed' } });
    const body = { tenant: TENANT, job_id: 'breaks', dispatch_id, waited: true };
    await expect.poll(() => wakeUpsOf('breaks')).toEqual([{ subject: 'job.screened.acme.desk.read', body }]);
  });

  test('is recorded by salted digest and announced by key', async () => {
    await run.endApart(true);
    const attempt = await run.run('recorded');
    await run.screened(attempt, 'a word nobody must repeat');
    const [entry, ...others] = await run.entries('recorded');
    expect(others).toEqual([]);
    const [row] = await run.admin.query<{ salt: string }>('SELECT salt FROM output.results WHERE job_id = $1', [
      'recorded',
    ]);
    const digest = saltedDigest(
      'countersign/output/v1',
      Buffer.from(row!.salt, 'base64url'),
      '"a word nobody must repeat"',
    );
    expect(entry).toMatchObject({ kind: 'output_screened', body: { output_digest: digest, output_decision: 'allow' } });
    expect(entry!.body).toMatchObject({ actor: 'desk-agent', owner: 'olivia', worker: 'one', pool: POOL, attempt: 1 });
    const { dispatch_id } = attempt;
    await expect
      .poll(() => run.wakeUps.filter(({ body }) => body.job_id === 'recorded'))
      .toEqual([{ subject: 'job.screened.acme.desk.read', body: { tenant: TENANT, job_id: 'recorded', dispatch_id } }]);
    await run.endApart(false);
  });

  test('may be any JSON, and comes back as it was', async () => {
    const outputs = [null, false, 0, '', [], JSON.parse('{"__proto__":1,"":[9007199254740991,-0.5,"é\\u2028"]}')];
    for (const [i, output] of outputs.entries()) {
      const attempt = await run.run(`any-${i}`);
      await run.screened(attempt, output);
      await run.end(attempt, 'succeeded');
      expect(canonicalize((await run.read(`any-${i}`)).output)).toBe(canonicalize(output));
    }
  });

  test("is an error's too, under the job's own end", async () => {
    const attempt = await run.run('failing');
    const outcome = await run.screened(
      attempt,
      { error: 'the customer does not exist' },
      { result: { status: 'failed', retryable: true } },
    );
    expect(outcome).toMatchObject({ status: 'failed', retryable: true, output_decision: 'allow' });
    await run.end(attempt, 'failed');
    expect(await run.read('failing')).toMatchObject({
      status: 'failed',
      output: { error: 'the customer does not exist' },
    });
  });
});

describe('an output that may not leave as it is', () => {
  const rowOf = async (attempt: Attempt) => {
    const [row] = await run.admin.query<{ content: string | null; sealed: Buffer }>(
      'SELECT content, sealed FROM output.results WHERE dispatch_id = $1',
      [attempt.dispatch_id],
    );
    return row!;
  };
  const unseal = (sealed: Buffer, dispatch_id: string): string => {
    const cipher = createDecipheriv('aes-256-gcm', SEAL_KEY, sealed.subarray(0, 12));
    cipher.setAAD(Buffer.from(dispatch_id)).setAuthTag(sealed.subarray(12, 28));
    return Buffer.concat([cipher.update(sealed.subarray(28)), cipher.final()]).toString('utf8');
  };

  test('is redacted where personal data stands in it', async () => {
    const attempt = await run.run('personal');
    const outcome = await run.screened(attempt, { customer: 'Ada', note: `her SSN is ${SSN}` });
    expect(outcome).toMatchObject({ output_decision: 'redact', rule_id: 'built-in-pii' });
    await run.end(attempt, 'succeeded');
    const released = await run.read('personal');
    expect(released.output).toEqual({ customer: 'Ada', note: 'her SSN is [redacted:us_ssn]' });
    expect(released.findings).toMatchObject([{ scanner: 'pii', type: 'us_ssn', place: '/note', count: 1 }]);
    expect(JSON.stringify(await run.entries('personal'))).not.toContain(SSN);
  });

  test('leaves without e-mail addresses and telephone numbers, which are personal data like any other', async () => {
    const attempt = await run.run('honest');
    const outcome = await run.screened(attempt, { mail: 'ada@example.com', phone: '+1 415 555 0132' });
    expect(outcome).toMatchObject({ output_decision: 'redact' });
    expect((await run.entries('honest'))[0]!.body.findings).toMatchObject([{ type: 'email' }, { type: 'phone' }]);
    await run.end(attempt, 'succeeded');
    const released = await run.read('honest');
    expect(released.output).toEqual({ mail: '[redacted:email]', phone: '[redacted:phone]' });
    // With the space: four digits alone occur by chance in ids and digests.
    expect(JSON.stringify(released)).not.toMatch(/ada@|555 0132/);
  });

  test('is quarantined where a secret stands in it, and shown nowhere', async () => {
    for (const end of ['quarantined', 'failed'] as const) {
      const job_id = `leaking-${end}`;
      const attempt = await run.run(job_id);
      await run.screened(attempt, { error: `login failed for ${SECRET}` }, { result: { status: 'failed' } });
      expect(await run.outcome(attempt)).toMatchObject({ status: 'failed', output_decision: 'quarantine' });
      await run.end(attempt, end);
      expect(await codeOf(run.read(job_id))).toBe('result_quarantined');
      const { content, sealed } = await rowOf(attempt);
      expect(content).toBeNull();
      expect(sealed.includes(SECRET)).toBe(false);
      expect(JSON.stringify([await run.entries(job_id), run.wakeUps])).not.toContain(SECRET);
    }
  });

  test('is kept sealed, under a key outside the database and bound to its dispatch', async () => {
    const [mine, other] = [await run.run('sealed-1'), await run.run('sealed-2')];
    await run.screened(mine, SECRET);
    await run.screened(other, { ssn: SSN });
    expect(unseal((await rowOf(mine)).sealed, mine.dispatch_id)).toBe(JSON.stringify(SECRET));
    expect(unseal((await rowOf(other)).sealed, other.dispatch_id)).toBe(JSON.stringify({ ssn: SSN }));
    const { sealed } = await rowOf(mine);
    expect(() => unseal(sealed, other.dispatch_id)).toThrow();
  });

  test('is quarantined when it is larger than its job may return', async () => {
    const attempt = await run.run('wordy', { max_output_bytes: 100 });
    expect(await run.screened(attempt, 'x'.repeat(99))).toMatchObject({ output_decision: 'quarantine', rule_id: null });
    const fitting = await run.run('terse', { max_output_bytes: 100 });
    expect(await run.screened(fitting, 'x'.repeat(98))).toMatchObject({ output_decision: 'allow' });
  });

  test.each([
    ['says that it touched as many as it may', 3, { affected: 3 }, 'succeeded', null],
    ['says that it touched nothing, and may not', 0, { affected: 0 }, 'succeeded', null],
    ['says that it touched more', 3, { affected: 4 }, 'failed', 'affected_exceeded: 4 touched, at most 3'],
    ['does not say', 3, {}, 'failed', 'affected_missing: the worker did not say how much it touched, at most 3'],
    ['says what nobody asked', undefined, { affected: 9 }, 'succeeded', null],
    ['failed anyway, and does not say', 3, { status: 'failed' as const }, 'failed', null],
  ])('of a run that %s is what came of it, with evidence', async (says, max_affected, result, status, fault) => {
    const job_id = says.replaceAll(/[^a-z]/g, '-');
    const attempt = await run.run(job_id, max_affected === undefined ? {} : { max_affected });
    const outcome = await run.screened(attempt, { done: true }, { result });
    expect(outcome).toMatchObject({ status, retryable: false, output_decision: 'allow' });
    const [screened] = await run.entries(job_id);
    expect(screened).toMatchObject({ kind: 'output_screened', body: { status, ...result } });
    if (fault !== null) expect(screened!.body).toMatchObject({ rule_id: 'built-in-affected', reason: fault });
    expect((await run.kinds(job_id)).includes('job_succeeded')).toBe(status === 'succeeded');
  });

  test('is quarantined when it is too large to be screened', async () => {
    const attempt = await run.run('huge', { max_output_bytes: 100_000_000 });
    expect(await run.screened(attempt, 'x '.repeat(600_000))).toMatchObject({ output_decision: 'quarantine' });
  });
});

describe('reading', () => {
  test('knows no job of another tenant, none that does not exist and none without a result', async () => {
    const attempt = await run.run('private', { tenant: 'rival' });
    await run.screened(attempt, 'mine');
    await run.end(attempt, 'succeeded');
    expect((await run.read('private', 'rival')).output).toBe('mine');
    expect(await codeOf(run.read('private', 'acme'))).toBe('not_found');
    expect(await codeOf(run.read('never-was'))).toBe('not_found');
    await run.run('without');
    await run.admin.query(`UPDATE scheduler.jobs SET state = 'expired' WHERE job_id = 'without'`);
    expect(await codeOf(run.read('without'))).toBe('not_found');
  });

  test("takes no other door: the scheduler's role sees outcomes, never content", async () => {
    const outcomes = await run.scheduler.query('SELECT * FROM output.outcomes LIMIT 1');
    expect(Object.keys(outcomes[0]!)).not.toContain('content');
    await expect(run.scheduler.query('SELECT content FROM output.results')).rejects.toThrow('permission denied');
    expect((await fetch(`${run.health_url}/readyz`)).status).toBe(200);
  });
});

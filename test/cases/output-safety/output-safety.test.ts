// The output barrier on a real database and bus: nothing is read before its release, and only the right worker's result
// for the current attempt counts.
import { createDecipheriv, generateKeyPairSync } from 'node:crypto';
import { CountersignError, type ErrorCode } from '@countersign/contracts/errors';
import { subjects } from '@countersign/contracts/subjects';
import { canonicalize } from '@countersign/ledger/canonical-json';
import { saltedDigest } from '@countersign/ledger/digest';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type Attempt,
  POOL,
  type ReportOptions,
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

const read = (job_id: string, tenant = TENANT) => run.ingress.call('output.read', { tenant, job_id });
const codeOf = async (work: Promise<unknown>): Promise<ErrorCode | 'none'> => {
  try {
    await work;
    return 'none';
  } catch (thrown) {
    if (thrown instanceof CountersignError) return thrown.code;
    throw thrown;
  }
};
const kindsOf = async (job_id: string): Promise<string[]> => (await run.entries(job_id)).map(({ kind }) => kind);
const screened = async (attempt: Attempt, output: unknown, options: ReportOptions = {}) => {
  await run.report(attempt, output, options);
  await run.settled();
  return run.outcome(attempt);
};

test('counts from the start', async () => {
  for (const decision of ['allow', 'redact', 'quarantine'])
    expect(await run.metric(`output_policy_${decision}_total`)).toBe(0);
});

describe('an output that may leave', () => {
  test('is readable only once its job has ended with it', async () => {
    const attempt = await run.run('clean');
    const outcome = await screened(attempt, { name: 'Ada', open_tickets: 2 });
    expect(outcome).toMatchObject({ job_id: 'clean', status: 'succeeded', output_decision: 'allow', duration_ms: 12 });
    expect(await codeOf(read('clean'))).toBe('result_not_ready');
    await run.end(attempt, 'succeeded');
    const released = await read('clean');
    expect(released).toMatchObject({ dispatch_id: attempt.dispatch_id, attempt: 1, status: 'succeeded', findings: [] });
    expect(released.output).toEqual({ name: 'Ada', open_tickets: 2 });
  });

  test('is recorded by salted digest and announced by key', async () => {
    const attempt = await run.run('recorded');
    await screened(attempt, 'a word nobody must repeat');
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
  });

  test('may be any JSON, and comes back as it was', async () => {
    const outputs = [null, false, 0, '', [], JSON.parse('{"__proto__":1,"":[9007199254740991,-0.5,"é\\u2028"]}')];
    for (const [i, output] of outputs.entries()) {
      const attempt = await run.run(`any-${i}`);
      await screened(attempt, output);
      await run.end(attempt, 'succeeded');
      expect(canonicalize((await read(`any-${i}`)).output)).toBe(canonicalize(output));
    }
  });

  test("is an error's too, under the job's own end", async () => {
    const attempt = await run.run('failing');
    const outcome = await screened(
      attempt,
      { error: 'the customer does not exist' },
      { result: { status: 'failed', retryable: true } },
    );
    expect(outcome).toMatchObject({ status: 'failed', retryable: true, output_decision: 'allow' });
    await run.end(attempt, 'failed');
    expect(await read('failing')).toMatchObject({ status: 'failed', output: { error: 'the customer does not exist' } });
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
    const outcome = await screened(attempt, { customer: 'Ada', note: `her SSN is ${SSN}` });
    expect(outcome).toMatchObject({ output_decision: 'redact', rule_id: 'built-in-pii' });
    await run.end(attempt, 'succeeded');
    const released = await read('personal');
    expect(released.output).toEqual({ customer: 'Ada', note: 'her SSN is [redacted:us_ssn]' });
    expect(released.findings).toMatchObject([{ scanner: 'pii', type: 'us_ssn', place: '/note', count: 1 }]);
    expect(JSON.stringify(await run.entries('personal'))).not.toContain(SSN);
  });

  test('leaves as it is with what is found in every honest output, which is recorded', async () => {
    const attempt = await run.run('honest');
    const outcome = await screened(attempt, { mail: 'ada@example.com', phone: '+1 415 555 0132' });
    expect(outcome).toMatchObject({ output_decision: 'allow', rule_id: null });
    expect((await run.entries('honest'))[0]!.body.findings).toMatchObject([{ type: 'email' }, { type: 'phone' }]);
  });

  test('is quarantined where a secret stands in it, and shown nowhere', async () => {
    const attempt = await run.run('leaking');
    await screened(attempt, { error: `login failed for ${SECRET}` }, { result: { status: 'failed' } });
    expect(await run.outcome(attempt)).toMatchObject({ status: 'failed', output_decision: 'quarantine' });
    await run.end(attempt, 'quarantined');
    expect(await codeOf(read('leaking'))).toBe('result_quarantined');
    await run.end(attempt, 'failed');
    expect(await codeOf(read('leaking'))).toBe('result_quarantined');
    const { content, sealed } = await rowOf(attempt);
    expect(content).toBeNull();
    expect(sealed.includes(SECRET)).toBe(false);
    expect(JSON.stringify([await run.entries('leaking'), run.wakeUps])).not.toContain(SECRET);
  });

  test('is kept sealed, under a key outside the database and bound to its dispatch', async () => {
    const [mine, other] = [await run.run('sealed-1'), await run.run('sealed-2')];
    await screened(mine, SECRET);
    await screened(other, { ssn: SSN });
    expect(unseal((await rowOf(mine)).sealed, mine.dispatch_id)).toBe(JSON.stringify(SECRET));
    expect(unseal((await rowOf(other)).sealed, other.dispatch_id)).toBe(JSON.stringify({ ssn: SSN }));
    const { sealed } = await rowOf(mine);
    expect(() => unseal(sealed, other.dispatch_id)).toThrow();
  });

  test('is quarantined when it is larger than its job may return', async () => {
    const attempt = await run.run('wordy', { max_output_bytes: 100 });
    expect(await screened(attempt, 'x'.repeat(99))).toMatchObject({ output_decision: 'quarantine', rule_id: null });
    const fitting = await run.run('terse', { max_output_bytes: 100 });
    expect(await screened(fitting, 'x'.repeat(98))).toMatchObject({ output_decision: 'allow' });
  });

  test('is quarantined when it is too large to be screened', async () => {
    const attempt = await run.run('huge', { max_output_bytes: 100_000_000 });
    expect(await screened(attempt, 'x '.repeat(600_000))).toMatchObject({ output_decision: 'quarantine' });
  });
});

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
    expect(await screened(attempt, 'fine', options(attempt))).toBeUndefined();
    const entries = await run.entries(job_id);
    expect(entries[0]!.body).toMatchObject({ worker: 'one', sender_worker: 'one', dispatch_id: attempt.dispatch_id });
    expect(entries.map(({ kind, body }) => [kind, body.code])).toEqual([['result_rejected', code]]);
    // The attempt is still good for the result that is right.
    expect(await screened(attempt, 'fine')).toMatchObject({ output_decision: 'allow' });
  });

  test('one whose lease ran out, whose job has ended, whose worker was revoked', async () => {
    const [late, ended, revoked] = [
      await run.run('late', { lease_s: -1 }),
      await run.run('ended'),
      await run.run('revoked', { worker: 'one' }),
    ];
    await run.end(ended, 'cancelled');
    expect(await screened(late, 'x')).toBeUndefined();
    expect(await screened(ended, 'x')).toBeUndefined();
    await run.admin.query(`UPDATE identity.workers SET revoked_at = now() WHERE worker = 'one'`);
    expect(await screened(revoked, 'x')).toBeUndefined();
    await run.admin.query(`UPDATE identity.workers SET revoked_at = NULL WHERE worker = 'one'`);
    const codes = await Promise.all(['late', 'ended', 'revoked'].map((job_id) => run.entries(job_id)));
    expect(codes.map(([entry]) => entry!.body.code)).toEqual(['lease_expired', 'attempt_stale', 'revoked']);
  });

  test('founds no chain for a job that does not exist, and no text is a result', async () => {
    const nowhere: Attempt = {
      dispatch_id: crypto.randomUUID(),
      claim_id: crypto.randomUUID(),
      tenant: TENANT,
      job_id: 'nowhere',
      attempt: 1,
    };
    await run.report(nowhere, 'x');
    const attempt = await run.run('garbled');
    for (const raw of ['', '{', '[]', '{"a":1,"a":2}', `{"dispatch_id":"${attempt.dispatch_id}"}`, '['.repeat(5_000)]) {
      await run.report(attempt, 'x', { raw });
    }
    await run.settled();
    expect(await run.entries('nowhere')).toEqual([]);
    expect(await kindsOf('garbled')).toEqual(['result_rejected']);
    expect(await run.metric('results_rejected_total{code="json_duplicate_key"')).toBe(1);
  });

  test('is recorded a few times for one dispatch, then only counted', async () => {
    const attempt = await run.run('insistent');
    for (let i = 0; i < 10; i += 1) await run.report(attempt, i, { key: stranger });
    await run.settled();
    expect(await kindsOf('insistent')).toEqual(['result_rejected', 'result_rejected', 'result_rejected']);
    expect(await screened(attempt, 'fine')).toMatchObject({ output_decision: 'allow' });
  });

  test('never fails its neighbours', async () => {
    const good = await Promise.all(Array.from({ length: 20 }, (_, i) => run.run(`neighbour-${i}`)));
    const publishes = good.flatMap((attempt, i) => [run.report(attempt, i), run.report(attempt, i, { key: stranger })]);
    await Promise.all(publishes);
    await run.settled();
    const outcomes = await Promise.all(good.map((attempt) => run.outcome(attempt)));
    expect(outcomes.every((outcome) => outcome?.output_decision === 'allow')).toBe(true);
  });
});

describe('the same result again', () => {
  test('is settled without a word, however often and at once', async () => {
    const attempt = await run.run('repeated');
    await Promise.all(Array.from({ length: 8 }, () => run.report(attempt, { n: 1 })));
    await run.settled();
    await run.end(attempt, 'succeeded');
    await screened(attempt, { n: 1 });
    expect(await kindsOf('repeated')).toEqual(['output_screened']);
    expect(run.wakeUps.filter(({ body }) => body.job_id === 'repeated')).toHaveLength(1);
  });

  test('with other content is refused and changes nothing', async () => {
    const attempt = await run.run('revised');
    await screened(attempt, 'first');
    await screened(attempt, 'second');
    await run.end(attempt, 'succeeded');
    expect((await read('revised')).output).toBe('first');
    expect(await kindsOf('revised')).toEqual(['output_screened', 'result_rejected']);
  });
});

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
    await run.report(attempt, 'fine');
    await expect.poll(async () => (await fetch(`${run.health_url}/readyz`)).status).toBe(503);
    expect(await codeOf(read('patient'))).not.toBe('none');
    await run.admin.query(`GRANT CONNECT ON DATABASE ${row!.name} TO ${role}`);
    await run.settled();
    expect(await run.outcome(attempt)).toMatchObject({ output_decision: 'allow' });
  });

  test('two instances screen one result once', async () => {
    await run.startAnother();
    const attempts = await Promise.all(Array.from({ length: 30 }, (_, i) => run.run(`shared-${i}`)));
    await Promise.all(attempts.flatMap((attempt, i) => Array.from({ length: 6 }, () => run.report(attempt, i))));
    await run.settled();
    const kinds = await Promise.all(attempts.map(({ job_id }) => kindsOf(job_id)));
    expect(kinds).toEqual(attempts.map(() => ['output_screened']));
  });
});

describe('policy', () => {
  const policyOf = async (job_id: string, tenant: string) => (await run.entries(job_id, tenant))[0]!.body.policy_epoch;

  test('a new one holds for the next result, though the old one was in memory', async () => {
    await run.activate('turner', {});
    const before = await run.run('turn-1', { tenant: 'turner' });
    expect(await screened(before, SSN)).toMatchObject({ output_decision: 'redact' });
    await run.activate('turner', { rules: [{ id: 'no-pii', match: { scanners: ['pii'] }, decision: 'quarantine' }] });
    const after = await run.run('turn-2', { tenant: 'turner' });
    expect(await screened(after, SSN)).toMatchObject({ output_decision: 'quarantine', rule_id: 'no-pii' });
    expect(await policyOf('turn-2', 'turner')).not.toBe(await policyOf('turn-1', 'turner'));
  });

  test('rules may look at the capability, which only the scheduler knows', async () => {
    const rules = [{ id: 'no-admin', match: { capabilities: ['*.admin'] }, decision: 'quarantine' as const }];
    await run.activate('careful', { rules });
    const [admin, reader] = [
      await run.run('by-admin', { tenant: 'careful', capability: 'desk.admin' }),
      await run.run('by-reader', { tenant: 'careful' }),
    ];
    expect(await screened(admin, 'x')).toMatchObject({ output_decision: 'quarantine', rule_id: 'no-admin' });
    expect(await screened(reader, 'x')).toMatchObject({ output_decision: 'allow' });
  });

  test('what cannot be scanned stays in, unless the policy says otherwise aloud', async () => {
    const tooMany = Array.from({ length: 240_000 }, () => 'a');
    const closed = await run.run('unscannable');
    expect(await screened(closed, tooMany)).toMatchObject({ output_decision: 'quarantine' });
    await run.activate('trusting', { fail_mode: 'open' });
    const open = await run.run('let-through', { tenant: 'trusting' });
    expect(await screened(open, tooMany)).toMatchObject({ output_decision: 'allow' });
    expect((await run.entries('let-through', 'trusting'))[0]!.body).toMatchObject({ fail_mode: 'open' });
    expect(await run.metric('output_fail_open_total')).toBe(1);
  });

  test('one that cannot be read lets nothing out', async () => {
    await run.activate('broken', { rules: 'all of them' as never });
    const attempt = await run.run('unruled', { tenant: 'broken' });
    expect(await screened(attempt, 'x')).toMatchObject({ output_decision: 'quarantine', rule_id: null });
    await run.activate('broken', {});
    const mended = await run.run('ruled', { tenant: 'broken' });
    expect(await screened(mended, 'x')).toMatchObject({ output_decision: 'allow' });
  });

  test('none at all lets nothing out', async () => {
    await run.admin.query(`DELETE FROM control.policies WHERE scope = '*'`);
    const attempt = await run.run('lawless', { tenant: 'lawless' });
    expect(await screened(attempt, 'x')).toMatchObject({ output_decision: 'quarantine', rule_id: null });
  });
});

describe('reading', () => {
  test('knows no job of another tenant, none that does not exist and none without a result', async () => {
    const attempt = await run.run('private', { tenant: 'trusting' });
    await screened(attempt, 'mine');
    await run.end(attempt, 'succeeded');
    expect((await read('private', 'trusting')).output).toBe('mine');
    expect(await codeOf(read('private', 'acme'))).toBe('not_found');
    expect(await codeOf(read('never-was'))).toBe('not_found');
    await run.run('without');
    await run.admin.query(`UPDATE scheduler.jobs SET state = 'expired' WHERE job_id = 'without'`);
    expect(await codeOf(read('without'))).toBe('not_found');
  });

  test("takes no other door: the scheduler's role sees outcomes, never content", async () => {
    const outcomes = await run.scheduler.query('SELECT * FROM output.outcomes LIMIT 1');
    expect(Object.keys(outcomes[0]!)).not.toContain('content');
    await expect(run.scheduler.query('SELECT content FROM output.results')).rejects.toThrow('permission denied');
    expect((await fetch(`${run.health_url}/readyz`)).status).toBe(200);
  });
});

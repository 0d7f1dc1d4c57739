/** The kernel on a real database and bus: which policy decides, what it remembers, and what can never become active. */
import type { CountersignError } from '@countersign/contracts/errors';
import type { Running } from '@countersign/platform/service';
import { buildBundle, signBundle } from '@countersign/policy/build-bundle';
import { showDocument } from '@countersign/policy-kernel/show-document';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { AGENT, requestOf } from '../../cases/policy/ask-policy.ts';
import { codeOf } from '../../harness/code-of.ts';
import { type DecideAnswers, type RunningKernels, runKernels, SIGNER, VALID } from './run-kernel.ts';

const READS = 'rules: [{ id: read, match: { topics: ["job.read.*"] }, decision: allow, reason: reading }]';
const NOTHING = 'rules: [{ id: never, match: {}, decision: deny, reason: closed }]';
const READ = { topic: 'job.read.users' };

let run: RunningKernels;
let kernel: Running;
let health_url: string;
beforeAll(async () => {
  run = await runKernels();
  // A model that is nowhere: it counts for policies alone that name one.
  kernel = await run.startKernel({ MODEL_DETECTOR: '{"url":"http://127.0.0.1:9/"}' });
  health_url = kernel.services[0]!.health_url;
});
afterAll(async () => {
  await kernel?.[Symbol.asyncDispose]();
  await run?.[Symbol.asyncDispose]();
});

function decided(answer: DecideAnswers[number]) {
  if (!answer.ok) throw new Error(answer.error.code);
  return answer.value.decisions.at(-1)!;
}

async function metric(name: string): Promise<number> {
  const text = await (await fetch(`${health_url}/metrics`)).text();
  return Number(
    text
      .split('\n')
      .find((line) => line.startsWith(`countersign_${name}`) && !line.startsWith('#'))
      ?.split(' ')
      .at(-1) ?? 0,
  );
}

describe('without a policy', () => {
  test('nothing is decided, and the kernel is not ready', async () => {
    expect(await run.ask(READ)).toMatchObject({ ok: false, error: { code: 'policy_missing' } });
    expect(await codeOf(run.ingress.call('policy.active', { tenant: 'default' }))).toBe('policy_missing');
    expect((await fetch(`${health_url}/readyz`)).status).toBe(503);
  });
});

describe('with a policy', () => {
  beforeEach(() => run.publish(READS).then(() => undefined));

  test('decides under its version, snapshot and epoch, and says what is active', async () => {
    const epoch = await run.activeEpoch();
    await expect.poll(async () => decided(await run.ask(READ, { min_epoch: epoch })).policy_epoch).toBe(epoch);
    const active = await run.ingress.call('policy.active', { tenant: 'default' });
    expect(decided(await run.ask(READ))).toMatchObject({
      decision: 'allow',
      rule_id: 'read',
      policy_version: active.version,
      policy_snapshot: active.snapshot,
    });
    expect(active).toMatchObject({
      scope: 'default',
      epoch,
      rules: [{ id: 'read', decision: 'allow', reason: 'reading' }],
    });
    expect((await fetch(`${health_url}/readyz`)).status).toBe(200);
  });

  test('answers each item of a batch for itself, in order', async () => {
    const items = [READ, { topic: 'job.write.x' }, { ...READ, tenant: 'stranger' }].map((body) => ({
      gate: 'submit' as const,
      request: requestOf(body),
      actor: AGENT,
      job_hash: `sha256:${'1'.repeat(64)}`,
      salt: Buffer.alloc(16, 1).toString('base64url'),
      min_epoch: 0,
    }));
    const { answers } = await run.scheduler.call('policy.decide', { items });
    expect(answers.map((answer) => (answer.ok ? answer.value.decisions[0]!.decision : answer.error.code))).toEqual([
      'allow',
      'deny',
      'policy_missing',
    ]);
  });

  test('publishing the same files again changes nothing', async () => {
    const [epoch, version] = [await run.activeEpoch(), await run.publish(READS)];
    expect(await run.publish(READS)).toBe(version);
    expect(await run.activeEpoch()).toBe(epoch);
  });

  test('an epoch that the caller has seen is never answered with an older one', async () => {
    const before = await run.activeEpoch();
    expect(await run.ask(READ, { min_epoch: before + 1_000 })).toMatchObject({
      ok: false,
      error: { code: 'epoch_stale' },
    });
    await run.publish(NOTHING);
    const epoch = await run.activeEpoch();
    expect(decided(await run.ask(READ, { min_epoch: epoch }))).toMatchObject({ decision: 'deny', policy_epoch: epoch });
  });

  test('simulates and explains on the same path, and stores nothing', async () => {
    const items = [{ request: requestOf({ topic: 'job.write.users' }), actor: AGENT }];
    const question = { tenant: 'default', items, candidate: null };
    const { answers } = await run.ingress.call('policy.simulate', question);
    expect(answers[0]).toMatchObject({ ok: true, value: { decisions: [{ decision: 'deny', rule_id: null }] } });
    const [explained] = (await run.ingress.call('policy.explain', question)).answers;
    if (!explained?.ok) throw new Error('no explanation');
    expect(explained.value.steps).toContainEqual({
      step: 'rules',
      outcome: 'fails',
      rule_id: 'read',
      detail: 'first failed: topics',
    });
    expect(explained.value.text).toContain('no rule matched');
  });
});

describe('a policy with scanners of its own', () => {
  const SECRETS = `${READS}\ninput_rules: [{ id: ours, match: { types: [custom-acme] }, decision: deny }]`;
  const acme = "rules: [{ id: acme, regex: 'acme-[a-z0-9]{8}' }]";
  const item = (prompt: string) => ({ request: requestOf({ ...READ, prompt }), actor: AGENT });

  test('decides, simulates and explains by its rules, small contents and costly ones', async () => {
    await run.publish(SECRETS, { files: { 'scanners.yaml': acme } });
    const costly = `${'x'.repeat(60_000)} acme-12345678`;
    expect(decided(await run.ask({ ...READ, prompt: 'use acme-12345678' }))).toMatchObject({ rule_id: 'ours' });
    // The process that scans starts with the first of them.
    await expect
      .poll(async () => decided(await run.ask({ ...READ, prompt: costly })), { timeout: 25_000 })
      .toMatchObject({ decision: 'deny', findings: [{ type: 'custom-acme', place: '/prompt' }] });
    const question = { tenant: 'default', candidate: null, items: [item(costly), item('fine')] };
    for (const verb of ['policy.simulate', 'policy.explain'] as const) {
      const { answers } = await run.ingress.call(verb, question);
      const decisions = answers.map((answer) => answer.ok && answer.value.decisions[0]!.decision);
      expect(decisions).toEqual(['deny', 'allow']);
    }
  });

  test('that asks a model which gives no answer lets nothing pass that its rules look at', async () => {
    const asking = SECRETS.replace('custom-acme', 'model-orders');
    await run.publish(asking, { files: { 'scanners.yaml': 'models: [{ name: orders }]' } });
    const answer = await run.ask({ ...READ, prompt: 'fine' });
    expect(decided(answer)).toMatchObject({ decision: 'deny', model: 'failed_closed' });
    expect(await metric('model_calls_total')).toBeGreaterThan(0);
  });
});

describe('cache', () => {
  const job = { ...READ, payload: { n: 1 } };
  const submit = async (body: Record<string, unknown>, salt: string) => {
    const answer = await run.ask(body, { salt });
    if (!answer.ok) throw new Error(answer.error.code);
    return { decision: answer.value.decisions.at(-1)!, rewritten: answer.value.rewritten! };
  };
  const dispatch = async (request: Record<string, unknown>, salt: string) =>
    decided(await run.ask(request, { salt, gate: 'dispatch' }));
  const salt = (n: number): string => Buffer.alloc(16, n).toString('base64url');

  test('is the second look of the dispatch gate, with a decision of its own', async () => {
    await run.publish(READS);
    const first = await submit(job, salt(1));
    const second = await dispatch(first.rewritten, salt(1));
    expect(second).toMatchObject({
      cached: true,
      gate: 'dispatch',
      decision: 'allow',
      effective_digest: first.decision.effective_digest,
    });
    expect(second.decision_id).not.toBe(first.decision.decision_id);
    const { decision_id: _, decided_at: __, ...same } = { ...second, cached: false, gate: 'submit' };
    expect(first.decision).toMatchObject(same);
  });

  test('never answers for another payload, job, actor or tenant', async () => {
    await run.publish(READS);
    const { rewritten } = await submit(job, salt(2));
    expect((await dispatch({ ...rewritten, payload: { n: 2 } }, salt(2))).cached).toBe(false);
    expect((await dispatch({ ...rewritten, job_id: 'job-2' }, salt(2))).cached).toBe(false);
    expect((await dispatch(rewritten, salt(3))).cached).toBe(false);
  });

  test('is empty after an activation', async () => {
    await run.publish(READS);
    const { rewritten } = await submit(job, salt(4));
    await run.publish(NOTHING);
    const epoch = await run.activeEpoch();
    const answer = await run.ask(rewritten, { salt: salt(4), gate: 'dispatch', min_epoch: epoch });
    expect(decided(answer)).toMatchObject({ decision: 'deny', cached: false });
  });

  test('is empty after a switch', async () => {
    await run.publish(READS);
    const { rewritten } = await submit(job, salt(5));
    expect((await dispatch(rewritten, salt(5))).cached).toBe(true);
    await run
      .as('countersign_scheduler')
      .query(`SELECT control.set_switch('s1', 'topic', 'job.none', NULL, true, 'test')`);
    await expect.poll(async () => (await dispatch(rewritten, salt(5))).cached).toBe(false);
  });
});

describe('a bundle', () => {
  const build = async (policy: string, version: number, tenants = ['default']) => {
    const built = await buildBundle({ 'policy.yaml': policy }, { version, tenants, ...VALID });
    if (!built.ok) throw new Error('does not compile');
    return signBundle(built.document, SIGNER);
  };

  test('is activated with evidence by the kernel’s own role', async () => {
    const version = await run.publish(`${READS}\ndefault_decision: deny`);
    const last = (await run.entries('policy:default')).at(-1)!;
    expect(last).toMatchObject({ kind: 'policy_activated', recorded_by: 'countersign_policy_kernel' });
    expect(last.body).toMatchObject({
      policy_version: version,
      policy_epoch: await run.activeEpoch(),
      key_ids: ['dev'],
    });
  });

  test('that does not verify, or is not newer, leaves the last known good one', async () => {
    const version = await run.publish(READS);
    const epoch = await run.activeEpoch();
    const rejected = await metric('policy_rejected_total');
    const unsigned = { ...(await build(NOTHING, version + 1)), signatures: [] };
    const forged = { ...(await build(NOTHING, version + 2)), files: { 'policy.yaml': 'default_decision: allow' } };
    expect(await run.judge(JSON.stringify(unsigned))).toMatchObject({ state: 'rejected', code: 'bundle_unsigned' });
    expect(await run.judge(JSON.stringify(forged))).toMatchObject({ state: 'rejected', code: 'bundle_file_altered' });
    expect(await run.judge('nonsense')).toMatchObject({ state: 'rejected', code: 'bundle_malformed' });
    expect(await run.judge(JSON.stringify(await build(NOTHING, version)))).toMatchObject({
      state: 'rejected',
      code: 'bundle_not_newer',
    });
    expect(await run.activeEpoch()).toBe(epoch);
    expect(decided(await run.ask(READ))).toMatchObject({ decision: 'allow', policy_epoch: epoch });
    expect(await metric('policy_rejected_total')).toBeGreaterThan(rejected);
    // A rejected one is judged again when it is published again: what was wrong may have been on this side.
    expect(await run.judge('nonsense')).toMatchObject({ state: 'rejected', code: 'bundle_malformed' });
    const codes = [...(await run.entries('policy:_')), ...(await run.entries('policy:default'))]
      .filter(({ kind }) => kind === 'policy_rejected')
      .map(({ body }) => body.code);
    expect(codes).toEqual(
      expect.arrayContaining(['bundle_unsigned', 'bundle_file_altered', 'bundle_malformed', 'bundle_not_newer']),
    );
  });

  test('of several tenants is activated for all or for none', async () => {
    await run.publish(READS, { tenants: ['default'] });
    const before = [await run.activeEpoch('default'), await run.activeEpoch('fresh')];
    expect(await run.judge(JSON.stringify(await build(NOTHING, 1, ['default', 'fresh'])))).toMatchObject({
      code: 'bundle_not_newer',
    });
    expect([await run.activeEpoch('default'), await run.activeEpoch('fresh')]).toEqual(before);
  });

  test('of everybody decides for a tenant without its own', async () => {
    await run.publish(NOTHING, { tenants: ['*'] });
    await run.publish(READS);
    const epoch = await run.activeEpoch('*');
    await expect.poll(async () => (await run.ask({ ...READ, tenant: 'stranger' }, { min_epoch: epoch })).ok).toBe(true);
    expect(decided(await run.ask({ ...READ, tenant: 'stranger' }))).toMatchObject({
      decision: 'deny',
      rule_id: 'never',
    });
    expect(decided(await run.ask(READ))).toMatchObject({ decision: 'allow' });
    const kernel = run.as('countersign_policy_kernel');
    const active = await run
      .as('countersign_scheduler')
      .query<{ scope: string; snapshot: string }>('SELECT scope, snapshot FROM policy.active_pools');
    const textFor = (tenant: string, of: string): Promise<unknown> => {
      const { snapshot } = active.find(({ scope }) => scope === of)!;
      return showDocument(kernel, { tenant, global: false, snapshot }).then(
        ({ document }) => typeof JSON.parse(document),
        (thrown: CountersignError) => thrown.code,
      );
    };
    // Its auditor reads the text of what decided, which is not the tenant's own, and nobody else's.
    expect(await textFor('stranger', '*')).toBe('object');
    expect(await textFor('stranger', 'default')).toBe('not_found');
    expect(await textFor('default', 'default')).toBe('object');
  });
});

describe('what the other services read', () => {
  test('pools and output policy of the active policy, each its own', async () => {
    const pools = 'pools: [{ id: readers, capabilities: [a.read], concurrency: 2 }]';
    const policy = `${READS}\nscanning: { countries: [FR, DE] }`;
    await run.publish(policy, { files: { 'pools.yaml': pools } });
    const scheduler = run.as('countersign_scheduler');
    const [row] = await scheduler.query(
      `SELECT version, snapshot, pools FROM policy.active_pools WHERE scope = 'default'`,
    );
    const active = await run.ingress.call('policy.active', { tenant: 'default' });
    expect(row).toEqual({
      version: active.version,
      snapshot: active.snapshot,
      pools: [{ id: 'readers', capabilities: ['a.read'], concurrency: 2, enforces: [] }],
    });
    const output = run.as('countersign_output_safety');
    expect(await output.query(`SELECT output_policy FROM policy.active_output WHERE scope = 'default'`)).toEqual([
      { output_policy: { enabled: true, fail_mode: 'closed', scanning: { countries: ['DE', 'FR'], tenants: [] } } },
    ]);
    await expect(scheduler.query('SELECT * FROM policy.bundles')).rejects.toThrow('permission denied');
    await expect(output.query('SELECT * FROM policy.active_pools')).rejects.toThrow('permission denied');
    await expect(run.own.query(`DELETE FROM policy.activations`)).rejects.toThrow('permission denied');
  });
});

test('settings that are wrong are all named', async () => {
  await expect(run.startKernel({ TRUST_ROOT: '{', STATE_DIR: '' })).rejects.toThrow(/TRUST_ROOT[\s\S]*STATE_DIR/);
});

describe('what a run did before', () => {
  const TAINT = `
run: { by: BY }
topics:
  job.crm.read: { data: [customer], required_labels: [run] }
  job.note.send: { derive_labels: { run: /thread/id } }
rules:
  - { id: no-send, match: { topics: [job.mail.send, job.note.send], run: { released: [customer] } }, decision: deny }
  - { id: rest, match: {}, decision: allow }`;
  const SEND = { topic: 'job.mail.send', job_id: 'send', labels: { run: 'r1' } };

  /** As the scheduler leaves it when a job has ended. */
  const ran = (
    job_id: string,
    { run: of = 'r1', state = 'succeeded', released = true, actor = AGENT.id, age = '0 hours' } = {},
  ) =>
    run.admin.query(
      `INSERT INTO scheduler.jobs (tenant, job_id, topic, labels, actor, auth_method, state, decision, policy_version,
         policy_snapshot, policy_epoch, job_hash, attempt, runs, deadline_at, traceparent, result_dispatch_id, created_at, updated_at)
       VALUES ('default', $1, 'job.crm.read', $2, $3, 'api_key', $4, 'allow', 1, '', 1, '', 1, 1, now(), '',
         CASE WHEN $5 THEN gen_random_uuid() END, now() - $6::interval, now() - $6::interval)`,
      [job_id, JSON.stringify({ run: of }), actor, state, released, age],
    );
  const rule = async (body: object = SEND, gate: 'submit' | 'dispatch' = 'submit') => {
    const made = decided(await run.ask({ ...SEND, ...body }, { gate }));
    return made.reason.includes('run_unknown') ? 'unknown' : made.rule_id;
  };

  test('is read at each gate, names the job, and nothing decided on it is sealed or kept', async () => {
    await run.publish(TAINT.replace('BY', 'run'));
    await expect.poll(() => rule()).toBe('rest');
    await ran('held-back', { state: 'quarantined' });
    await ran('running', { state: 'running', released: false });
    await ran('other-run', { run: 'r2' });
    const before = await run.ask(SEND);
    expect(before).toMatchObject({ ok: true, value: { reusable: null } });
    expect(decided(before)).toMatchObject({ rule_id: 'rest', reads_now: true, run: { jobs: 2, released: [] } });
    // The same job at the dispatch gate, after another one of its run has ended in between.
    expect(await rule(SEND, 'dispatch')).toBe('rest');
    await ran('read-1');
    expect(await rule(SEND, 'dispatch')).toBe('no-send');
    expect(decided(await run.ask(SEND)).run?.released).toEqual([{ data: 'customer', job_id: 'read-1' }]);
    expect(await rule({ labels: { run: 'r3' } })).toBe('rest');
    expect(await rule({ labels: {} })).toBe('unknown');
    expect(await rule({ topic: 'job.other', labels: {} })).toBe('rest');
    // The payload says which run it is, and nothing else is believed.
    const note = (id: string | undefined, labels = {}) => ({
      topic: 'job.note.send',
      labels,
      payload: { thread: { id } },
    });
    expect(await rule(note('r1'))).toBe('no-send');
    expect(await rule(note('r3'))).toBe('rest');
    expect(await rule(note(undefined))).toBe('unknown');
    expect(await run.ask({ ...SEND, ...note('r1', { run: 'r3' }) })).toMatchObject({
      error: { code: 'facts_contradicted' },
    });
    const [asked] = (
      await run.ingress.call('policy.explain', {
        tenant: 'default',
        items: [{ request: requestOf(SEND), actor: AGENT }],
        candidate: null,
      })
    ).answers;
    expect(asked?.ok && asked.value.text).toContain('released customer (job read-1)');
  });

  test('of an agent follows it into another run, counts what people released later, and ends with its time', async () => {
    await run.publish(TAINT.replace('BY', 'agent, within: 1h'));
    await expect.poll(() => rule({ labels: { run: 'r3' } })).toBe('no-send');
    const other = { ...AGENT, id: 'agent-2' };
    const ofOther = async () => decided(await run.ask({ ...SEND, labels: { run: 'r3' } }, { actor: other })).rule_id;
    await ran('old', { actor: other.id, age: '2 hours' });
    await ran('held-2', { actor: other.id, state: 'quarantined' });
    expect(await ofOther()).toBe('rest');
    await run.admin.query(
      `WITH job AS (SELECT result_dispatch_id FROM scheduler.jobs WHERE job_id = 'held-2'), stored AS (
         INSERT INTO output.results (dispatch_id, tenant, job_id, attempt, pool, worker, status, retryable, output_decision,
           reason, findings, output_digest, duration_ms, traceparent)
         SELECT result_dispatch_id, 'default', 'held-2', 1, 'p', 'w', 'succeeded', false, 'quarantine', '', '[]', '', 1, '' FROM job)
       INSERT INTO output.reviews (dispatch_id, turn, action, reviewer, reason, released_digest)
       SELECT result_dispatch_id, 1, 'released', 'ana', 'fine', 'sha256:0' FROM job`,
    );
    expect(await ofOther()).toBe('no-send');
  });

  test('of a run with more jobs than are looked at is not known, but as it stood before them it is', async () => {
    await run.publish(TAINT.replace('BY', 'run'));
    await run.admin.query(
      `INSERT INTO scheduler.jobs (tenant, job_id, topic, labels, actor, auth_method, state, decision, policy_version,
         policy_snapshot, policy_epoch, job_hash, attempt, runs, deadline_at, traceparent)
       SELECT 'default', 'many-' || i, 'job.a', '{"run":"long"}', 'a', 'api_key', 'succeeded', 'allow', 1, '', 1, '', 1, 1, now(), ''
         FROM generate_series(1, 1001) AS i`,
    );
    await expect.poll(() => rule({ labels: { run: 'long' } })).toBe('unknown');
    expect(await rule({ labels: { run: 'short' } })).toBe('rest');
    const asOf = async (age: string) => {
      const [read] = await run.admin.query<{ histories: unknown }>(
        `SELECT scheduler.run_history(ARRAY['default'], ARRAY['a'], ARRAY['long'], ARRAY['own'], ARRAY[NULL]::bigint[],
           ARRAY[now() - $1::interval], 1000) AS histories`,
        [age],
      );
      return read!.histories;
    };
    expect([await asOf('0'), await asOf('1 hour')]).toEqual([[null], [[]]]);
  });
});

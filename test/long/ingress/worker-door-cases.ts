/**
 * Workers over HTTP against the whole system, part of its one set-up (end-to-end.test.ts): one job through every step, what another pool, another key, a replay or a
 * stolen ingress can do with it, and how soon a revocation ends a wait.
 */
import { generateKeyPairSync, randomUUID } from 'node:crypto';
import type { ToolCall } from '@countersign/adapter-core/gate';
import { type LocalOptions, localGate } from '@countersign/adapter-core/local-gate';
import { settle } from '@countersign/adapter-core/remote-gate';
import { createClient } from '@countersign/client/create-client';
import { LIMITS } from '@countersign/contracts/limits';
import { poolConsumer } from '@countersign/contracts/streams';
import { subjects } from '@countersign/contracts/subjects';
import { RESULT_CLAIM_HEADER, type UnsignedResult, writeResultClaim } from '@countersign/contracts/worker';
import { WORKER_HEADERS } from '@countersign/contracts/worker-door';
import { waitUntil } from '@countersign/infra/wait-until';
import { revokeIdentity } from '@countersign/ingress/revoke-identity';
import { type Bus, connectBus } from '@countersign/platform/bus';
import { createWorker } from '@countersign/worker/create-worker';
import { signResult } from '@countersign/worker/sign-result';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { actAs } from '../../harness/act-as-role.ts';
import { type Knocker, knockAsWorker } from '../../harness/knock-as-worker.ts';
import { kindsOf } from '../../harness/read-evidence.ts';
import type { TestSystem } from '../../harness/start-system.ts';
import { waitForEnd } from '../../harness/wait-for-job.ts';

/** Nobody on the bus takes its work here. */
const POOL = 'desk-read';
const OTHER_POOL = 'desk-write';
const TOPIC = 'job.desk.read.customer';
let system: TestSystem;
let worker: Knocker;
let other: Knocker;

/** `running`: the system of the file, once it stands. */
export function workerDoorCases(running: () => TestSystem): void {
  beforeAll(() => {
    system = running();
    worker = knockAsWorker(system, POOL);
    other = knockAsWorker(system, OTHER_POOL);
  });
  describe('a worker over HTTP', takesPart);
  describe('an agent whose process is a pool of one', runsToolsHere);
  describe('at the door of workers nobody', comesInUnasked);
  describe('whoever took ingress over', cannotActForWorkers);
  test('a revocation ends a wait within a second, and no work is handed out after it', revocationEndsWaits);
}

async function submit(): Promise<string> {
  const { status, body } = await system.api('agent', 'POST', '/api/v1/jobs', { topic: TOPIC, payload: { text: 'x' } });
  expect(status).toBe(202);
  return body.job_id;
}

type Delivered = { subject: string; dispatch_id: string; message: string; receipt: string };

async function take(job_id: string): Promise<Delivered> {
  return waitUntil(`job ${job_id} is handed out`, async () => {
    const { status, body } = await worker.ask('next', { wait_ms: 2_000 });
    expect(status).toBe(200);
    return body.delivery?.message.includes(job_id) && body.delivery;
  });
}

type Held = { dispatch_id: string; claim_id: string; tenant: string; job_id: string; attempt: number };

async function hold(job_id: string): Promise<Held> {
  const { dispatch_id, receipt } = await take(job_id);
  const claim_id = randomUUID();
  const { body } = await worker.ask('claim', { dispatch_id, claim_id, receipt });
  expect(body).toMatchObject({ outcome: 'granted', job_id });
  return { dispatch_id, claim_id, tenant: body.tenant, job_id, attempt: body.attempt };
}

function resultOf(held: Held, changes: Partial<UnsignedResult> = {}, key = worker.identity.signingKey) {
  const unsigned = { ...held, worker: worker.identity.worker, status: 'succeeded' as const, retryable: false };
  return signResult({ ...unsigned, output: { done: true }, duration_ms: 1, ...changes }, key);
}

const query = `?topic=${TOPIC}`;

function takesPart(): void {
  test('takes, claims, beats and reports; the same again has the same answer, and nothing runs twice', async () => {
    const job_id = await submit();
    const { dispatch_id, receipt, subject, message } = await take(job_id);
    expect(subject).toBe(subjects.dispatch(POOL, system.tenant, TOPIC));
    expect(Object.keys(JSON.parse(message)).sort()).toEqual(['effective', 'salt', 'traceparent', 'warrant']);
    const claim_id = randomUUID();
    const granted = await worker.ask('claim', { dispatch_id, claim_id, receipt });
    expect(granted.body).toMatchObject({ outcome: 'granted', job_id, lease_ms: LIMITS.lease_ms });
    expect((await worker.ask('claim', { dispatch_id, claim_id, receipt })).body).toEqual(granted.body);
    expect((await worker.ask('claim', { dispatch_id, claim_id: randomUUID() })).body).toMatchObject({
      outcome: 'lost',
      code: 'claim_lost',
    });
    const beat = await worker.ask('beat', { attempts: [{ dispatch_id, claim_id, reported: false }] });
    expect(beat.body).toEqual({ attempts: [{ dispatch_id, order: 'continue', reason: null }] });
    const held = { dispatch_id, claim_id, tenant: system.tenant, job_id, attempt: granted.body.attempt };
    const settled = { dispatch_id, claim_id, outcome: 'settled', code: null };
    expect((await worker.ask('result', resultOf(held), { query })).body).toEqual(settled);
    expect((await worker.ask('result', resultOf(held), { query })).body).toEqual(settled);
    expect((await waitForEnd(system, job_id)).state).toBe('succeeded');
    expect((await system.api('agent', 'GET', `/api/v1/jobs/${job_id}/result`)).body).toMatchObject({
      output: { done: true },
    });
    expect((await kindsOf(system, job_id)).filter((kind) => kind === 'job_running')).toHaveLength(1);
    const pending = await system.sql('SELECT 1 FROM scheduler.attempts WHERE under_way');
    expect(pending).toEqual([]);
  });

  test('of the worker package runs jobs as on the bus', async () => {
    await using running = createWorker({
      url: system.url,
      pool: POOL,
      worker: worker.identity.worker,
      signing_key: system.keys.worker_signing[`${POOL}/${worker.identity.worker}`]!.private_pem,
      scheduler_public_keys: [system.keys.warrant.public_key],
      concurrency: 2,
      handle: (job) => ({ seen: job.payload }),
    });
    await running.start();
    const jobs = await Promise.all(Array.from({ length: 6 }, submit));
    for (const job_id of jobs) expect((await waitForEnd(system, job_id)).state).toBe('succeeded');
    expect(await running.stop()).toEqual([]);
  });

  test('that leaves while it waits takes nothing with it: the next one has its work at once', async () => {
    const leaving = new AbortController();
    const left = worker.ask('next', { wait_ms: LIMITS.worker_wait_ms }, { signal: leaving.signal });
    await expect.poll(async () => (await worker.ask('next', { wait_ms: 0 })).status).toBe(200);
    leaving.abort();
    await expect(left).rejects.toThrow();
    const job_id = await submit();
    const held = await hold(job_id);
    expect((await worker.ask('result', resultOf(held), { query })).body).toMatchObject({ outcome: 'settled' });
    const [{ took_ms }] = (await system.sql(
      'SELECT extract(epoch FROM updated_at - created_at) * 1000 AS took_ms FROM scheduler.jobs WHERE job_id = $1',
      [job_id],
    )) as [{ took_ms: number }];
    expect(Number(took_ms)).toBeLessThan(poolConsumer(POOL).ack_wait_ms / 2);
  });
}

function runsToolsHere(): void {
  const TOOL_TOPIC = TOPIC;
  const options = (): LocalOptions => ({
    client: createClient({ url: system.url, api_key: system.keys.api_keys.agent }),
    url: system.url,
    agent: 'agent',
    requestOf: ({ tool, input }) => ({ topic: TOOL_TOPIC, payload: { tool, input } }),
    caller_grace_ms: 300,
    worker: {
      url: system.url,
      pool: POOL,
      worker: worker.identity.worker,
      signing_key: system.keys.worker_signing[`${POOL}/${worker.identity.worker}`]!.private_pem,
      scheduler_public_keys: [system.keys.warrant.public_key],
      concurrency: 2,
    },
  });
  const callOf = (call_id: string, wait_ms = 10_000): ToolCall => ({
    framework: 'test',
    run: 'r1',
    call_id,
    tool: 'lookup',
    input: { id: 7 },
    wait_ms,
    signal: new AbortController().signal,
  });

  test('runs a tool between claim and result, shows what was released, and runs a replay no second time', async () => {
    await using local = localGate(options());
    await local.start();
    const outcome = await local.gate(callOf('c1'));
    if (outcome.kind !== 'run_here') throw new Error(`not to be run: ${outcome.kind}`);
    expect(outcome.input).toEqual({ tool: 'lookup', input: { id: 7 } });
    const told = await outcome.finish({ output: { name: 'Ada' } });
    expect(told).toMatchObject({ kind: 'released', failed: false, output: { name: 'Ada' } });
    expect(await local.gate(callOf('c1'))).toEqual(told);
    const other = await local.gate({ ...callOf('c1'), input: { id: 8 } });
    expect(other).toMatchObject({ kind: 'denied', code: 'call_id_reused' });
    const failing = await local.gate(callOf('c2'));
    if (failing.kind !== 'run_here') throw new Error(`not to be run: ${failing.kind}`);
    const failed = await failing.finish({ error: { code: 'crm_down', detail: 'no answer' } });
    expect(failed).toMatchObject({ kind: 'released', failed: true, output: { error: { code: 'crm_down' } } });
  });

  test('runs nothing whose caller is gone, and says so to the same call when it comes again', async () => {
    await using local = localGate(options());
    await local.start();
    expect(await local.gate(callOf('c3', 0))).toMatchObject({ kind: 'pending', approval_id: null });
    const again = await waitUntil('the job has ended', async () => {
      const outcome = await settle(options(), { ...callOf('c3', 0) });
      return outcome.kind !== 'pending' && outcome;
    });
    expect(again).toMatchObject({ kind: 'released', failed: true, output: { error: { code: 'caller_gone' } } });
  });
}

function comesInUnasked(): void {
  test('comes in without a registered signature of this very request, and each is good once', async () => {
    const body = JSON.stringify({ wait_ms: 0 });
    const stranger = generateKeyPairSync('ed25519').privateKey;
    const headers = worker.sign('next', body);
    const cases: [string, number, string, Promise<{ status: number; body: any }>][] = [
      [
        'an API key',
        403,
        'permission_missing',
        worker.ask('next', body, { headers: { 'x-api-key': system.keys.api_keys.admin } }),
      ],
      ['nothing', 403, 'permission_missing', worker.ask('next', body, { headers: {} })],
      ['another key', 401, 'signature_invalid', worker.ask('next', body, { as: { signingKey: stranger } })],
      ['another pool', 401, 'signature_invalid', worker.ask('next', body, { as: { pool: OTHER_POOL } })],
      ['an unknown worker', 401, 'unauthenticated', worker.ask('next', body, { as: { worker: 'nobody' } })],
      ['another path', 401, 'signature_invalid', worker.ask('beat', body, { headers })],
      ['another body', 401, 'signature_invalid', worker.ask('next', '{"wait_ms":1}', { headers })],
      ['a good one', 200, '', worker.ask('next', body, { headers: worker.sign('next', body) })],
    ];
    for (const [name, status, code, asked] of cases) {
      const said = await asked;
      expect([name, said.status, said.body.code ?? '']).toEqual([name, status, code]);
    }
    const once = worker.sign('next', body);
    expect((await worker.ask('next', body, { headers: once })).status).toBe(200);
    expect((await worker.ask('next', body, { headers: once })).body.code).toBe('signature_replayed');
  });

  test('gets more than a clear error for what is wrong', async () => {
    const said = async (verb: string, body: unknown, more = {}) => {
      const { status, body: told } = await worker.ask(verb, body, more);
      return [status, told.code, told.at];
    };
    expect(await said('next', { wait_ms: LIMITS.worker_wait_ms + 1 })).toEqual([400, 'field_invalid', '/wait_ms']);
    expect(await said('next', { pool: OTHER_POOL })).toEqual([400, 'field_unknown', '/pool']);
    expect(await said('claim', '{"a":1,"a":2}')).toEqual([400, 'json_duplicate_key', '/a (line 1, column 8)']);
    expect((await said('beat', 'x'.repeat(LIMITS.worker_request_bytes + 1)))[0]).toBe(400);
    const foreign = `$JS.ACK.DISPATCH.${poolConsumer(OTHER_POOL).durable}.1.1.1.1.0`;
    const claim = { dispatch_id: randomUUID(), claim_id: randomUUID(), receipt: foreign };
    expect(await said('claim', claim)).toEqual([400, 'field_invalid', '/receipt']);
    expect((await said('result', 'x'.repeat(LIMITS.worker_result_bytes + 1), { query }))[0]).toBe(413);
  });

  test('of another pool claims, beats or reports what is not its own', async () => {
    const job_id = await submit();
    const { dispatch_id, receipt } = await take(job_id);
    const theirs = await other.ask('claim', { dispatch_id, claim_id: randomUUID() });
    expect(theirs.body).toMatchObject({ outcome: 'lost', code: 'attempt_stale' });
    const claim_id = randomUUID();
    const { body } = await worker.ask('claim', { dispatch_id, claim_id, receipt });
    const held = { dispatch_id, claim_id, tenant: body.tenant, job_id, attempt: body.attempt };
    const beat = await other.ask('beat', { attempts: [{ dispatch_id, claim_id, reported: false }] });
    expect(beat.body.attempts[0]).toMatchObject({ order: 'stop' });
    const forged = await other.ask('result', resultOf(held, {}, other.identity.signingKey), { query });
    expect(forged.body).toMatchObject({ outcome: 'refused', code: 'claim_lost' });
    expect((await worker.ask('result', resultOf(held), { query })).body).toMatchObject({ outcome: 'settled' });
    expect((await waitForEnd(system, job_id)).state).toBe('succeeded');
  });
}

function cannotActForWorkers(): void {
  let thief: Bus;
  beforeAll(async () => {
    const { seed } = system.keys.nats.ingress!;
    thief = await connectBus({ servers: system.nats.url, nkey_seed: seed, user: 'ingress' });
  });
  afterAll(() => thief.close());
  const codeOf = (asked: Promise<unknown>) =>
    asked.then(
      () => 'answered',
      (thrown: { code?: string }) => thrown.code,
    );

  test('cannot claim, beat or take work by its own word, nor bend what a worker signed', async () => {
    const signed = (verb: string, body: string) => {
      const headers: Record<string, string> = worker.sign(verb, body);
      const carried = Object.fromEntries(WORKER_HEADERS.map((name) => [name, headers[name]!]));
      return { authority: new URL(system.url).host, headers: carried as never, body };
    };
    const claim = JSON.stringify({ dispatch_id: randomUUID(), claim_id: randomUUID() });
    const good = signed('claim', claim);
    const outcome = await thief.call('scheduler.worker', { verb: 'claim', ...good });
    expect(outcome.value).toMatchObject({ outcome: 'lost' });
    expect(await codeOf(thief.call('scheduler.worker', { verb: 'beat', ...good }))).toBe('signature_invalid');
    const other_body = claim.replaceAll('-4', '-5');
    expect(await codeOf(thief.call('scheduler.worker', { verb: 'claim', ...good, body: other_body }))).toBe(
      'signature_invalid',
    );
    const named = { ...(good.headers as Record<string, string>) };
    named['signature-input'] = named['signature-input']!.replace(POOL, OTHER_POOL);
    expect(await codeOf(thief.call('scheduler.worker', { verb: 'claim', ...good, headers: named as never }))).toBe(
      'signature_invalid',
    );
    expect(await codeOf(thief.call('scheduler.next', { ...good, slice_ms: 0 }))).toBe('signature_invalid');
  });

  test('cannot end or record an attempt by a result that its worker did not sign', async () => {
    const job_id = await submit();
    const held = await hold(job_id);
    const subject = subjects.forwardedResult(POOL, worker.identity.worker, system.tenant, TOPIC);
    const headers = { [RESULT_CLAIM_HEADER]: writeResultClaim(held) };
    const before = await kindsOf(system, job_id);
    const stranger = generateKeyPairSync('ed25519').privateKey;
    for (const body of ['no JSON', JSON.stringify(resultOf(held, { status: 'failed' }, stranger))]) {
      const said = await thief.askRaw(subject, body, { timeout_ms: LIMITS.rpc_ms, headers });
      expect(said).toMatchObject({ outcome: 'refused' });
    }
    expect(await kindsOf(system, job_id)).toEqual(before);
    expect((await worker.ask('result', resultOf(held), { query })).body).toMatchObject({ outcome: 'settled' });
    expect((await waitForEnd(system, job_id)).state).toBe('succeeded');
  });
}

async function revocationEndsWaits(): Promise<void> {
  const waits = worker.ask('next', { wait_ms: LIMITS.worker_wait_ms });
  const held = other.ask('next', { wait_ms: 1_500 });
  const began = performance.now();
  // Past every service, so that nothing wakes anybody.
  const id = `${POOL}/${worker.identity.worker}`;
  await actAs(system, 'ingress', (tx) =>
    revokeIdentity(tx, { what: 'worker', id, reason: 'tried by a test', by_key: null }),
  );
  const { status, body } = await waits;
  const took_ms = performance.now() - began;
  expect([status, body.code]).toEqual([403, 'revoked']);
  // One slice, and room for a machine that is busy with other things.
  expect(took_ms).toBeLessThan(LIMITS.worker_wait_ms / 4);
  expect((await held).body).toEqual({ delivery: null });
  await submit();
  expect((await worker.ask('next', { wait_ms: 0 })).body.code).toBe('revoked');
}

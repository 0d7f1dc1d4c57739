/**
 * Policies that nobody entitled signed, and warrants that the scheduler did not make: put where only insiders could put
 * them, they are refused with evidence, and nothing runs by them. Nor does anything run in a pool that lacks the power.
 */
import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { LIMITS } from '@countersign/contracts/limits';
import type { BundleDocument } from '@countersign/contracts/policy';
import { subjects } from '@countersign/contracts/subjects';
import type { DispatchMessage } from '@countersign/contracts/worker';
import { DEVELOPMENT_BUNDLE_DIR } from '@countersign/infra/development-roster';
import { readBundleFolder } from '@countersign/infra/publish-development-policy';
import { type Bus, connectBus } from '@countersign/platform/bus';
import { buildBundle, sha256Hex, signBundle } from '@countersign/policy/build-bundle';
import { createWarrantSigner } from '@countersign/scheduler/dispatch/sign-warrant';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { actAs } from '../harness/act-as-role.ts';
import { editPolicy } from '../harness/edit-policy.ts';
import { everyInstance } from '../harness/every-instance.ts';
import { playWorker } from '../harness/play-worker.ts';
import { entriesOf, kindsOf } from '../harness/read-evidence.ts';
import { startSystem, type TestSystem } from '../harness/start-system.ts';
import { startWorker } from '../harness/start-worker.ts';
import { waitForEnd } from '../harness/wait-for-job.ts';
import { checkSystem, type SideEffect } from './check-system.ts';

let system: TestSystem;
const cleanUp = new AsyncDisposableStack();
const effects: (SideEffect & { pool: string })[] = [];
const accepted: { job_id: string }[] = [];

beforeAll(async () => {
  system = cleanUp.use(await startSystem());
});
afterAll(() => cleanUp.disposeAsync());

async function run(pool: string) {
  const worker = await startWorker(system, pool, ({ job_id, dispatch_id }) => {
    effects.push({ job_id, dispatch_id, pool });
    return { done: true };
  });
  return worker;
}

async function submit(body: object): Promise<string> {
  const answer = await system.api('agent', 'POST', '/api/v1/jobs', body);
  expect(answer.status).toBe(202);
  accepted.push(answer.body);
  return answer.body.job_id;
}

function runsOf(job_id: string) {
  return effects.filter((effect) => effect.job_id === job_id);
}

describe('a policy', () => {
  const VALID = { not_before: '2020-01-01T00:00:00Z', not_after: '2099-01-01T00:00:00Z' };
  const OPEN: [string, string] = ['default_decision: deny', 'default_decision: allow'];
  const seedOf = (pem: string) => Buffer.from(createPrivateKey(pem).export({ format: 'jwk' }).d!, 'base64url');
  const signer = () => ({ key_id: 'development', secret_key: seedOf(system.keys.bundle.private_pem) });
  const forger = { key_id: 'development', secret_key: crypto.getRandomValues(new Uint8Array(32)) };

  /** As it would be if its author were entitled: the policy that allows everything. */
  const build = async (version: number, dates = VALID, files = readBundleFolder(editPolicy(OPEN))) => {
    const built = await buildBundle(files, { version, tenants: ['*'], ...dates });
    if (!built.ok) throw new Error('the policy does not compile');
    return built.document;
  };
  const signed = async (document: BundleDocument) => signBundle(document, signer());
  /** What no builder would build: a policy that contradicts itself, well signed. */
  const contradictory = async (): Promise<BundleDocument> => {
    const document = await build(9);
    const text = document.files['policy.yaml']!.replace('id: allow-inspect', 'id: allow-demo-read');
    const files = { ...document.files, 'policy.yaml': text };
    const listed = document.manifest.files.map(async (file) =>
      file.path === 'policy.yaml' ? { ...file, sha256: await sha256Hex(text) } : file,
    );
    return signed({ ...document, files, manifest: { ...document.manifest, files: await Promise.all(listed) } });
  };
  const altered = async (): Promise<BundleDocument> => {
    const document = await signed(await build(9, VALID, readBundleFolder(DEVELOPMENT_BUNDLE_DIR)));
    const text = document.files['policy.yaml']!.replace(...OPEN);
    return { ...document, files: { ...document.files, 'policy.yaml': text } };
  };
  const renumbered = async (): Promise<BundleDocument> => {
    const document = await signed(await build(9));
    return { ...document, manifest: { ...document.manifest, version: 10 } };
  };
  const cases: [string, string, () => Promise<BundleDocument | string>][] = [
    ['unsigned', 'bundle_unsigned', () => build(9)],
    [
      'signed by another key under the same name',
      'bundle_signature_invalid',
      async () => signBundle(await build(9), forger),
    ],
    ['altered after it was signed', 'bundle_file_altered', altered],
    ['renumbered after it was signed', 'bundle_signature_invalid', renumbered],
    ['expired', 'bundle_expired', async () => signed(await build(9, { ...VALID, not_after: '2021-01-01T00:00:00Z' }))],
    ['no newer than the active one', 'bundle_not_newer', async () => signed(await build(1))],
    ['contradictory', 'bundle_does_not_compile', contradictory],
    ['no document at all', 'bundle_malformed', async () => '{"manifest":'],
  ];
  const active = () => system.sql('SELECT scope, version, snapshot, epoch FROM control.policies');
  const rejected = async (): Promise<number> => (await policyEntries('policy_rejected')).length;
  const policyEntries = (kind: string) =>
    system.sql<{ body: string }>('SELECT body FROM ledger.entries WHERE kind = $1 ORDER BY id', [kind]);

  /** As its admin, who may publish for every tenant. `text` goes as it is. */
  const publishText = async (text: string): Promise<{ status: number; body: { code?: string } }> => {
    const headers = { 'x-api-key': system.keys.api_keys.admin, 'content-type': 'application/json' };
    const answer = await fetch(`${system.url}/api/v1/policy/bundles`, { method: 'POST', headers, body: text });
    return { status: answer.status, body: (await answer.json()) as { code?: string } };
  };

  test.each(cases)('%s never becomes active, and that it was tried is on record', async (_, code, make) => {
    const [before, count] = [await active(), await rejected()];
    const document = await make();
    const text = typeof document === 'string' ? document : JSON.stringify(document);
    const { status, body } = await publishText(text);
    expect([status >= 400 && status < 500, body.code]).toEqual([true, code]);
    expect(await rejected()).toBe(count + 1);
    expect(JSON.parse((await policyEntries('policy_rejected')).at(-1)!.body)).toMatchObject({ code });
    expect(await active()).toEqual(before);
    const asked = await system.api('agent', 'POST', '/api/v1/jobs', { topic: 'job.nobody.knows' });
    expect([asked.status, asked.body.policy_snapshot]).toEqual([403, before[0]!.snapshot]);
  });

  test('the last known good one still decides after a restart, whatever lies in the table', async () => {
    const before = await active();
    const entitled = JSON.stringify(await signed(await build(11)));
    await actAs(system, 'policy-kernel', (tx) =>
      tx.query(`INSERT INTO policy.bundles (document, document_sha256) VALUES ($1, sha256(convert_to($1, 'UTF8')))`, [
        entitled,
      ]),
    );
    const kernels = everyInstance(system, 'policy-kernel');
    await kernels.kill();
    await kernels.start();
    expect(await active()).toEqual(before);
    expect((await system.api('agent', 'POST', '/api/v1/jobs', { topic: 'job.nobody.knows' })).status).toBe(403);
    expect(await policyEntries('policy_activated')).toHaveLength(1);
  });
});

describe('a warrant', () => {
  let scheduler: Bus;
  beforeAll(async () => {
    /** Somebody who may speak as the scheduler on the bus, and does not have its key. */
    const { seed } = system.keys.nats.scheduler!;
    scheduler = cleanUp.use(
      closing(await connectBus({ servers: system.nats.url, nkey_seed: seed, user: 'scheduler' })),
    );
  });
  const closing = (bus: Bus): Bus & AsyncDisposable => Object.assign(bus, { [Symbol.asyncDispose]: () => bus.close() });

  const claimsIn = (warrant: string) => JSON.parse(Buffer.from(warrant.split('.')[1]!, 'base64url').toString());
  const bySomebodyElse = (message: DispatchMessage): DispatchMessage => {
    const { iss: _, nbf, exp: __, ...claims } = claimsIn(message.warrant);
    const pem = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
    return { ...message, warrant: createWarrantSigner(pem).sign(claims, nbf + 60) };
  };
  const unsigned = (message: DispatchMessage): DispatchMessage => {
    const header = Buffer.from('{"alg":"none","typ":"countersign-warrant+jwt"}').toString('base64url');
    return { ...message, warrant: `${header}.${message.warrant.split('.')[1]}.AAAA` };
  };
  const otherPayload = (message: DispatchMessage): DispatchMessage => ({
    ...message,
    effective: { ...message.effective, payload: { customer_id: 'everybody' } },
  });
  const otherDeadline = (message: DispatchMessage): DispatchMessage => {
    const [header, , signature] = message.warrant.split('.');
    const claims = { ...claimsIn(message.warrant), exp: 4_000_000_000 };
    return {
      ...message,
      warrant: `${header}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.${signature}`,
    };
  };
  const forgeries: [string, (message: DispatchMessage) => DispatchMessage, string][] = [
    ['signed by another key', bySomebodyElse, 'warrant_signature'],
    ['with no signature', unsigned, 'warrant_header'],
    ['changed after it was signed', otherDeadline, 'warrant_signature'],
    ['for another payload', otherPayload, 'warrant_effective'],
  ];
  const TOPIC = 'job.desk.read.ticket';
  /** The genuine message of a job, taken off the stream before any worker saw it. */
  const intercept = async (job_id: string): Promise<DispatchMessage> => {
    await using played = await playWorker(system, 'desk-read');
    const { dispatched, message } = await played.handleDelivery(job_id);
    message.ack();
    return dispatched;
  };

  test.each(forgeries)('%s runs nothing, and the refusal is evidence', async (_, forge, code) => {
    const job_id = await submit({ topic: TOPIC, payload: { customer_id: 1 } });
    const genuine = await intercept(job_id);
    // Everybody but one has refused it already.
    await system.sql('UPDATE scheduler.attempts SET refusals = $2 WHERE job_id = $1', [
      job_id,
      LIMITS.warrant_offers - 1,
    ]);
    await using _worker = await run('desk-read');
    await scheduler.publish('DISPATCH', subjects.dispatch('desk-read', system.tenant, TOPIC), forge(genuine));
    expect(await waitForEnd(system, job_id)).toMatchObject({ state: 'failed', reason: `warrant refused: ${code}` });
    const refusal = (await entriesOf(system, job_id)).find(({ kind }) => kind === 'attempt_refused');
    expect(refusal!.body).toMatchObject({ code, worker: 'w1', pool: 'desk-read' });
    expect(runsOf(job_id)).toEqual([]);
  });

  test('taken to another pool runs nothing there; sent many times it runs once; sent afterwards, never', async () => {
    const job_id = await submit({ topic: TOPIC, payload: { customer_id: 1 } });
    const genuine = await intercept(job_id);
    await using _writer = await run('desk-write');
    await scheduler.publish('DISPATCH', subjects.dispatch('desk-write', system.tenant, TOPIC), genuine);
    const own = await submit({ topic: 'job.desk.update.address', payload: { customer_id: 1 } });
    expect((await waitForEnd(system, own)).state).toBe('succeeded');
    expect(runsOf(job_id)).toEqual([]);
    await using _worker = await run('desk-read');
    const there = subjects.dispatch('desk-read', system.tenant, TOPIC);
    await Promise.all(Array.from({ length: 10 }, () => scheduler.publish('DISPATCH', there, genuine)));
    expect((await waitForEnd(system, job_id)).state).toBe('succeeded');
    await scheduler.publish('DISPATCH', there, genuine);
    expect((await waitForEnd(system, await submit({ topic: TOPIC }))).state).toBe('succeeded');
    expect(runsOf(job_id)).toMatchObject([{ pool: 'desk-read' }]);
  });
});

test('a job that needs more than any one pool has runs nowhere, however many other workers are idle', async () => {
  const pools = ['demo-read', 'desk-read', 'desk-write', 'infra-prod-write'];
  await using idle = new AsyncDisposableStack();
  for (const pool of pools) idle.use(await run(pool));
  const job_id = await submit({ topic: 'job.desk.read.ticket', meta: { requires: ['infra.write'] } });
  expect(await waitForEnd(system, job_id)).toMatchObject({
    state: 'failed',
    reason: expect.stringMatching(/^no eligible pool; [a-z-]+: it /),
  });
  expect(await kindsOf(system, job_id)).toEqual(['job_admitted', 'job_failed']);
  expect(runsOf(job_id)).toEqual([]);
});

test('nothing of all this contradicts the evidence', async () => {
  expect(await checkSystem(system, accepted, effects)).toEqual([]);
});

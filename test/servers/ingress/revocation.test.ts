/**
 * Who was revoked gets nothing through a door any more, within a second and on every path, though the door may remember
 * a credential for a moment and a stream may be open already.
 */
import { randomBytes, sign } from 'node:crypto';
import { LIMITS } from '@countersign/contracts/limits';
import { subjects } from '@countersign/contracts/subjects';
import { hashApiKey, keyIdOf } from '@countersign/ingress/api-key';
import { type Revocation, revokeIdentity } from '@countersign/ingress/revoke-identity';
import { canonicalize } from '@countersign/ledger/canonical-json';
import type { Database } from '@countersign/platform/database';
import { jetstream } from '@nats-io/jetstream';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connectIn } from '../../harness/connect-in.ts';
import { settlesWithin } from '../../harness/settles-within.ts';
import { AGENT, type RunningIngress, runIngress, TENANT } from './run-ingress.ts';

let ingress: RunningIngress;
let database: Database;
const cleanUp = new AsyncDisposableStack();

async function open(): Promise<void> {
  ingress = cleanUp.use(await runIngress());
  database = connectIn(cleanUp, ingress.database_url, 1);
}
beforeAll(open);
afterAll(() => cleanUp.disposeAsync());

function revoke(what: Revocation['what'], id: string): Promise<number> {
  return database.transaction((tx) => revokeIdentity(tx, { what, id, reason: 'tried by a test', by_key: null }));
}

type Method = 'get' | 'post' | 'patch';

/** Every path of the API, as its own document lists them, with something in each place. */
async function paths(): Promise<[Method, string][]> {
  const document = (await (await fetch(`${ingress.url}/openapi.json`)).json()) as { paths: Record<string, object> };
  return Object.entries(document.paths).flatMap(([path, methods]) =>
    (Object.keys(methods) as Method[]).map((method): [Method, string] => [method, path]),
  );
}

async function ask(key: string, method: Method, path: string): Promise<{ status: number; code: unknown }> {
  const response = await fetch(`${ingress.url}${path.replaceAll(/\{\w+\}/g, '1')}`, {
    method: method.toUpperCase(),
    headers: { 'x-api-key': key, 'content-type': 'application/json' },
    ...(method === 'get' ? {} : { body: '{}' }),
  });
  return { status: response.status, code: ((await response.json()) as { code?: unknown }).code };
}
const REVOKED = { status: 403, code: 'revoked' };

/** A key that was revoked is a wrong one, and of those only so many are looked up: each tries half of the paths. */
describe.each<[Revocation['what'], keyof RunningIngress['keys'], 0 | 1, () => string]>([
  ['api_key', 'other_agent', 0, () => keyIdOf(hashApiKey(ingress.keys.other_agent))],
  ['api_key', 'auditor', 1, () => keyIdOf(hashApiKey(ingress.keys.auditor))],
  ['principal', 'approver', 0, () => 'alice'],
  ['principal', 'admin', 1, () => 'olivia'],
])('revoking %s of %s', (what, name, half, id) => {
  beforeAll(open);
  test('closes every path of the API to it within a second, though it was in use', async () => {
    const key = ingress.keys[name];
    const before = await ask(key, 'get', '/api/v1/jobs');
    expect(before.code).not.toBe('revoked');
    await revoke(what, id());
    await settlesWithin(
      LIMITS.stop_ms,
      () => ask(key, 'get', '/api/v1/jobs'),
      (answer) => expect(answer).toEqual(REVOKED),
    );
    // At the workers' door no key counts, revoked or not: it takes what a worker signed.
    const all = (await paths()).filter(([, path]) => !path.startsWith('/api/v1/worker/'));
    expect(all.length).toBeGreaterThan(50);
    for (const [method, path] of all.filter((_, i) => i % 2 === half))
      expect(await ask(key, method, path), `${method} ${path}`).toEqual(REVOKED);
  });
});

test('an event stream that is open already ends within a second, and no other one does', async () => {
  const job_id = (await ingress.post('/jobs', { topic: 'job.demo.read' })).body.job_id as string;
  ingress.peers.timelines.set(job_id, []);
  const [key, other] = await Promise.all([ingress.registerKey(AGENT), ingress.registerKey(AGENT)]);
  const openWith = async (api_key: string) => {
    const response = await fetch(`${ingress.url}/api/v1/jobs/${job_id}/events`, { headers: { 'x-api-key': api_key } });
    expect(response.status).toBe(200);
    return response.body!.getReader();
  };
  const [reader, others] = [await openWith(key), await openWith(other)];
  let stillOpen = true;
  const goesOn = others.read().then(() => {
    stillOpen = false;
  });
  await revoke('api_key', keyIdOf(hashApiKey(key)));
  const late = new Promise((resolve) => setTimeout(() => resolve('still open'), LIMITS.stop_ms));
  expect(await Promise.race([reader.read(), late])).toEqual({ done: true, value: undefined });
  expect(stillOpen).toBe(true);
  await others.cancel();
  await goesOn;
});

test('a signature of a revoked agent is worth nothing at either door of the bus', async () => {
  const agent = await ingress.nats.connectAs(`agent-${TENANT}`);
  const sealed = (subject: string): string => {
    const unsigned = {
      agent: AGENT,
      nonce: randomBytes(16).toString('base64url'),
      request: { topic: 'job.demo.read' },
      timestamp: new Date().toISOString(),
    };
    const signature = sign(null, Buffer.from(canonicalize({ ...unsigned, subject })), ingress.signing_key);
    return JSON.stringify({ ...unsigned, signature: signature.toString('base64url') });
  };
  const request = async () => {
    const subject = subjects.rpcSubmit(TENANT);
    return (await agent.request(subject, sealed(subject), { timeout: 5_000, noMux: false })).json();
  };
  expect(await request()).toMatchObject({ ok: true });
  await revoke('principal', AGENT);
  await settlesWithin(LIMITS.stop_ms, request, (answer) =>
    expect(answer).toMatchObject({ ok: false, error: { code: 'revoked' } }),
  );
  const admitted = ingress.peers.admitted.length;
  const intake = subjects.submit(TENANT, 'job.demo.read');
  await jetstream(agent).publish(intake, sealed(intake));
  const refusals = async (): Promise<number> => {
    const text = await (await fetch(`${ingress.health_url}/metrics`)).text();
    return Number(/intake_refused_total\{[^}]*code="revoked"[^}]*\} (\d+)/.exec(text)?.[1]);
  };
  await expect.poll(refusals).toBeGreaterThan(1);
  expect(ingress.peers.admitted.length).toBe(admitted);
});

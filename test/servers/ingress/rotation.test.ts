/**
 * A signing key that is replaced: both count in the overlap, then the new one alone; what was taken under one is not taken again
 * under the other; and whoever holds the old one can be cut off at once.
 */
import { generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import { signRequest } from '@countersign/client/sign-request';
import { signatureBase } from '@countersign/contracts/http-signature';
import { LIMITS } from '@countersign/contracts/limits';
import { PERMISSION_SETS, SYSTEM_PERMISSIONS } from '@countersign/contracts/permissions';
import { subjects } from '@countersign/contracts/subjects';
import { newApiKey } from '@countersign/ingress/api-key';
import { registerIdentities } from '@countersign/ingress/register-identities';
import { canonicalize } from '@countersign/ledger/canonical-json';
import type { Database } from '@countersign/platform/database';
import { readWorkerKeys } from '@countersign/scheduler/store-pools';
import type { NatsConnection } from '@nats-io/transport-node';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { connectIn } from '../../harness/connect-in.ts';
import { settlesWithin } from '../../harness/settles-within.ts';
import { AGENT, FOREIGN_AGENT, type RunningIngress, runIngress, TENANT } from './run-ingress.ts';

const ROOT = newApiKey();
let ingress: RunningIngress;
let agent: NatsConnection;
let scheduler: Database;
const cleanUp = new AsyncDisposableStack();
beforeAll(async () => {
  ingress = cleanUp.use(await runIngress());
  agent = await ingress.nats.connectAs(`agent-${TENANT}`);
  const as = (url: string) => connectIn(cleanUp, url, 1);
  scheduler = as(ingress.database_url.replace('countersign_ingress', 'countersign_scheduler'));
  await as(ingress.database_url).transaction((tx) =>
    registerIdentities(tx, {
      principals: [{ id: 'root', type: 'human', tenant: TENANT, groups: [] }],
      api_keys: [{ principal: 'root', key: ROOT, permissions: [...PERMISSION_SETS.admin, ...SYSTEM_PERMISSIONS] }],
    }),
  );
});
afterAll(() => cleanUp.disposeAsync());

type Pair = { privateKey: KeyObject; raw: string };

function newPair(): Pair {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  return { privateKey, raw: publicKey.export({ format: 'jwk' }).x! };
}

function rotate(what: string, body: object, key = ROOT) {
  return ingress.post(`/${what}/rotate`, body, { key });
}
type Told = { status: number; code?: string | undefined };

/** Signs `GET /jobs`; with the `signature-input` of another request, the same nonce under this key. */
async function signed(key: KeyObject, input?: string): Promise<Record<string, string>> {
  const url = `${ingress.url}/api/v1/jobs`;
  const pkcs8 = key.export({ type: 'pkcs8', format: 'der' });
  const imported = await crypto.subtle.importKey('pkcs8', pkcs8, 'Ed25519', false, ['sign']);
  const headers = await signRequest({ agent: AGENT, key: imported }, { method: 'GET', url, headers: {} });
  if (input === undefined) return headers;
  const { host, pathname } = new URL(url);
  const values = { '@method': 'GET', '@authority': host, '@path': pathname, '@query': '?' };
  const base = signatureBase(Object.entries(values), input.slice(input.indexOf('=') + 1));
  const signature = sign(null, Buffer.from(base), key).toString('base64');
  return { ...headers, 'signature-input': input, signature: `countersign=:${signature}:` };
}

async function send(headers: Record<string, string>): Promise<Told> {
  const response = await fetch(`${ingress.url}/api/v1/jobs`, { headers });
  return { status: response.status, code: ((await response.json()) as { code?: string }).code };
}

const overHttp = async (key: KeyObject): Promise<number> => (await send(await signed(key))).status;

type Bus = { ok: boolean; value?: { job_id: string; replayed?: boolean }; error?: { code: string } };

async function overBus(key: KeyObject, nonce = randomBytes(16).toString('base64url')): Promise<Bus> {
  const subject = subjects.rpcSubmit(TENANT);
  const text = { agent: AGENT, nonce, request: { topic: 'job.demo.read' }, timestamp: new Date().toISOString() };
  const signature = sign(null, Buffer.from(canonicalize({ ...text, subject })), key).toString('base64url');
  return (await agent.request(subject, JSON.stringify({ ...text, signature }), { timeout: 5_000 })).json<Bus>();
}

async function token(key: KeyObject): Promise<string> {
  const url = `${ingress.url}/api/v1/token`;
  const pkcs8 = key.export({ type: 'pkcs8', format: 'der' });
  const imported = await crypto.subtle.importKey('pkcs8', pkcs8, 'Ed25519', false, ['sign']);
  const request = { method: 'POST', url, headers: { 'content-type': 'application/json' }, body: '{}' };
  const response = await fetch(url, {
    ...request,
    headers: await signRequest({ agent: AGENT, key: imported }, request),
  });
  return ((await response.json()) as { access_token: string }).access_token;
}

const bearer = async (text: string): Promise<number> => (await send({ authorization: `Bearer ${text}` })).status;
/** What `ask` answers within a second. */
const soon = (ask: () => Promise<number>, status: number): Promise<void> =>
  settlesWithin(LIMITS.stop_ms, ask, (answer) => expect(answer).toBe(status));
const first: Pair = { privateKey: undefined as unknown as KeyObject, raw: '' };
beforeAll(() => {
  first.privateKey = ingress.signing_key;
});

async function lastEntry(chain: string) {
  const rows = await ingress.admin.query<{ body: string }>(
    'SELECT body FROM ledger.entries WHERE chain = $1 ORDER BY seq DESC LIMIT 1',
    [`identity:${chain}`],
  );
  return JSON.parse(rows[0]!.body) as Record<string, unknown>;
}

test('an agent’s old key and its new one count until the overlap ends, then the new one alone', async () => {
  const next = newPair();
  const made_before = await token(first.privateKey);
  const rotated = await rotate(`agents/${AGENT}`, { signing_key: next.raw, overlap_minutes: 5 });
  const { former_key, former_key_until } = rotated.body;
  expect([rotated.status, rotated.body.signing_key]).toEqual([200, next.raw]);
  expect(Math.round((Date.parse(String(former_key_until)) - Date.now()) / 60_000)).toBe(5);
  expect(await lastEntry(AGENT)).toMatchObject({
    signing_key: next.raw,
    former_signing_key: former_key,
    actor: 'root',
  });
  await soon(() => overHttp(next.privateKey), 200);
  expect(await overBus(next.privateKey)).toMatchObject({ ok: true });
  expect(await overHttp(first.privateKey)).toBe(200);
  expect(await overBus(first.privateKey)).toMatchObject({ ok: true });
  expect([await bearer(made_before), await bearer(await token(next.privateKey))]).toEqual([200, 200]);

  // A nonce is the agent's, whichever key it was signed with.
  const request = await signed(first.privateKey);
  expect(await send(request)).toMatchObject({ status: 200 });
  const replayed = await send(await signed(next.privateKey, request['signature-input']));
  expect(replayed).toEqual({ status: 401, code: 'signature_replayed' });
  const nonce = randomBytes(16).toString('base64url');
  const once = await overBus(first.privateKey, nonce);
  expect(await overBus(next.privateKey, nonce)).toMatchObject({
    value: { job_id: once.value!.job_id, replayed: true },
  });

  await ingress.admin.query(
    'UPDATE identity.principals SET former_key_until = clock_timestamp() WHERE principal_id = $1',
    [AGENT],
  );
  await soon(() => overHttp(first.privateKey), 401);
  expect(await overBus(first.privateKey)).toMatchObject({ ok: false, error: { code: 'signature_invalid' } });
  await soon(() => bearer(made_before), 401);
  expect(await overHttp(next.privateKey)).toBe(200);
  first.privateKey = next.privateKey;
});

test('one that was stolen is cut off inside the overlap, with its tokens', async () => {
  const next = newPair();
  const of_old = await token(first.privateKey);
  expect((await rotate(`agents/${AGENT}`, { signing_key: next.raw })).status).toBe(200);
  expect(await overHttp(first.privateKey)).toBe(200);
  // A third key would end the first unasked.
  const third = await rotate(`agents/${AGENT}`, { signing_key: newPair().raw });
  expect(third).toMatchObject({ status: 409, body: { code: 'state_conflict' } });
  const ended = await rotate(`agents/${AGENT}`, { overlap_minutes: 0 });
  expect(ended).toMatchObject({ status: 200, body: { signing_key: next.raw, former_key: null } });
  await soon(() => overHttp(first.privateKey), 401);
  await soon(() => bearer(of_old), 401);
  expect(await overBus(first.privateKey)).toMatchObject({ ok: false, error: { code: 'signature_invalid' } });
  expect(await overHttp(next.privateKey)).toBe(200);
  expect(await rotate(`agents/${AGENT}`, { overlap_minutes: 0 })).toMatchObject({ status: 409 });
  // And the newest by a change, which has no overlap.
  const headers = { 'x-api-key': ROOT, 'content-type': 'application/json' };
  const body = JSON.stringify({ signing_key: newPair().raw });
  await fetch(`${ingress.url}/api/v1/agents/${AGENT}`, { method: 'PATCH', headers, body });
  await soon(() => overHttp(next.privateKey), 401);
});

test('a key that is or was anybody’s is refused, and so is rotating what has none, what is foreign or revoked', async () => {
  const [theirs] = await ingress.admin.query<{ raw: string }>(
    'SELECT signing_key AS raw FROM identity.principals WHERE principal_id = $1',
    [FOREIGN_AGENT],
  );
  const taken = { status: 409, body: { code: 'identity_conflict', at: '/signing_key' } };
  expect(await rotate(`agents/${AGENT}`, { signing_key: theirs!.raw })).toMatchObject(taken);
  const headers = { 'x-api-key': ROOT, 'content-type': 'application/json' };
  const body = JSON.stringify({ signing_key: theirs!.raw });
  const patched = await fetch(`${ingress.url}/api/v1/agents/${AGENT}`, { method: 'PATCH', headers, body });
  expect([patched.status, await patched.json()]).toMatchObject([409, taken.body]);
  const given = { signing_key: newPair().raw };
  expect(await rotate('agents/second-agent', given)).toMatchObject({ status: 409 });
  for (const id of [FOREIGN_AGENT, 'nobody'])
    expect(await rotate(`agents/${id}`, given)).toMatchObject({ status: 404 });
  const agents = { key: ingress.keys.agent };
  expect(await ingress.post(`/agents/${AGENT}/rotate`, given, agents)).toMatchObject({ status: 403 });
});

test('a worker’s key is replaced likewise, for who may name workers', async () => {
  const before = (await readWorkerKeys(scheduler, 'desk-read', 'reader-1'))[0];
  const next = newPair();
  const worker = 'workers/desk-read/reader-1';
  expect(await rotate(worker, { signing_key: next.raw }, ingress.keys.admin)).toMatchObject({ status: 403 });
  const rotated = await rotate(worker, { signing_key: next.raw, overlap_minutes: 5 });
  expect(rotated).toMatchObject({ status: 200, body: { public_key: next.raw, former_key: before } });
  const told = { what: 'worker', public_key: next.raw, former_public_key: before, actor: 'root' };
  expect(await lastEntry('reader-1')).toMatchObject(told);
  expect(await readWorkerKeys(scheduler, 'desk-read', 'reader-1')).toEqual([next.raw, before]);
  expect(await rotate(worker, { overlap_minutes: 0 })).toMatchObject({ status: 200, body: { former_key: null } });
  expect(await readWorkerKeys(scheduler, 'desk-read', 'reader-1')).toEqual([next.raw]);
  await ingress.post(`/${worker}/revoke`, { reason: 'left' }, { key: ROOT });
  expect(await rotate(worker, { signing_key: newPair().raw })).toMatchObject({ status: 409 });
  expect(await rotate('workers/desk-read/nobody', { signing_key: newPair().raw })).toMatchObject({ status: 404 });
});

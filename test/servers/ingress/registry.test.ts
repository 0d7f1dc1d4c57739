/**
 * The registry over HTTP: what it makes and changes, each with its entry; who may give what to whom; and that a caller of
 * one tenant learns nothing of another's.
 */
import { randomBytes } from 'node:crypto';
import { LIMITS } from '@countersign/contracts/limits';
import { AGENT_PERMISSIONS, PERMISSION_SETS, SYSTEM_PERMISSIONS } from '@countersign/contracts/permissions';
import { newApiKey } from '@countersign/ingress/api-key';
import { registerIdentities } from '@countersign/ingress/register-identities';
import { countEnding, writeUses } from '@countersign/ingress/registry/store-uses';
import type { Database } from '@countersign/platform/database';
import { listWorkerUses, openWorkerUses } from '@countersign/scheduler/claim/store-worker-uses';
import { endExpiredStops, serveStops } from '@countersign/scheduler/view/serve-stops';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connectIn } from '../../harness/connect-in.ts';
import { settlesWithin } from '../../harness/settles-within.ts';
import { type Reply, type RunningIngress, runIngress, TENANT } from './run-ingress.ts';

const ROOT_KEY = newApiKey();
const RIVAL_KEY = newApiKey();
const CEILING = { topics: ['job.demo.*', 'job.never.*'], capabilities: ['*'], environments: ['dev'] };

let ingress: RunningIngress;
let own: Database;
let admin: string;
let scheduler: Database;
let parts: Parameters<typeof serveStops>[0];
const cleanUp = new AsyncDisposableStack();

beforeAll(async () => {
  ingress = cleanUp.use(await runIngress());
  own = connectIn(cleanUp, ingress.database_url);
  admin = ingress.keys.admin;
  const human = { type: 'human' as const, groups: [] };
  await own.transaction((tx) =>
    registerIdentities(tx, {
      principals: [
        { ...human, id: 'root', tenant: TENANT },
        { ...human, id: 'rita', tenant: 'other' },
      ],
      api_keys: [
        { principal: 'root', key: ROOT_KEY, permissions: [...PERMISSION_SETS.admin, ...SYSTEM_PERMISSIONS] },
        { principal: 'rita', key: RIVAL_KEY, permissions: [...PERMISSION_SETS.admin] },
      ],
    }),
  );
  scheduler = connectIn(cleanUp, ingress.database_url.replace('countersign_ingress', 'countersign_scheduler'));
  parts = { database: scheduler, bus: ingress.peerBus('scheduler') };
  serveStops(parts);
  parts.bus.serve('scheduler.worker_uses', () => listWorkerUses(scheduler));
  await ingress.peerBus('scheduler').check();
});
afterAll(() => cleanUp.disposeAsync());

function post(path: string, body: unknown, key = admin): Promise<Reply> {
  return ingress.post(path, body, { key, headers: tenantOf(key) });
}

function get(path: string, key = admin): Promise<Reply> {
  return ingress.get(path, { key, headers: tenantOf(key) });
}

async function patch(path: string, body: unknown, key = admin): Promise<Reply> {
  const headers = { 'x-api-key': key, 'content-type': 'application/json' };
  const response = await fetch(`${ingress.url}/api/v1${path}`, {
    method: 'PATCH',
    headers,
    body: JSON.stringify(body),
  });
  return { status: response.status, headers: response.headers, body: (await response.json()) as Reply['body'] };
}

function tenantOf(key: string) {
  return { 'x-tenant-id': key === RIVAL_KEY ? 'other' : TENANT };
}

function fresh(what: string): string {
  return `${what}-${randomBytes(6).toString('hex')}`;
}

async function lastEntry(chain: string) {
  const rows = await ingress.admin.query<{ kind: string; body: string }>(
    'SELECT kind, body FROM ledger.entries WHERE chain = $1 ORDER BY seq DESC LIMIT 1',
    [`identity:${chain}`],
  );
  return { kind: rows[0]!.kind, ...(JSON.parse(rows[0]!.body) as Record<string, unknown>) };
}

async function makeAgent(): Promise<string> {
  const id = fresh('agent');
  expect((await post('/agents', { id, owner: 'olivia', ceiling: CEILING })).status).toBe(201);
  return id;
}

async function makePerson(): Promise<string> {
  const id = fresh('person');
  expect((await post('/people', { id })).status).toBe(201);
  return id;
}

async function makeKey(principal: string, more: object = { role: 'agent' }) {
  const made = await post('/keys', { principal, ...more });
  expect(made.status).toBe(201);
  return made.body as unknown as { key: string; key_id: string; permissions: string[]; expires_at: string };
}

describe('an agent', () => {
  test('is made, changed and revoked, each with who did it in the ledger', async () => {
    const id = await makeAgent();
    expect(await lastEntry(id)).toMatchObject({ kind: 'identity_created', actor: 'olivia', auth_method: 'api_key' });
    const narrow = { ...CEILING, topics: ['job.demo.read'] };
    const changed = await patch(`/agents/${id}`, { ceiling: narrow, owner: 'alice' });
    expect(changed).toMatchObject({ status: 200, body: { ceiling: narrow, owner: 'alice' } });
    const kinds = await ingress.admin.query('SELECT body FROM ledger.entries WHERE chain = $1 ORDER BY seq', [
      `identity:${id}`,
    ]);
    expect(JSON.stringify(kinds)).toContain('former_ceiling');
    expect(await lastEntry(id)).toMatchObject({ kind: 'identity_changed', owner: 'alice', former_owner: 'olivia' });
    const revoked = await post(`/agents/${id}/revoke`, { reason: 'left' });
    expect(revoked).toMatchObject({ status: 200, body: { id, revoked_at: expect.any(String) } });
    expect(await lastEntry(id)).toMatchObject({ kind: 'identity_revoked', reason: 'left', actor: 'olivia' });
    expect(await patch(`/agents/${id}`, { owner: 'olivia' })).toMatchObject({ status: 409 });
    expect(JSON.stringify((await get('/revocations')).body)).toContain(id);
  });

  test('is known to the gates by its ceiling as it is now', async () => {
    const id = await makeAgent();
    const known = async () =>
      (await own.query<{ k: { ceilings: object } }>('SELECT control.known($1, $2) AS k', [[TENANT], [id]]))[0]!.k
        .ceilings;
    expect(await known()).toEqual({});
    const ceiling = { ...CEILING, topics: [] };
    await patch(`/agents/${id}`, { ceiling });
    expect(await known()).toEqual({ [id]: ceiling });
  });

  test('has an owner who is a person of the tenant', async () => {
    for (const owner of ['rita', 'nobody', 'desk-agent']) {
      const made = await post('/agents', { id: fresh('a'), owner, ceiling: CEILING });
      expect(made).toMatchObject({ status: 400, body: { code: 'field_invalid', at: '/owner' } });
    }
  });
});

describe('a key', () => {
  test('is shown once, stored as a digest, and ends after 90 days', async () => {
    const id = await makeAgent();
    const { key, key_id, expires_at } = await makeKey(id);
    expect(Math.round((Date.parse(expires_at) - Date.now()) / 86_400_000)).toBe(90);
    const shown = await get(`/keys/${key_id}`);
    expect(shown.body).toMatchObject({ key_id, principal: id, permissions: PERMISSION_SETS.agent, ended: false });
    const stored = await ingress.admin.query(
      'SELECT k::text AS row FROM identity.api_keys k UNION ALL SELECT body FROM ledger.entries',
    );
    for (const text of [JSON.stringify(shown.body), JSON.stringify(stored)]) expect(text).not.toContain(key);
    for (const expires_in_days of [0, 366])
      expect(await post('/keys', { principal: id, role: 'agent', expires_in_days })).toMatchObject({ status: 400 });
    const near = (await get('/keys?expiring_in_days=89')).body as unknown as { keys: { key_id: string }[] };
    expect(near.keys.some((each) => each.key_id === key_id)).toBe(false);
    const all = (await get(`/keys?expiring_in_days=91&principal=${id}`)).body as unknown as { keys: object[] };
    expect(all.keys).toHaveLength(1);
  });

  test('near its end is counted where somebody lives on it, and in nothing else', async () => {
    const made = await Promise.all(
      ['lived-on', 'unused', 'short', 'revoked'].map(async () => makeKey(await makeAgent())),
    );
    const [lived, unused, short, revoked] = made.map(({ key_id }) => key_id);
    await own.transaction((tx) =>
      writeUses(
        tx,
        [lived, short, revoked].map((key_id) => `key:${key_id}`),
      ),
    );
    expect(await countEnding(own, LIMITS.ending_days)).toBe(0);
    const ends = `UPDATE identity.api_keys SET expires_at = now() + make_interval(days => $2), created_at = now() - make_interval(days => $3)
      WHERE key_id = ANY ($1)`;
    await ingress.admin.query(ends, [[lived, unused, revoked], LIMITS.ending_days - 1, 80]);
    await ingress.admin.query(ends, [[short], LIMITS.ending_days - 1, 7]);
    await post(`/keys/${revoked}/revoke`, { reason: 'lost' });
    expect(await countEnding(own, LIMITS.ending_days)).toBe(1);
    await ingress.admin.query("UPDATE identity.uses SET last_used_at = now() - interval '8 days' WHERE subject = $1", [
      `key:${lived}`,
    ]);
    expect(await countEnding(own, LIMITS.ending_days)).toBe(0);
    const keys = made.map(({ key_id }) => key_id);
    await ingress.admin.query('UPDATE identity.api_keys SET created_at = now() WHERE key_id = ANY ($1)', [keys]);
    expect(await (await fetch(`${ingress.health_url}/metrics`)).text()).toMatch(/keys_ending\{[^}]*\} 0/);
  });

  test('that is in use stops counting when it ends, and within a second', async () => {
    const { key, key_id } = await makeKey(await makeAgent());
    expect((await get('/jobs', key)).status).toBe(200);
    await patch(`/keys/${key_id}`, { expires_in_minutes: 0 });
    await settlesWithin(
      LIMITS.stop_ms,
      () => get('/jobs', key),
      ({ status }) => expect(status).toBe(401),
    );
    expect(await post(`/keys/${key_id}/rotate`, {})).toMatchObject({ status: 409, body: { code: 'state_conflict' } });
  });

  test('is replaced with an overlap in which both are good', async () => {
    const { key, key_id } = await makeKey(await makeAgent());
    const rotated = await post(`/keys/${key_id}/rotate`, { overlap_minutes: 10 });
    const { made, replaced } = rotated.body as unknown as Record<
      'made' | 'replaced',
      { key: string; key_id: string; expires_at: string }
    >;
    expect(made.key_id).not.toBe(key_id);
    expect(Math.round((Date.parse(replaced.expires_at) - Date.now()) / 60_000)).toBe(10);
    for (const each of [key, made.key]) expect((await get('/jobs', each)).status).toBe(200);
    // An overlap never makes a key good for longer.
    await patch(`/keys/${key_id}`, { expires_in_minutes: 1 });
    await post(`/keys/${key_id}/rotate`, { overlap_minutes: 60 });
    const { expires_at } = (await get(`/keys/${key_id}`)).body as unknown as { expires_at: string };
    expect(Date.parse(expires_at) - Date.now()).toBeLessThan(61_000);
  });

  test('says when it was used last, soon after its first use', async () => {
    const { key, key_id } = await makeKey(await makeAgent());
    expect((await get(`/keys/${key_id}`)).body.last_used_at).toBeNull();
    await get('/jobs', key);
    await expect
      .poll(async () => (await get(`/keys/${key_id}`)).body.last_used_at, { interval: 200 })
      .toEqual(expect.any(String));
  });
});

describe('a second account', () => {
  test('is declared, shown, and recorded with who said so; only another account of the tenant can be meant', async () => {
    const [first, second] = [await makePerson(), await makePerson()];
    const linked = await patch(`/people/${second}`, { person: first });
    expect(linked).toMatchObject({ status: 200, body: { id: second, person: first, groups: [] } });
    const change = { kind: 'identity_changed', what: 'person', person: first, former_person: null, actor: 'olivia' };
    expect(await lastEntry(second)).toMatchObject(change);
    const wrong = { status: 400, body: { code: 'field_invalid', at: '/person' } };
    for (const person of ['nobody-of-this-name', 'desk-agent', second]) {
      expect(await patch(`/people/${second}`, { person })).toMatchObject(wrong);
    }
    expect(await post('/people', { id: fresh('person'), person: 'nobody-of-this-name' })).toMatchObject(wrong);
    expect((await patch(`/people/${second}`, {})).status).toBe(400);
    expect((await patch(`/people/${second}`, { person: null })).body.person).toBeNull();
  });

  test('holds nothing that must not meet in one person’s hands, and nobody says it of themself', async () => {
    const [admin, voter] = [await makePerson(), await makePerson()];
    await makeKey(admin, { role: 'admin' });
    await makeKey(voter, { role: 'approver' });
    const refused = { status: 403, body: { code: 'grant_refused', at: '/person' } };
    expect(await patch(`/people/${voter}`, { person: admin })).toMatchObject(refused);
    const third = await makePerson();
    expect((await patch(`/people/${third}`, { person: admin })).status).toBe(200);
    expect((await post('/keys', { principal: third, role: 'approver' })).body.code).toBe('grant_refused');
    expect(await patch(`/people/${third}`, { person: 'olivia' })).toMatchObject(refused);
  });
});

describe('nobody raises their own rights', () => {
  const refused = { status: 403, body: { code: 'grant_refused' } };

  test('by a key, a group, or membership of their own', async () => {
    expect(await post('/keys', { principal: 'olivia', role: 'approver' })).toMatchObject(refused);
    expect(await post('/groups', { group: fresh('g'), members: ['olivia'] })).toMatchObject(refused);
    expect(await patch('/groups/approvers', { add: ['olivia'] })).toMatchObject(refused);
    expect(await patch('/people/olivia', { groups: ['sre'] })).toMatchObject(refused);
  });

  test('nor by a second account of theirs', async () => {
    const second = await makePerson();
    const link = (person: string | null) => patch(`/people/${second}`, { person }, ROOT_KEY);
    expect((await link('olivia')).status).toBe(200);
    expect(await post('/keys', { principal: second, role: 'operator' })).toMatchObject(refused);
    expect(await post('/groups', { group: fresh('g'), members: [second] })).toMatchObject(refused);
    expect(await patch('/groups/approvers', { add: [second] })).toMatchObject(refused);
    expect(await patch(`/people/${second}`, { groups: ['sre'] })).toMatchObject(refused);
    expect((await link(null)).status).toBe(200);
    expect((await patch(`/people/${second}`, { groups: ['sre'] })).status).toBe(200);
  });

  test('by a weaker credential of theirs that rotates a stronger one', async () => {
    const weak = newApiKey();
    const permissions = ['identity:read' as const, 'identity:write' as const];
    await own.transaction((tx) =>
      registerIdentities(tx, { api_keys: [{ principal: 'olivia', key: weak, permissions }] }),
    );
    const [strong] = (
      (await get('/keys?principal=olivia')).body as unknown as { keys: { key_id: string; permissions: string[] }[] }
    ).keys.filter((each) => each.permissions.includes('policy:activate'));
    expect(await post(`/keys/${strong!.key_id}/rotate`, {}, weak)).toMatchObject(refused);
  });

  test.each(SYSTEM_PERMISSIONS)('%s is given only by who holds it, not even by rotation', async (name) => {
    const person = await makePerson();
    const asked = { principal: person, permissions: [name] };
    expect(await post('/keys', asked)).toMatchObject(refused);
    const made = await post('/keys', asked, ROOT_KEY);
    expect(made.status).toBe(201);
    expect(await post(`/keys/${made.body.key_id}/rotate`, {})).toMatchObject(refused);
  });

  test('an agent gets no permission that is a person’s', async () => {
    const agent = await makeAgent();
    for (const name of PERMISSION_SETS.admin.filter((each) => !AGENT_PERMISSIONS.includes(each)))
      expect(await post('/keys', { principal: agent, permissions: [name] })).toMatchObject(refused);
    expect(await post('/keys', { principal: agent, role: 'approver' })).toMatchObject(refused);
  });

  test('who activates policies or changes identities does not vote, in one key or in two', async () => {
    for (const name of ['policy:activate', 'identity:write']) {
      const person = await makePerson();
      const both = { principal: person, role: 'approver', permissions: [name] };
      expect(await post('/keys', both)).toMatchObject(refused);
      await makeKey(person, { role: 'approver' });
      expect(await post('/keys', { principal: person, permissions: [name] })).toMatchObject(refused);
    }
  });

  test('and a key is only ever narrowed', async () => {
    const { key_id } = await makeKey(await makeAgent());
    expect(await patch(`/keys/${key_id}`, { permissions: ['policy:read'] })).toMatchObject(refused);
    expect(await patch(`/keys/${key_id}`, { permissions: ['submit'] })).toMatchObject({
      status: 200,
      body: { permissions: ['submit'] },
    });
  });
});

test('groups are made before people are in them, and end with everybody out', async () => {
  const [group, person] = [fresh('group'), await makePerson()];
  const unknown = await patch(`/people/${person}`, { groups: [group] });
  expect(unknown).toMatchObject({ status: 400, body: { code: 'field_invalid', at: '/groups/0' } });
  expect(await post('/groups', { group, members: [person] })).toMatchObject({
    status: 201,
    body: { members: [person] },
  });
  expect(await post('/groups', { group })).toMatchObject({ status: 409, body: { code: 'identity_conflict' } });
  expect((await get(`/people/${person}`)).body).toMatchObject({ groups: [group] });
  expect(await lastEntry(person)).toMatchObject({ kind: 'identity_changed', groups: [group], former_groups: [] });
  const ended = await post(`/groups/${group}/revoke`, { reason: 'reorganised' });
  expect(ended).toMatchObject({ status: 200, body: { members: [], ended_at: expect.any(String) } });
  expect((await get(`/people/${person}`)).body).toMatchObject({ groups: [] });
});

test('lists come in pages that leave out and repeat nothing', async () => {
  for (let i = 0; i < 5; i += 1) await makePerson();
  const seen: string[] = [];
  for (let cursor = ''; ; ) {
    const page = await get(`/people?limit=2${cursor && `&cursor=${cursor}`}`);
    const { people, next_cursor } = page.body as unknown as { people: { id: string }[]; next_cursor: string | null };
    expect(people.length).toBeLessThanOrEqual(2);
    seen.push(...people.map(({ id }) => id));
    if (next_cursor === null) break;
    cursor = next_cursor;
  }
  const rows = await ingress.admin.query<{ id: string }>(
    `SELECT principal_id AS id FROM identity.principals WHERE tenant = $1 AND type = 'human'`,
    [TENANT],
  );
  expect(seen.toSorted()).toEqual(rows.map(({ id }) => id).toSorted());
  expect(await get('/people?cursor=%21')).toMatchObject({ status: 400, body: { code: 'query_invalid' } });
});

test('a tenant comes with an admin who reaches only into it', async () => {
  const tenant = fresh('tenant');
  expect(await post('/tenants', { tenant, admin: fresh('p') })).toMatchObject({ status: 403 });
  const made = await post('/tenants', { tenant, admin: fresh('p') }, ROOT_KEY);
  expect(made.status).toBe(201);
  const { key } = made.body as unknown as { key: { key: string; permissions: string[] } };
  expect(key.permissions).toEqual(PERMISSION_SETS.admin);
  const list = await ingress.get('/tenants', { key: key.key, headers: { 'x-tenant-id': tenant } });
  expect((list.body as unknown as { tenants: { tenant: string }[] }).tenants.map((each) => each.tenant)).toEqual([
    tenant,
  ]);
});

test('a worker is registered and revoked by who may see every pool', async () => {
  const worker = { pool: fresh('pool'), worker: 'w1', public_key: randomBytes(32).toString('base64url') };
  expect(await post('/workers', worker)).toMatchObject({ status: 403 });
  expect(await post('/workers', worker, ROOT_KEY)).toMatchObject({
    status: 201,
    body: { ...worker, revoked_at: null, pool_active: false, last_used_at: null, last_seen_at: null },
  });
  // A pool that no active policy has is a warning, and a refusal for who asks to be strict.
  const strict = { ...worker, worker: 'w2', public_key: randomBytes(32).toString('base64url'), strict: true };
  expect(await post('/workers', strict, ROOT_KEY)).toMatchObject({ status: 409, body: { code: 'pool_unknown' } });
  const id = await ingress.admin.query<{ id: string }>(
    `INSERT INTO policy.bundles (document, document_sha256) VALUES ('b', sha256('b')) RETURNING bundle_id AS id`,
  );
  await ingress.admin.query(
    `INSERT INTO policy.activations (scope, version, snapshot, bundle_id, key_ids, output_policy, pools, epoch)
     VALUES ('*', 1, $1, $2, '{dev}', '{}', $3, 1)`,
    [`sha256:${'0'.repeat(64)}`, id[0]!.id, JSON.stringify([{ id: worker.pool }])],
  );
  await ingress.admin.query(`INSERT INTO scheduler.worker_sightings VALUES ($1, 'w2')`, [worker.pool]);
  expect(await post('/workers', strict, ROOT_KEY)).toMatchObject({
    status: 201,
    body: { pool_active: true, last_seen_at: expect.any(String) },
  });
  const [entry] = await ingress.admin.query<{ body: string }>(
    `SELECT body FROM ledger.entries WHERE kind = 'identity_created' ORDER BY id DESC LIMIT 1`,
  );
  expect(entry!.body).not.toContain('strict');
  expect(await post('/workers', worker, ROOT_KEY)).toMatchObject({ status: 409 });
  const path = `/workers/${worker.pool}/w1`;
  const revoked = await post(`${path}/revoke`, { reason: 'stolen' }, ROOT_KEY);
  expect(revoked).toMatchObject({ status: 200, body: { revoked_at: expect.any(String) } });
  expect(JSON.stringify((await get('/revocations', ROOT_KEY)).body)).toContain(`${worker.pool}/w1`);
  expect(JSON.stringify((await get('/revocations')).body)).not.toContain(`${worker.pool}/w1`);
});

describe('a stop', () => {
  const stopsOf = async (key = admin) => ((await get('/stops', key)).body as unknown as { stops: object[] }).stops;

  test('is set, seen and lifted, with reason and actor in the ledger', async () => {
    const set = await post('/stops', { kind: 'agent', target: 'desk-agent', reason: 'runs wild' });
    expect(set).toMatchObject({ status: 201, body: { kind: 'agent', tenant: TENANT, set_by: 'olivia' } });
    const { switch_id } = set.body as { switch_id: string };
    expect(await stopsOf()).toContainEqual(set.body);
    expect(await stopsOf(RIVAL_KEY)).toEqual([]);
    expect(await post(`/stops/${switch_id}/lift`, { reason: 'mine now' }, RIVAL_KEY)).toMatchObject({ status: 404 });
    expect((await post(`/stops/${switch_id}/lift`, { reason: 'looked at' })).status).toBe(200);
    expect(await stopsOf()).toEqual([]);
    const entries = await ingress.admin.query<{ body: string }>(
      `SELECT body FROM ledger.entries WHERE chain = 'control' AND kind = 'switch_set' ORDER BY seq`,
    );
    expect(entries.map(({ body }) => JSON.parse(body)).filter((body) => body.switch_id === switch_id)).toMatchObject([
      { on: true, actor: 'olivia', actor_tenant: TENANT, reason: 'runs wild', kind: 'agent', target: 'desk-agent' },
      { on: false, actor: 'olivia', tenant: TENANT, reason: 'looked at', kind: 'agent', target: 'desk-agent' },
    ]);
  });

  test('needs a reason and a target that exists', async () => {
    expect(await post('/stops', { kind: 'all' })).toMatchObject({ status: 400, body: { at: '/reason' } });
    const wrong = { kind: 'topic', target: 'no topic', reason: 'x' };
    expect(await post('/stops', wrong)).toMatchObject({ status: 400, body: { at: '/target' } });
    for (const [kind, target] of [
      ['agent', 'nobody'],
      ['agent', 'foreign-agent'],
      ['tenant', 'nowhere'],
      ['tenant', 'other'],
      ['pool', 'nothing'],
      ['run', 'nothing'],
    ])
      expect(await post('/stops', { kind, target, reason: 'x' }), `${kind} ${target}`).toMatchObject({ status: 404 });
    expect(await post('/stops', { kind: 'tenant', target: 'nowhere', reason: 'x' }, ROOT_KEY)).toMatchObject({
      status: 404,
    });
    expect(await stopsOf(ROOT_KEY)).toEqual([]);
  });

  test('that takes two people stands until a second one confirms, and both are named', async () => {
    const set = await post('/stops', { kind: 'topic', target: 'job.deploy.*', reason: 'drill', lift: 'two_person' });
    const { switch_id } = set.body as { switch_id: string };
    const path = `/stops/${switch_id}/lift`;
    expect(await post(path, { reason: 'over' })).toMatchObject({ status: 200, body: { switch_id, lifted: false } });
    expect(await stopsOf()).toMatchObject([{ switch_id, lift: 'two_person', lift_requested_by: 'olivia' }]);
    expect(await post(path, { reason: 'again' })).toMatchObject({
      status: 409,
      body: { code: 'second_person_missing' },
    });
    // The role that sets it in a drill is nobody: no person stands behind it.
    await expect(
      scheduler.query(`SELECT control.set_switch($1, 'x', '', NULL, false, 'x')`, [switch_id]),
    ).rejects.toThrow('second_person_missing');
    // A second account of the one who asked is the same person.
    await ingress.admin.query(`UPDATE identity.principals SET person = 'olivia' WHERE principal_id = 'root'`);
    expect(await post(path, { reason: 'me too' }, ROOT_KEY)).toMatchObject({ body: { code: 'second_person_missing' } });
    await ingress.admin.query(`UPDATE identity.principals SET person = NULL WHERE principal_id = 'root'`);
    expect(await stopsOf()).toHaveLength(1);
    expect(await post(path, { reason: 'yes' }, ROOT_KEY)).toMatchObject({ body: { switch_id, lifted: true } });
    expect(await stopsOf()).toEqual([]);
    const entries = await ingress.admin.query<{ kind: string; actor: string }>(
      `SELECT kind, body::jsonb ->> 'actor' AS actor FROM ledger.entries
        WHERE chain = 'control' AND body::jsonb ->> 'switch_id' = $1 ORDER BY seq`,
      [switch_id],
    );
    expect(entries).toEqual([
      { kind: 'switch_set', actor: 'olivia' },
      { kind: 'switch_lift_requested', actor: 'olivia' },
      { kind: 'switch_set', actor: 'root' },
    ]);
  });

  test('ends when its time is over, with an entry, and then stands in no gate', async () => {
    const set = await post('/stops', { kind: 'topic', target: 'job.deploy.*', reason: 'drill', expires_in: 1 });
    expect((await stopsOf())[0]).toMatchObject({ expires_at: expect.any(String), lift: 'one_person' });
    await endExpiredStops(parts);
    expect(await stopsOf()).toHaveLength(1);
    await expect
      .poll(
        async () => {
          await endExpiredStops(parts);
          return stopsOf();
        },
        { interval: 100 },
      )
      .toEqual([]);
    const { switch_id } = set.body as { switch_id: string };
    expect(await post(`/stops/${switch_id}/lift`, { reason: 'x' })).toMatchObject({ status: 404 });
    expect(await post('/stops', { kind: 'all', reason: 'x', expires_in: 0 })).toMatchObject({
      status: 400,
      body: { at: '/expires_in' },
    });
  });

  test('of a run is of one that the tenant has, and of no other tenant’s', async () => {
    await ingress.admin.query(
      `INSERT INTO scheduler.jobs (tenant, job_id, topic, labels, actor, auth_method, state, decision, policy_version,
         policy_snapshot, policy_epoch, job_hash, deadline_at, traceparent)
       VALUES ($1, 'of-a-run', 'job.demo.read', '{"run":"nightly"}', 'desk-agent', 'api_key', 'succeeded', 'allow', 1, 's', 1, 'h', now(), '')`,
      [TENANT],
    );
    const stop = { kind: 'run', target: 'nightly', reason: 'drill' };
    expect(await post('/stops', stop, RIVAL_KEY)).toMatchObject({ status: 404 });
    expect(await post('/stops', { ...stop, everywhere: true }, ROOT_KEY)).toMatchObject({ status: 400 });
    const set = await post('/stops', stop);
    expect(set).toMatchObject({ status: 201, body: stop });
    await post(`/stops/${(set.body as { switch_id: string }).switch_id}/lift`, { reason: 'x' });
  });

  test('reaches other tenants only from who may', async () => {
    const everywhere = { kind: 'topic', target: 'job.deploy.*', reason: 'drill', everywhere: true };
    expect(await post('/stops', everywhere)).toMatchObject({ status: 403, body: { code: 'permission_missing' } });
    const set = await post('/stops', everywhere, ROOT_KEY);
    expect(set).toMatchObject({ status: 201, body: { tenant: null } });
    expect(await stopsOf(RIVAL_KEY)).toHaveLength(1);
    const path = `/stops/${(set.body as { switch_id: string }).switch_id}/lift`;
    expect(await post(path, { reason: 'x' })).toMatchObject({ status: 404 });
    expect((await post(path, { reason: 'x' }, ROOT_KEY)).status).toBe(200);
  });
});

describe('the review of rights', () => {
  type Report = { complete: boolean; agents: Record<string, unknown>[]; keys: { key_id: string }[]; digest: string };
  const review = async (): Promise<Report> => (await get('/entitlements?days=30')).body as unknown as Report;
  const past = async (agent: string): Promise<void> => {
    await ingress.admin.query(
      `UPDATE identity.principals SET created_at = now() - interval '60 days' WHERE principal_id = $1`,
      [agent],
    );
    await ingress.admin.query(
      `UPDATE identity.api_keys SET created_at = now() - interval '60 days' WHERE principal_id = $1`,
      [agent],
    );
  };

  test('names what was granted and not used, once uses were kept for so long, and is signed off by its digest', async () => {
    const agent = await makeAgent();
    const { key } = await makeKey(agent);
    const { key_id: idle } = await makeKey(agent);
    expect(
      (
        await ingress.post(
          '/jobs',
          { topic: 'job.demo.read', labels: { env: 'dev' }, meta: { capability: 'demo.read' } },
          { key },
        )
      ).status,
    ).toBe(202);
    await past(agent);
    expect(await review()).toMatchObject({ complete: false, agents: [], keys: [] });
    await ingress.admin.query(`UPDATE identity.uses SET last_used_at = now() - interval '90 days' WHERE subject = ''`);
    const unused = { agent, owner: 'olivia', topics: ['job.never.*'], capabilities: [], environments: [] };
    await expect.poll(async () => (await review()).agents, { interval: 200 }).toEqual([unused]);
    const report = await review();
    expect(report).toMatchObject({ complete: true });
    expect(report.keys.map(({ key_id }) => key_id)).toEqual([idle]);
    const signed = await post('/entitlements/sign-off', { days: 30, digest: report.digest, comment: 'read' });
    expect(signed).toMatchObject({ status: 200, body: { signed_by: 'olivia' } });
    expect(await lastEntry(TENANT)).toMatchObject({
      kind: 'entitlements_reviewed',
      unused: { agents: [unused] },
      actor: 'olivia',
    });
    await patch(`/agents/${agent}`, { ceiling: { ...CEILING, topics: ['job.demo.*'] } });
    expect((await review()).agents).toEqual([]);
    const again = await post('/entitlements/sign-off', { days: 30, digest: report.digest });
    expect(again).toMatchObject({ status: 409, body: { code: 'state_conflict', at: '/digest' } });
  });

  test('names workers that claimed nothing, and pools without another one, to who may see them', async () => {
    type Seen = { workers: object[]; pools: string[] };
    const byWho = async (key: string) => (await get('/entitlements?days=30', key)).body as unknown as Seen;
    for (const name of ['idle-pool/a', 'mixed-pool/a', 'mixed-pool/b', 'new-pool/a'])
      await ingress.admin.query(
        `INSERT INTO identity.workers (worker, pool, public_key, created_at)
         VALUES (split_part($1, '/', 2), split_part($1, '/', 1), $2, now() - make_interval(days => $3))`,
        [name, randomBytes(32).toString('base64url'), name.startsWith('new') ? 1 : 60],
      );
    const uses = openWorkerUses();
    uses.note({ pool: 'mixed-pool', worker: 'b' });
    await uses.keep(scheduler);
    expect(await byWho(ROOT_KEY)).toMatchObject({ workers: [], pools: [] });
    await ingress.admin.query(
      `UPDATE scheduler.worker_uses SET last_used_at = now() - interval '90 days' WHERE pool = ''`,
    );
    const seen = await byWho(ROOT_KEY);
    const idle = (pool: string, worker: string) => ({ pool, worker, last_used_at: null });
    expect(seen.workers).toEqual(expect.arrayContaining([idle('idle-pool', 'a'), idle('mixed-pool', 'a')]));
    expect(seen.workers).not.toContainEqual(expect.objectContaining({ pool: 'mixed-pool', worker: 'b' }));
    expect(seen.workers).not.toContainEqual(expect.objectContaining({ pool: 'new-pool' }));
    expect(seen.pools).toContain('idle-pool');
    expect(seen.pools).not.toContain('mixed-pool');
    expect(await byWho(admin)).toMatchObject({ workers: [], pools: [] });
    expect((await get('/workers/idle-pool/a', ROOT_KEY)).body).toMatchObject({ last_used_at: null });
    const { workers } = (await get('/workers?pool=mixed-pool', ROOT_KEY)).body as unknown as {
      workers: { worker: string; last_used_at: string | null }[];
    };
    expect(workers.map(({ worker, last_used_at }) => [worker, last_used_at !== null])).toEqual([
      ['a', false],
      ['b', true],
    ]);
  });
});

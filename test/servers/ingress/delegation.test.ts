/**
 * On whose behalf: the registry says who lets whom act, and a request that says more is refused, at each door and in each
 * question. What a chain is good for, nobody in it may countersign.
 */
import { randomBytes, sign } from 'node:crypto';
import { createClient } from '@countersign/client/create-client';
import { partiesIn } from '@countersign/contracts/delegation';
import { LIMITS } from '@countersign/contracts/limits';
import { subjects } from '@countersign/contracts/subjects';
import { hashApiKey, keyIdOf } from '@countersign/ingress/api-key';
import { type Revocation, revokeIdentity } from '@countersign/ingress/revoke-identity';
import { canonicalize } from '@countersign/ledger/canonical-json';
import type { Database } from '@countersign/platform/database';
import { decodeJwt } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connectIn } from '../../harness/connect-in.ts';
import { AGENT, FOREIGN_AGENT, type Reply, type RunningIngress, runIngress, TENANT } from './run-ingress.ts';

let ingress: RunningIngress;
let database: Database;
const cleanUp = new AsyncDisposableStack();
beforeAll(async () => {
  ingress = cleanUp.use(await runIngress());
  database = connectIn(cleanUp, ingress.database_url, 1);
});
afterAll(() => cleanUp.disposeAsync());

type Who = keyof RunningIngress['keys'];

async function give(from: Who, to: string, more: object = {}): Promise<string> {
  const reply = await ingress.post('/delegations', { to, ...more }, { key: ingress.keys[from] });
  expect(reply.status).toBe(201);
  return reply.body.delegation_id as string;
}

function end(who: Who, id: string): Promise<Reply> {
  return ingress.post(`/delegations/${id}/revoke`, { reason: 'over' }, { key: ingress.keys[who] });
}

function submit(on_behalf_of: unknown, key = ingress.keys.agent): Promise<Reply> {
  return ingress.post('/jobs', { topic: 'job.demo.read', on_behalf_of }, { key });
}

function revoke(what: Revocation['what'], id: string): Promise<number> {
  return database.transaction((tx) => revokeIdentity(tx, { what, id, reason: 'tried by a test', by_key: null }));
}
const missing = { status: 403, body: { code: 'delegation_missing', at: '/on_behalf_of' } };

describe('on behalf of', () => {
  test.each([
    ['somebody who has said nothing', 'alice'],
    ['somebody who does not exist', 'nobody'],
    ['oneself', AGENT],
    ["another tenant's agent", FOREIGN_AGENT],
    ['the own owner', 'olivia'],
    ['a chain of strangers', ['alice', 'audrey']],
  ])('%s nobody acts: not at submit, not in a question', async (_name, whom) => {
    const admitted = ingress.peers.admitted.length;
    expect(await submit(whom)).toMatchObject(missing);
    for (const path of ['/policy/simulate', '/policy/explain'])
      expect(await ingress.post(path, { topic: 'job.demo.read', on_behalf_of: whom })).toMatchObject(missing);
    expect(await ingress.post('/token', { on_behalf_of: whom })).toMatchObject(missing);
    expect(ingress.peers.admitted.length).toBe(admitted);
  });

  test.each([
    ['nobody at all', []],
    ['somebody twice', ['alice', 'alice']],
    ['too many', ['a', 'b', 'c', 'd', 'e']],
    ['what is no name', 'Alice Smith'],
    ['a chain in one text', 'alice audrey'],
    ['an owner of one’s choice', 'alice/audrey'],
  ])('%s is no chain', async (_name, whom) => {
    expect(await submit(whom)).toMatchObject({ status: 400, body: { code: 'field_invalid' } });
  });

  test('a person acts the agent that the person lets, and no other; the job says so', async () => {
    const id = await give('approver', AGENT);
    expect(await submit('alice')).toMatchObject({ status: 202 });
    expect(ingress.peers.admitted.at(-1)).toMatchObject({
      behind: 'alice',
      actor: { id: AGENT },
      request: { on_behalf_of: 'alice' },
    });
    expect(await submit('alice', ingress.keys.other_agent)).toMatchObject(missing);
    expect(await submit(['olivia', 'alice'])).toMatchObject(missing);
    expect((await end('approver', id)).status).toBe(204);
    expect(await submit('alice')).toMatchObject(missing);
    await give('approver', AGENT);
    expect(await submit('alice')).toMatchObject({ status: 202 });
  });

  test('a chain acts when each link was given, in this order, and its parties are all of it with their owners', async () => {
    await give('auditor', 'second-agent');
    await give('other_agent', AGENT);
    expect(await submit(['audrey', 'second-agent'])).toMatchObject({ status: 202 });
    const { behind } = ingress.peers.admitted.at(-1)!;
    expect(behind).toBe('audrey second-agent/olivia');
    expect(partiesIn(behind!)).toEqual(['audrey', 'second-agent', 'olivia']);
    for (const wrong of [
      ['second-agent', 'audrey'],
      ['audrey'],
      ['audrey', 'alice', 'second-agent'],
      ['audrey', AGENT],
    ])
      expect(await submit(wrong), wrong.join()).toMatchObject(missing);
  });

  test('nobody acts any more who is revoked, or whose delegation has expired', async () => {
    const person = 'carla';
    await ingress.admin.query(`INSERT INTO identity.principals (principal_id, tenant, type) VALUES ($1, $2, 'human')`, [
      person,
      TENANT,
    ]);
    const id = await ingress.admin.query<{ id: string }>(
      `INSERT INTO identity.delegations (delegation_id, principal_id, delegate_id, expires_at)
       VALUES (gen_random_uuid(), $1, $2, clock_timestamp() + interval '1 hour') RETURNING delegation_id AS id`,
      [person, AGENT],
    );
    expect(await submit(person)).toMatchObject({ status: 202 });
    const set = (when: string) =>
      ingress.admin.query(
        `UPDATE identity.delegations SET expires_at = clock_timestamp() + $2::interval WHERE delegation_id = $1`,
        [id[0]!.id, when],
      );
    await set('-1 second');
    expect(await submit(person)).toMatchObject(missing);
    await set('1 hour');
    expect(await submit(person)).toMatchObject({ status: 202 });
    await revoke('principal', person);
    expect(await submit(person)).toMatchObject(missing);
  });

  test('is judged the same at the door of the bus', async () => {
    const agent = await ingress.nats.connectAs(`agent-${TENANT}`);
    const ask = async (on_behalf_of: string) => {
      const subject = subjects.rpcSubmit(TENANT);
      const unsigned = {
        agent: AGENT,
        nonce: randomBytes(16).toString('base64url'),
        request: { topic: 'job.demo.read', on_behalf_of },
        timestamp: new Date().toISOString(),
      };
      const signature = sign(null, Buffer.from(canonicalize({ ...unsigned, subject })), ingress.signing_key);
      const sealed = JSON.stringify({ ...unsigned, signature: signature.toString('base64url') });
      return (await agent.request(subject, sealed, { timeout: 5_000, noMux: false })).json();
    };
    expect(await ask('olivia')).toMatchObject({ ok: false, error: { code: 'delegation_missing' } });
    expect(await ask('alice')).toMatchObject({ ok: true });
  });
});

describe('a delegation', () => {
  test('is given by a principal for itself alone, to whom its tenant knows, and stands in evidence', async () => {
    const refused = [
      [{ to: AGENT }, 'agent', 400, 'field_invalid'],
      [{ to: 'nobody' }, 'agent', 404, 'identity_unknown'],
      [{ to: FOREIGN_AGENT }, 'agent', 404, 'identity_unknown'],
      [{ to: 'second-agent', principal: 'alice' }, 'agent', 400, 'field_unknown'],
      [{ to: 'second-agent', expires_in: LIMITS.delegation_ms / 1000 + 1 }, 'agent', 400, 'field_invalid'],
    ] as const;
    for (const [body, who, status, code] of refused)
      expect(await ingress.post('/delegations', body, { key: ingress.keys[who] })).toMatchObject({
        status,
        body: { code },
      });
    const id = await give('agent', 'second-agent', { expires_in: 60 });
    const read = async () =>
      (
        await ingress.admin.query<{ kind: string; body: string }>(
          `SELECT kind, body FROM ledger.entries WHERE chain = 'identity:${AGENT}' AND body LIKE $1 ORDER BY seq`,
          [`%${id}%`],
        )
      ).map(({ kind, body }) => [kind, JSON.parse(body)]);
    const by_key = keyIdOf(hashApiKey(ingress.keys.agent));
    const given = [
      'identity_created',
      { what: 'delegation', principal: AGENT, to: 'second-agent', actor: AGENT, by_key },
    ];
    expect(await read()).toMatchObject([given]);
    expect((await end('agent', id)).status).toBe(204);
    expect(await read()).toMatchObject([
      given,
      ['identity_revoked', { what: 'delegation', id, actor: AGENT, reason: 'over' }],
    ]);
  });

  test('is seen by both, and ended by its giver alone', async () => {
    const id = await give('agent', 'second-agent');
    const listed = async (who: Who) =>
      (
        (await ingress.get('/delegations', { key: ingress.keys[who] })).body.delegations as { delegation_id: string }[]
      ).some(({ delegation_id }) => delegation_id === id);
    expect([await listed('agent'), await listed('other_agent'), await listed('admin')]).toEqual([true, true, false]);
    for (const who of ['other_agent', 'admin', 'stranger'] as const)
      expect(
        await ingress.post(
          `/delegations/${id}/revoke`,
          { reason: 'x' },
          { key: ingress.keys[who], headers: who === 'stranger' ? { 'x-tenant-id': 'other' } : {} },
        ),
      ).toMatchObject({ status: 404, body: { code: 'not_found' } });
    await end('agent', id);
    expect([await listed('agent'), await listed('other_agent')]).toEqual([false, false]);
  });

  test('is not given with a token, which it would outlive', async () => {
    const { body } = await ingress.post('/token', {});
    const response = await fetch(`${ingress.url}/api/v1/delegations`, {
      method: 'POST',
      headers: { authorization: `Bearer ${body.access_token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ to: 'second-agent' }),
    });
    expect([response.status, await response.json()]).toMatchObject([403, { code: 'permission_missing' }]);
  });

  test('is not given without end: so many stand, and no more', async () => {
    await ingress.admin.query(
      `INSERT INTO identity.delegations (delegation_id, principal_id, delegate_id, expires_at)
       SELECT gen_random_uuid(), 'olivia', $1, clock_timestamp() + interval '1 hour' FROM generate_series(1, $2)`,
      ['second-agent', LIMITS.delegations],
    );
    const reply = await ingress.post('/delegations', { to: AGENT }, { key: ingress.keys.admin });
    expect(reply).toMatchObject({ status: 429, body: { code: 'too_many_requests' } });
  });
});

describe('a token for a chain', () => {
  test('says it as RFC 8693 does, speaks for that chain without being asked, and for no other', async () => {
    const chain = ['audrey', 'second-agent'];
    const { body } = await ingress.post('/token', { on_behalf_of: chain });
    expect(decodeJwt(body.access_token as string)).toMatchObject({
      sub: 'audrey',
      act: { sub: AGENT, act: { sub: 'second-agent' } },
    });
    const api = createClient({ url: ingress.url, token: body.access_token as string });
    await api.submit({ topic: 'job.demo.read' });
    expect(ingress.peers.admitted.at(-1)).toMatchObject({
      actor: { id: AGENT, auth_method: 'token' },
      request: { on_behalf_of: chain },
      behind: 'audrey second-agent/olivia',
    });
    await api.submit({ topic: 'job.demo.read', on_behalf_of: chain });
    await expect(api.submit({ topic: 'job.demo.read', on_behalf_of: 'alice' })).rejects.toMatchObject({
      code: 'delegation_missing',
    });
    await expect(api.simulate({ topic: 'job.demo.read', on_behalf_of: 'alice' })).rejects.toMatchObject({
      code: 'delegation_missing',
    });
    const given = (await ingress.get('/delegations', { key: ingress.keys.auditor })).body.delegations as {
      delegation_id: string;
    }[];
    for (const { delegation_id } of given) await end('auditor', delegation_id);
    await expect(api.submit({ topic: 'job.demo.read' })).rejects.toMatchObject({ code: 'delegation_missing' });
  });
});

test('a member lends its vote in its group: that acts on nobody’s behalf, and only a person can hold it', async () => {
  const id = await give('approver', 'audrey', { votes_in: 'sre' });
  const listed = await ingress.get('/delegations', { key: ingress.keys.approver });
  expect(listed.body.delegations).toContainEqual(
    expect.objectContaining({ delegation_id: id, principal: 'alice', to: 'audrey', votes_in: 'sre' }),
  );
  const lent = await ingress.admin.query('SELECT * FROM identity.lent_votes($1)', ['audrey']);
  expect(lent).toEqual([{ group_name: 'sre', delegated_by: 'alice' }]);
  await give('approver', AGENT, { expires_in: 60 }).then((given) => end('approver', given));
  const refused = (to: string, votes_in: string, key: Who) =>
    ingress.post('/delegations', { to, votes_in }, { key: ingress.keys[key] });
  expect(await refused(AGENT, 'sre', 'approver')).toMatchObject({ body: { code: 'identity_unknown', at: '/to' } });
  expect(await refused('audrey', 'security', 'approver')).toMatchObject({
    body: { code: 'field_invalid', at: '/votes_in' },
  });
  expect(await refused('audrey', 'sre', 'agent')).toMatchObject({ body: { code: 'field_invalid', at: '/votes_in' } });
  // What was lent is not the borrower's to lend.
  expect(await refused('olivia', 'sre', 'auditor')).toMatchObject({ body: { code: 'field_invalid', at: '/votes_in' } });
  expect(await submitAs('alice')).toMatchObject({ status: 403, body: { code: 'delegation_missing' } });
  expect((await end('approver', id)).status).toBe(204);
  expect(await ingress.admin.query('SELECT * FROM identity.lent_votes($1)', ['audrey'])).toEqual([]);
});

/** Audrey holds Alice's vote in a group; that lets nobody act for Alice. */
function submitAs(whom: string): Promise<Reply> {
  return ingress.post('/policy/explain', { topic: 'job.demo.read', on_behalf_of: whom }, { key: ingress.keys.auditor });
}

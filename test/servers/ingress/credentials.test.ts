import { connectDatabase } from '@countersign/platform/database';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { AGENT, type RunningIngress, runIngress, TENANT } from './run-ingress.ts';

let ingress: RunningIngress;
beforeAll(async () => {
  ingress = await runIngress();
});
afterAll(() => ingress[Symbol.asyncDispose]());

function submit(key: string, headers: Record<string, string> = {}) {
  return ingress.post('/jobs', { topic: 'job.demo.read' }, { key, headers });
}

/** Without the headers that the harness adds. */
async function bare(headers: Record<string, string>) {
  const response = await fetch(`${ingress.url}/api/v1/jobs`, { headers });
  return { status: response.status, code: ((await response.json()) as { code?: string }).code };
}

describe('a credential', () => {
  test('may come as a bearer token, and then the tenant may be left out', async () => {
    expect(await bare({ authorization: `Bearer ${ingress.keys.agent}` })).toEqual({ status: 200, code: undefined });
  });

  test.each([
    ['nothing', {}],
    ['an empty key', { 'x-api-key': '' }],
    ['a key of another make', { 'x-api-key': 'sk-123' }],
    ['a key that nobody has', { 'x-api-key': `cs_${'A'.repeat(43)}` }],
    ['basic authentication', { authorization: 'Basic YTpi' }],
    ['a bearer without token', { authorization: 'Bearer ' }],
  ])('that is %s is 401', async (_name, headers) => {
    expect(await bare(headers as Record<string, string>)).toEqual({ status: 401, code: 'unauthenticated' });
  });

  test('that differs from the other one in the same request is 401', async () => {
    const { agent, auditor } = ingress.keys;
    expect(await bare({ 'x-api-key': agent, authorization: `Bearer ${auditor}` })).toMatchObject({ status: 401 });
  });

  test('that has expired is 401', async () => {
    expect(await submit(ingress.keys.expired)).toMatchObject({ status: 401, body: { code: 'unauthenticated' } });
  });

  test('with a tenant that is not its own is 403, whatever the tenant is', async () => {
    for (const tenant of ['other', 'nobody', '', '*']) {
      const reply = await submit(ingress.keys.agent, { 'x-tenant-id': tenant });
      expect(reply).toMatchObject({ status: 403, body: { code: 'tenant_forbidden', at: 'X-Tenant-ID' } });
    }
  });

  test('does what its permissions say and nothing else', async () => {
    const { agent, approver, admin, auditor } = ingress.keys;
    expect((await submit(agent)).status).toBe(202);
    for (const key of [approver, admin, auditor]) {
      expect(await submit(key)).toMatchObject({ status: 403, body: { code: 'permission_missing' } });
    }
    const vote = (key: string) =>
      ingress.post(
        '/approvals/00000000-0000-7000-8000-000000000000/approve',
        { digest: `sha256:${'0'.repeat(64)}` },
        { key },
      );
    for (const key of [agent, admin, auditor]) {
      expect(await vote(key)).toMatchObject({ status: 403, body: { code: 'permission_missing' } });
    }
    expect(await vote(approver)).toMatchObject({ status: 409, body: { code: 'approval_closed' } });
    expect(ingress.peers.votes).toMatchObject([
      { vote: 'approve', comment: null, principal: { id: 'alice', type: 'human', groups: ['sre', 'approvers'] } },
    ]);
    expect(await ingress.get('/approvals', { key: agent })).toMatchObject({ status: 403 });
  });

  test('says who acts, and no header beside it: not at submission, not at a vote', async () => {
    const names = [
      'user',
      'actor',
      'principal',
      'principal-id',
      'agent',
      'owner',
      'role',
      'roles',
      'groups',
      'permissions',
      'scope',
    ];
    const posing = Object.fromEntries(
      [...names, 'forwarded-user', 'remote-user', 'auth-request-user'].map((name) => [
        `x-${name}`,
        name.includes('group') ? 'sre,approvers' : 'alice',
      ]),
    );
    const headers = {
      ...posing,
      forwarded: 'for=127.0.0.1;by=alice',
      'x-original-url': '/api/v1/people',
      'x-http-method-override': 'PATCH',
    };
    const { agent, approver } = ingress.keys;
    expect((await submit(agent, headers)).status).toBe(202);
    expect(ingress.peers.admitted.at(-1)).toMatchObject({ actor: { id: AGENT, type: 'agent' }, behind: null });
    const path = '/approvals/00000000-0000-7000-8000-000000000000/approve';
    const body = { digest: `sha256:${'0'.repeat(64)}` };
    expect(await ingress.post(path, body, { key: agent, headers })).toMatchObject({ status: 403 });
    const carol = { ...headers, 'x-principal': 'carol', 'x-user': 'carol' };
    expect((await ingress.post(path, body, { key: approver, headers: carol })).status).toBe(409);
    expect(ingress.peers.votes.at(-1)).toMatchObject({ principal: { id: 'alice', groups: ['sre', 'approvers'] } });
  });

  test("comes before the body: a stranger's bytes are not judged", async () => {
    const reply = await ingress.post('/jobs', 'not json', { key: 'nobody' });
    expect(reply).toMatchObject({ status: 401 });
  });
});

/** An instant so many days from now, an hour more or less. */
function inDays(days: number) {
  return {
    asymmetricMatch: (at: unknown) =>
      typeof at === 'string' && Math.abs(Date.parse(at) - Date.now() - days * 24 * 3_600_000) < 3_600_000,
  };
}

describe('what is stored of identities', () => {
  test('holds no key, and every one has its evidence, recorded by ingress', async () => {
    const keys = await ingress.admin.query<{ row: string }>('SELECT k::text AS row FROM identity.api_keys k');
    const entries = await ingress.admin.query<{ chain: string; recorded_by: string; body: string }>(
      `SELECT chain, recorded_by, body FROM ledger.entries WHERE kind = 'identity_created' ORDER BY chain, seq`,
    );
    const written = JSON.stringify([keys, entries]);
    for (const key of Object.values(ingress.keys)) expect(written).not.toContain(key);
    expect(new Set(entries.map((entry) => entry.recorded_by))).toEqual(new Set(['countersign_ingress']));
    const agent = entries.filter((entry) => entry.chain === `identity:${AGENT}`).map((entry) => JSON.parse(entry.body));
    expect(agent).toMatchObject([
      { what: 'principal', tenant: TENANT, owner: 'olivia', ceiling: { topics: ['job.*'] } },
      { what: 'api_key', principal: AGENT, expires_at: inDays(90) },
      { what: 'api_key', principal: AGENT, expires_at: '2026-01-01T00:00:00Z' },
    ]);
    expect(entries.map((entry) => entry.chain)).toContain('identity:reader-1');
  });

  test('cannot be an agent without an owner, nor its own', async () => {
    const insert = (owner: string | null) =>
      ingress.admin.query(
        `INSERT INTO identity.principals (principal_id, tenant, type, owner, ceiling) VALUES ('loner', $1, 'agent', $2, '{}')`,
        [TENANT, owner],
      );
    await expect(insert(null)).rejects.toMatchObject({ code: '23514' });
    await expect(insert('loner')).rejects.toMatchObject({ code: '23514' });
  });

  test('cannot be rewritten or added to by the service without its evidence', async () => {
    const database = connectDatabase({ url: ingress.database_url, pool: 1, name: 'test' });
    try {
      const agents = `groups = groups, owner = 'alice'`;
      for (const [set, type] of [
        [`groups = '{sre}'`, 'human'],
        [agents, 'agent'],
        [`signing_key = NULL`, 'agent'],
      ]) {
        const change = database.query(`UPDATE identity.principals SET ${set} WHERE type = $1`, [type]);
        // By the trigger: what the role may change, it changes with an entry in the same transaction.
        await expect(change).rejects.toMatchObject({ code: '42501', message: expect.stringContaining('evidence') });
      }
      const never = [`ceiling = '{}'`, `tenant = 'other'`, `type = 'human'`, `created_at = now()`];
      for (const set of never) {
        await expect(database.query(`UPDATE identity.principals SET ${set}`)).rejects.toMatchObject({ code: '42501' });
      }
      for (const set of [`permissions = '{cancel}'`, `expires_at = NULL`]) {
        const change = database.query(`UPDATE identity.api_keys SET ${set}`);
        await expect(change).rejects.toMatchObject({ code: '42501', message: expect.stringContaining('evidence') });
      }
      await expect(database.query(`INSERT INTO identity.tenants VALUES ('unseen')`)).rejects.toMatchObject({
        code: '42501',
      });
      await expect(database.query('DELETE FROM identity.api_keys')).rejects.toMatchObject({ code: '42501' });
      await expect(database.query('SELECT * FROM scheduler.contexts')).rejects.toMatchObject({ code: '42501' });
    } finally {
      await database.close();
    }
  });
});

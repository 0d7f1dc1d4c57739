/**
 * Tenant crossing against the whole system, part of its one set-up (end-to-end.test.ts): whatever somebody of one tenant asks with
 * the ids of another, over HTTP and as a service on the bus, is answered as it is for ids that nobody has. Each route and each verb
 * has a row here, or the compiler refuses the file.
 */
import { ACCESS } from '@countersign/contracts/access';
import { PERMISSION_NAMES, PERMISSION_SETS, SYSTEM_PERMISSIONS } from '@countersign/contracts/permissions';
import type { RpcVerb } from '@countersign/contracts/rpc';
import { agentUser } from '@countersign/contracts/subjects';
import { developmentSigner } from '@countersign/infra/publish-development-policy';
import { waitUntil } from '@countersign/infra/wait-until';
import { hashApiKey, keyIdOf, newApiKey } from '@countersign/ingress/api-key';
import { registerIdentities } from '@countersign/ingress/register-identities';
import { type Bus, connectBus } from '@countersign/platform/bus';
import { createNatsKey } from '@countersign/platform/nats-key';
import { buildBundle, signBundle } from '@countersign/policy/build-bundle';
import { beforeAll, describe, expect, test } from 'vitest';
import { actAs } from '../../harness/act-as-role.ts';
import type { TestSystem } from '../../harness/start-system.ts';
import { waitForEnd } from '../../harness/wait-for-job.ts';
import { ALLOW_READS } from '../../servers/policy-kernel/make-bundle.ts';

const KINDS = [
  ...['agent', 'person', 'group', 'key', 'tenant', 'job', 'held', 'leaked', 'approval', 'nkey', 'delegation'],
  ...['stop', 'hold', 'version', 'snapshot', 'worker', 'webhook', 'delivery'],
] as const;
type Kind = (typeof KINDS)[number];
/** `status`: what both are answered with; 404 unless said. */
type Case = { of: Kind; body?: (id: string) => object; query?: string; status?: number };
type Verb = { of: Kind; ask: (id: string) => object };

const VOTES = ['approvals:vote', 'quarantine:review', 'content:hold'];
const BEYOND: readonly string[] = SYSTEM_PERMISSIONS;
const RIVAL = 'rival';
const DIGEST = `sha256:${'0'.repeat(64)}`;
const CEILING = { topics: ['job.*'], capabilities: ['*'], environments: ['*'] };
const reason = { reason: 'x' };
const REASONED = { body: () => reason };
const behalf = (id: string) => ({ topic: 'job.demo.read', on_behalf_of: id });
const BEHALF: Case[] = [{ of: 'person', body: behalf, status: 403 }];
const NONE: Case[] = [];

const ROUTES: Record<keyof typeof ACCESS, Case[]> = {
  'GET /agents': NONE,
  'POST /agents': [{ of: 'person', body: (owner) => ({ id: 'new-one', owner, ceiling: CEILING }), status: 400 }],
  'GET /agents/{id}': [{ of: 'agent' }],
  'PATCH /agents/{id}': [{ of: 'agent', body: () => ({ ceiling: CEILING }) }],
  'POST /agents/{id}/revoke': [{ of: 'agent', ...REASONED }],
  'POST /agents/{id}/rotate': [{ of: 'agent', body: () => ({ overlap_minutes: 0 }) }],
  'GET /approvals': [{ of: 'held', query: 'job_id', status: 200 }],
  'GET /approvals/events': NONE,
  'GET /approvals/grants': NONE,
  'POST /approvals/grants/{grant_id}/revoke': [{ of: 'approval', ...REASONED }],
  'GET /approvals/{approval_id}': [{ of: 'approval' }],
  'POST /approvals/{approval_id}/approve': [{ of: 'approval', body: () => ({ digest: DIGEST }) }],
  'POST /approvals/{approval_id}/break-glass': [{ of: 'approval', body: () => ({ digest: DIGEST, ...reason }) }],
  'POST /approvals/{approval_id}/counter-offer': [
    { of: 'approval', body: () => ({ digest: DIGEST, change: { payload: { a: 1 } }, ...reason }) },
  ],
  'POST /approvals/{approval_id}/reject': [{ of: 'approval', body: () => ({ digest: DIGEST }) }],
  'POST /approvals/{approval_id}/withdraw': [{ of: 'approval', ...REASONED }],
  'GET /bus-users': NONE,
  'POST /bus-users': [
    { of: 'person', body: (principal) => ({ kind: 'auditor', nkey: createNatsKey().nkey_public, principal }) },
  ],
  'POST /bus-users/{nkey}/revoke': [{ of: 'nkey', ...REASONED }],
  'GET /delegations': NONE,
  'POST /delegations': [{ of: 'person', body: (to) => ({ to }) }],
  'POST /delegations/{delegation_id}/revoke': [{ of: 'delegation', ...REASONED }],
  'GET /entitlements': NONE,
  'POST /entitlements/sign-off': NONE,
  'GET /erasures': NONE,
  'POST /erasures': [{ of: 'held', body: (job_id) => ({ job_id, ...reason }) }],
  'GET /evidence/checkpoint': NONE,
  'GET /evidence/consistency': NONE,
  'GET /evidence/entries': [
    { of: 'job', query: 'job_id', status: 200 },
    { of: 'agent', query: 'actor', status: 200 },
  ],
  'GET /evidence/inclusion': NONE,
  // Of the credential's own tenant, whatever is asked.
  'GET /evidence/population': NONE,
  'GET /dead-letters': NONE,
  'GET /dead-letters/{job_id}': [{ of: 'held' }],
  'POST /dead-letters/{job_id}/discard': [{ of: 'held', ...REASONED }],
  'POST /dead-letters/{job_id}/retry': [{ of: 'held' }],
  'GET /groups': NONE,
  'POST /groups': [{ of: 'person', body: (id) => ({ group: 'made', members: [id] }), status: 400 }],
  'GET /groups/{group}': [{ of: 'group' }],
  'PATCH /groups/{group}': [
    { of: 'group', body: () => ({ add: ['ruth-two'] }) },
    // Into a group of one's own.
    { of: 'person', body: (id) => ({ add: [id] }), status: 400 },
  ],
  'POST /groups/{group}/revoke': [{ of: 'group', ...REASONED }],
  'GET /holds': NONE,
  'POST /holds': NONE,
  'POST /holds/{hold_id}/lift': [{ of: 'hold', ...REASONED }],
  'GET /jobs': [{ of: 'agent', query: 'actor', status: 200 }],
  // A job's name is its tenant's: both may have one of the same name.
  'POST /jobs': [...BEHALF, { of: 'job', body: (job_id) => ({ job_id, topic: 'job.exec.shell' }), status: 403 }],
  'GET /jobs/{job_id}': [{ of: 'held' }],
  'POST /jobs/{job_id}/cancel': [{ of: 'held', ...REASONED }],
  'POST /jobs/{job_id}/compensate': [{ of: 'held' }],
  'POST /jobs/{job_id}/remediate': [{ of: 'held' }],
  'GET /jobs/{job_id}/artifacts': [{ of: 'leaked' }],
  'GET /jobs/{job_id}/artifacts/{digest}': [{ of: 'leaked' }],
  'GET /jobs/{job_id}/decisions': [{ of: 'held' }],
  'GET /jobs/{job_id}/events': [{ of: 'held' }],
  'GET /jobs/{job_id}/record': [{ of: 'held' }],
  'GET /jobs/{job_id}/result': [{ of: 'leaked' }],
  'GET /jobs/{job_id}/timeline': [{ of: 'held' }],
  'GET /keys': [{ of: 'agent', query: 'principal', status: 200 }],
  'POST /keys': [{ of: 'person', body: (principal) => ({ principal, role: 'auditor' }), status: 400 }],
  'GET /keys/{key_id}': [{ of: 'key' }],
  'PATCH /keys/{key_id}': [{ of: 'key', body: () => ({ expires_in_minutes: 0 }) }],
  'POST /keys/{key_id}/revoke': [{ of: 'key', ...REASONED }],
  'POST /keys/{key_id}/rotate': [{ of: 'key', body: () => ({}) }],
  'GET /kpis': NONE,
  'GET /people': NONE,
  'POST /people': [{ of: 'group', body: (group) => ({ id: 'new-two', groups: [group] }), status: 400 }],
  'GET /people/{id}': [{ of: 'person' }],
  'PATCH /people/{id}': [{ of: 'person', body: () => ({ groups: [] }) }],
  'POST /people/{id}/revoke': [{ of: 'person', ...REASONED }],
  'GET /policies/{snapshot}': [{ of: 'snapshot' }],
  'GET /policy': NONE,
  'GET /policy/bundles': NONE,
  'POST /policy/bundles': NONE,
  'POST /policy/bundles/{version}/activate': [{ of: 'version', body: () => ({}) }],
  'POST /policy/bundles/{version}/shadow': [{ of: 'version', body: () => ({ until: '2100-01-01T00:00:00Z' }) }],
  'POST /policy/explain': BEHALF,
  'POST /policy/replay': NONE,
  'GET /policy/shadow': NONE,
  'POST /policy/simulate': [
    ...BEHALF,
    { of: 'tenant', body: (tenant) => ({ topic: 'job.demo.read', tenant }), status: 400 },
  ],
  'GET /quarantine': NONE,
  'GET /quarantine/{job_id}': [{ of: 'leaked' }],
  'GET /quarantine/{job_id}/artifacts/{digest}': [{ of: 'leaked' }],
  'POST /quarantine/{job_id}/discard': [{ of: 'leaked', ...REASONED }],
  'POST /quarantine/{job_id}/open': [{ of: 'leaked', ...REASONED }],
  'POST /quarantine/{job_id}/release': [{ of: 'leaked', body: () => ({ ...reason, digest: DIGEST }) }],
  'GET /reviews': [{ of: 'held', query: 'job_id', status: 200 }],
  'GET /reviews/{review_id}': [{ of: 'approval' }],
  'POST /reviews/{review_id}/sign': [{ of: 'approval', body: () => ({ outcome: 'accepted' }) }],
  'GET /retention': NONE,
  'PATCH /retention': NONE,
  'GET /revocations': NONE,
  'GET /session': NONE,
  'GET /stops': NONE,
  'POST /stops': [
    { of: 'agent', body: (target) => ({ kind: 'agent', target, ...reason }) },
    { of: 'tenant', body: (target) => ({ kind: 'tenant', target, ...reason }) },
  ],
  'POST /stops/{switch_id}/lift': [{ of: 'stop', ...REASONED }],
  // Beyond one tenant: of whoever may not, nothing is looked up.
  'GET /tenants': NONE,
  'POST /tenants': NONE,
  'GET /tenants/{tenant}': [{ of: 'tenant' }],
  // The log's own, hashes of everybody's entries.
  'GET /tlog/checkpoint': NONE,
  'GET /tlog/tile/{tile}': NONE,
  'POST /token': [{ of: 'person', body: (id) => ({ on_behalf_of: id }), status: 403 }],
  'GET /webhook-deliveries': [{ of: 'webhook', query: 'webhook_id', status: 200 }],
  'POST /webhook-deliveries/{delivery_id}/retry': [{ of: 'delivery' }],
  'GET /webhooks': NONE,
  'POST /webhooks': NONE,
  'POST /webhooks/{webhook_id}/end': [{ of: 'webhook', ...REASONED }],
  // By a worker's signature, whose pool serves every tenant.
  'POST /worker/beat': NONE,
  'POST /worker/claim': NONE,
  'POST /worker/hello': NONE,
  'POST /worker/next': NONE,
  'POST /worker/artifact': NONE,
  'POST /worker/artifact/end': NONE,
  'POST /worker/result': NONE,
  'GET /workers': NONE,
  'POST /workers': NONE,
  'GET /workers/{pool}/{worker}': [{ of: 'worker', status: 403 }],
  'POST /workers/{pool}/{worker}/revoke': [{ of: 'worker', ...REASONED, status: 403 }],
  'POST /workers/{pool}/{worker}/rotate': [{ of: 'worker', body: () => ({ overlap_minutes: 0 }), status: 403 }],
};

const principal = { id: 'ruth', type: 'human', groups: [], owner: null, auth_method: 'api_key', key_id: null } as const;
const key = (job_id: string) => ({ tenant: RIVAL, job_id });
const change = { tenant: RIVAL, principal, global: false };
/** Null: it takes no id of a tenant's, or is not for one tenant (workers, the log). */
const VERBS: Record<RpcVerb, Verb | null> = {
  'policy.decide': null,
  'policy.simulate': null,
  'policy.explain': null,
  'policy.active': null,
  'policy.publish': null,
  'policy.bundles': null,
  'policy.activate': { of: 'version', ask: (version) => ({ ...change, version: Number(version) }) },
  'policy.shadow': {
    of: 'version',
    ask: (version) => ({ ...change, version: Number(version), until: '2100-01-01T00:00:00Z' }),
  },
  'policy.shadowing': null,
  'policy.document': { of: 'snapshot', ask: (snapshot) => ({ tenant: RIVAL, global: false, snapshot }) },
  'policy.replay': null,
  'scheduler.admit': null,
  'scheduler.get': { of: 'held', ask: key },
  'scheduler.list': null,
  'scheduler.cancel': { of: 'held', ask: (id) => ({ ...key(id), principal, reason: null }) },
  'scheduler.follow_up': { of: 'held', ask: (id) => ({ ...key(id), kind: 'retries', own: false, principal }) },
  'scheduler.dead_letters': null,
  'scheduler.dead_letter': { of: 'held', ask: key },
  'scheduler.discard': { of: 'held', ask: (id) => ({ ...key(id), reason: 'x', principal }) },
  'scheduler.claim': null,
  'scheduler.beat': null,
  'scheduler.hello': null,
  'scheduler.worker': null,
  'scheduler.give_back': null,
  'scheduler.next': null,
  'scheduler.worker_uses': null,
  'scheduler.stops': null,
  'scheduler.stop': null,
  'scheduler.lift': { of: 'stop', ask: (switch_id) => ({ switch_id, tenant: RIVAL, reason: 'x', principal }) },
  'scheduler.retention': null,
  'scheduler.keep': null,
  'scheduler.holds': null,
  'scheduler.hold': null,
  'scheduler.lift_hold': { of: 'hold', ask: (hold_id) => ({ hold_id, tenant: RIVAL, reason: 'x', principal }) },
  'scheduler.erasures': null,
  'scheduler.erase': { of: 'held', ask: (id) => ({ ...key(id), ...reason, principal }) },
  'approval.list': { of: 'held', ask: key },
  'approval.get': { of: 'approval', ask: (approval_id) => ({ tenant: RIVAL, approval_id }) },
  'approval.counter_offer': {
    of: 'approval',
    ask: (approval_id) => ({
      tenant: RIVAL,
      approval_id,
      digest: DIGEST,
      change: { payload: {} },
      ...reason,
      principal,
    }),
  },
  'approval.grants': null,
  'approval.revoke_grant': {
    of: 'approval',
    ask: (grant_id) => ({ tenant: RIVAL, grant_id, any: true, ...reason, principal }),
  },
  'approval.vote': {
    of: 'approval',
    ask: (approval_id) => ({ tenant: RIVAL, approval_id, vote: 'reject', digest: DIGEST, comment: null, principal }),
  },
  'approval.break_glass': {
    of: 'approval',
    ask: (approval_id) => ({ tenant: RIVAL, approval_id, digest: DIGEST, ...reason, principal }),
  },
  'approval.reviews': { of: 'held', ask: key },
  'approval.get_review': { of: 'approval', ask: (review_id) => ({ tenant: RIVAL, review_id }) },
  'approval.sign_review': {
    of: 'approval',
    ask: (review_id) => ({ tenant: RIVAL, review_id, outcome: 'accepted', reason: null, principal }),
  },
  'approval.withdraw': {
    of: 'approval',
    ask: (approval_id) => ({ tenant: RIVAL, approval_id, reason: null, principal }),
  },
  'output.read': { of: 'leaked', ask: key },
  'output.artifacts': { of: 'leaked', ask: key },
  'output.artifact_read': { of: 'leaked', ask: (id) => ({ ...key(id), digest: DIGEST, part: 0 }) },
  // By the claim, which is no tenant's to know.
  'output.artifact_part': null,
  'output.artifact_end': null,
  'output.quarantined': { of: 'leaked', ask: key },
  'output.open': { of: 'leaked', ask: (id) => ({ ...key(id), ...reason, principal }) },
  'output.opened_artifact': { of: 'leaked', ask: (id) => ({ ...key(id), digest: DIGEST, part: 0, principal }) },
  'output.release': { of: 'leaked', ask: (id) => ({ ...key(id), ...reason, digest: DIGEST, principal }) },
  'output.discard': { of: 'leaked', ask: (id) => ({ ...key(id), ...reason, principal }) },
  'audit.timeline': { of: 'held', ask: key },
  'audit.decisions': { of: 'held', ask: key },
  'audit.record': { of: 'held', ask: key },
  'audit.kpis': null,
  'audit.entries': { of: 'held', ask: key },
  'audit.checkpoint': null,
  'audit.population': null,
  'audit.inclusion': null,
  'audit.consistency': null,
  'audit.tile': null,
  'audit.deliveries': { of: 'webhook', ask: (webhook_id) => ({ tenant: RIVAL, webhook_id }) },
  'audit.retry_delivery': { of: 'delivery', ask: (delivery_id) => ({ tenant: RIVAL, delivery_id }) },
};

let system: TestSystem;
/** Who governs holds no vote, so each tenant has two credentials, which may together all that does not reach beyond it. */
const rival = { governs: newApiKey(), votes: newApiKey() };
const own = { governs: newApiKey(), votes: newApiKey() };
/** Of the development tenant, and of nobody. */
let ids: Record<Kind, readonly [string, string]>;

/** `running`: the system of the file, whose worker leaks when the prompt says so. */
export function crossingCases(running: () => TestSystem): void {
  describe('ids of another tenant are those of nobody', () => {
    beforeAll(async () => {
      system = running();
      await register();
      ids = await makeIds();
    }, 60_000);
    test.each(Object.keys(ROUTES) as (keyof typeof ROUTES)[])('%s', crossRoute);
    test.each((Object.keys(VERBS) as RpcVerb[]).filter((verb) => VERBS[verb] !== null))('rpc.%s', crossVerb);
    test('lists of grants and reviews hold what is one’s own, and nothing of another’s', async () => {
      for (const path of ['/approvals/grants', '/reviews']) {
        expect((await asked(own.governs, 'GET', path)).text).toContain(ids.approval[0]);
        expect((await asked(rival.governs, 'GET', path)).text).toMatch(
          /^\{"(grants|reviews)":\[\],"next_cursor":null\}$/,
        );
      }
      const seed = system.keys.nats.ingress!.seed;
      const bus = await connectBus({ servers: system.nats.url, nkey_seed: seed, user: 'ingress' });
      try {
        const lists = [
          await call(bus, 'approval.grants', { tenant: RIVAL, active: false }),
          await call(bus, 'approval.reviews', { tenant: RIVAL }),
        ];
        expect(lists).toEqual(['{"grants":[],"next_cursor":null}', '{"reviews":[],"next_cursor":null}']);
      } finally {
        await bus.close();
      }
    });
    test('and none of it has changed anything of theirs', async () => {
      const kinds = await system.sql<{ body: string }>(
        `SELECT body FROM ledger.entries WHERE tenant = $1 AND body LIKE '%"ruth%'`,
        [system.tenant],
      );
      expect(kinds).toEqual([]);
      expect((await asked(own.governs, 'GET', `/jobs/${ids.held[0]}`)).text).toContain('"state":"held"');
    });
  });
}

async function crossRoute(route: keyof typeof ROUTES): Promise<void> {
  const [method, path] = route.split(' ') as [string, string];
  const cases = ROUTES[route];
  const way = ACCESS[route].join() === 'approver' || route.startsWith('POST /holds') ? 'votes' : 'governs';
  // A path that takes an id has a case for it.
  expect(cases.length > 0 || !path.includes('{') || path.startsWith('/tlog/'), 'a case').toBe(true);
  for (const { of, body, query, status = 404 } of cases) {
    const ask = async (credential: string, id: string) => {
      const at = query === undefined ? '' : `?${query}=${id}`;
      // Of a route with an id of its own and another in its body, the first is the rival's own.
      const named = path.replace(/\{group\}/, of === 'group' ? id : 'theirs').replace(/\{.+\}/, id);
      return asked(credential, method, `${named}${at}`, body?.(id), id);
    };
    const [theirs, nobodys] = [await ask(rival[way], ids[of][0]), await ask(rival[way], ids[of][1])];
    expect(theirs, `${of}`).toEqual(nobodys);
    expect(theirs.status).toBe(status);
    // Who is of the tenant is answered otherwise: else this would try nothing.
    const isRead = method === 'GET' && status === 404 && of !== 'tenant' && !path.startsWith('/dead-letters');
    if (isRead) expect((await ask(own[way], ids[of][0])).text).not.toBe(theirs.text);
  }
}

async function crossVerb(verb: RpcVerb): Promise<void> {
  const { of, ask } = VERBS[verb]!;
  const seed = system.keys.nats.ingress!.seed;
  const bus = await connectBus({ servers: system.nats.url, nkey_seed: seed, user: 'ingress' });
  try {
    const [theirs, nobodys] = [await call(bus, verb, ask(ids[of][0])), await call(bus, verb, ask(ids[of][1]))];
    const told = (text: string, id: string) => stripped(text, id);
    expect(told(theirs, ids[of][0])).toBe(told(nobodys, ids[of][1]));
    expect(theirs).not.toContain('field_invalid');
  } finally {
    await bus.close();
  }
}

async function call(bus: Bus, verb: RpcVerb, request: object): Promise<string> {
  try {
    return JSON.stringify(await bus.call(verb, request as never));
  } catch (thrown) {
    const { code, message, at } = thrown as { code?: string; message: string; at?: string };
    return JSON.stringify({ code, message, at });
  }
}

async function asked(credential: string, method: string, path: string, body?: object, id = '') {
  const response = await fetch(`${system.url}/api/v1${path}`, {
    method,
    headers: { 'x-api-key': credential, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  if (response.headers.get('content-type')?.startsWith('text/event-stream')) {
    await response.body?.cancel();
    return { status: response.status, text: 'a stream' };
  }
  return { status: response.status, text: stripped(await response.text(), id) };
}

/** Without what differs from answer to answer: the id, traces, digests, places of the log, which grows meanwhile. */
function stripped(text: string, id: string): string {
  return text
    .replaceAll(id === '' ? '\0' : id, 'ID')
    .replace(/"trace_id":"\w+"/, '')
    .replaceAll(/sha256:[0-9a-f]{64}/g, 'DIGEST')
    .replaceAll(/"(next|end)":\d+/g, '"$1":0');
}

async function register(): Promise<void> {
  const permissions = {
    governs: PERMISSION_NAMES.filter((name) => !BEYOND.includes(name) && !VOTES.includes(name)),
    votes: [...PERMISSION_SETS.approver, 'content:hold' as const],
  };
  const human = { type: 'human' as const, groups: [] };
  await actAs(system, 'ingress', (tx) =>
    registerIdentities(tx, {
      tenants: [RIVAL],
      principals: [
        { ...human, id: 'ruth', tenant: RIVAL },
        { ...human, id: 'ruth-two', tenant: RIVAL, groups: ['theirs'] },
        { ...human, id: 'olga', tenant: system.tenant },
        { ...human, id: 'olga-two', tenant: system.tenant },
      ],
      api_keys: [
        { principal: 'ruth', key: rival.governs, permissions: permissions.governs },
        { principal: 'ruth-two', key: rival.votes, permissions: permissions.votes },
        { principal: 'olga', key: own.governs, permissions: permissions.governs },
        { principal: 'olga-two', key: own.votes, permissions: permissions.votes },
      ],
    }),
  );
}

/** A grant and a review of this approval, under its own id. */
async function makeOf(approval_id: string): Promise<void> {
  await system.sql(
    `UPDATE approval.approvals SET "grant" = '{"max_uses": 2, "max_minutes": 9, "same": []}' WHERE approval_id = $1`,
    [approval_id],
  );
  await system.sql(
    `INSERT INTO approval.grants (grant_id, tenant, max_uses, granted_at, expires_at, given_by)
     SELECT approval_id, tenant, 2, now(), now() + interval '1 hour', '{alice}' FROM approval.approvals WHERE approval_id = $1`,
    [approval_id],
  );
  await system.sql(
    `INSERT INTO approval.reviews (review_id, kind, tenant, job_id, topic, requester, auth_method, job_hash, traceparent, opened_at)
     SELECT approval_id, 'run', tenant, job_id, topic, requester, auth_method, job_hash, traceparent, now()
       FROM approval.approvals WHERE approval_id = $1`,
    [approval_id],
  );
}

async function makeIds(): Promise<typeof ids> {
  const { keys, tenant } = system;
  const api = async (who: 'agent' | 'admin', path: string, body: object) =>
    (await system.api(who, 'POST', `/api/v1${path}`, body)).body;
  const read = await api('agent', '/jobs', { topic: 'job.demo.read' });
  const leak = await api('agent', '/jobs', { topic: 'job.demo.read', prompt: 'leak' });
  const deploy = { service: 'checkout', version: '2.4.2' };
  const held = await api('agent', '/jobs', { topic: 'job.deploy.apply', labels: { env: 'prod' }, payload: deploy });
  expect((await waitForEnd(system, leak.job_id)).state).toBe('quarantined');
  let approval: string | undefined;
  await waitUntil('the question is open', async () => {
    const page = await system.api('approver', 'GET', `/api/v1/approvals?job_id=${held.job_id}`);
    approval = page.body.approvals[0]?.approval_id;
    return approval !== undefined;
  });
  await makeOf(approval!);
  const { delegation_id } = await api('agent', '/delegations', { to: 'alice' });
  const { switch_id } = await api('admin', '/stops', { kind: 'topic', target: 'job.nothing.*', reason: 'x' });
  const hold = await asked(own.votes, 'POST', '/holds', { kind: 'job', target: held.job_id, reason: 'x' });
  const bundle = await publishOwn();
  const uuid = '01890000-0000-7000-8000-000000000000';
  const [webhook, delivery] = await makeDelivery();
  return {
    agent: ['desk-agent', 'no-such-one'],
    person: ['alice', 'no-such-one'],
    group: ['approvers', 'nothing'],
    key: [keyIdOf(hashApiKey(keys.api_keys.agent)), 'key_0000000000000000'],
    tenant: [tenant, 'nowhere'],
    // One that the rival may make a job of.
    job: [read.job_id, uuid.replace('8000', '8001')],
    held: [held.job_id, uuid],
    leaked: [leak.job_id, uuid],
    approval: [approval!, uuid],
    nkey: [keys.nats[agentUser(tenant)]!.nkey_public, createNatsKey().nkey_public],
    delegation: [delegation_id, uuid],
    stop: [switch_id, 'stop-0000000000000000'],
    hold: [JSON.parse(hold.text).hold_id, 'hold-0000000000000000'],
    version: [String(bundle.version), '998'],
    snapshot: [bundle.snapshot, DIGEST],
    worker: ['demo-read/w1', 'demo-read/nobody'],
    webhook: [webhook, 'wh-0000000000000000'],
    delivery: [delivery, uuid],
  };
}

/** One that is dead, so that whoever may could try it again. */
async function makeDelivery(): Promise<[string, string]> {
  const made = ['wh-00000000000000aa', '01890000-0000-7000-8000-0000000000aa'] as [string, string];
  await system.sql(
    `INSERT INTO identity.webhooks (webhook_id, tenant, target, sealed_url, key_id, format, events, since_leaf, created_by)
     VALUES ($1, $2, 'https://hooks.example', '', 'k', 'slack', '{job.dead_letter}', 0, 'admin')`,
    [made[0], system.tenant],
  );
  await system.sql(
    `INSERT INTO hook.deliveries (delivery_id, tenant, webhook_id, event, leaf_index, data, time_us, state, due_at, ended_at)
     VALUES ($3, $2, $1, 'job.dead_letter', 0, '{}', 0, 'dead', NULL, clock_timestamp())`,
    [made[0], system.tenant, made[1]],
  );
  return made;
}

/** Published for the development tenant alone, and not activated. */
async function publishOwn(): Promise<{ version: number; snapshot: string }> {
  const validity = { not_before: '2026-01-01T00:00:00Z', not_after: '2099-01-01T00:00:00Z' };
  const built = await buildBundle(
    { 'policy.yaml': ALLOW_READS },
    { version: 999, tenants: [system.tenant], ...validity },
  );
  if (!built.ok) throw new Error('the policy does not compile');
  const document = await signBundle(built.document, developmentSigner(system.keys));
  const { status, body } = await system.api('admin', 'POST', '/api/v1/policy/bundles', document);
  expect(status).toBe(201);
  return body;
}

/**
 * A revocation that has returned counts in the very next transaction, whatever a door still believes: the doors' own
 * memory is stepped over here, and the gates are asked as ingress asks them.
 */
import { PERMISSION_SETS } from '@countersign/contracts/permissions';
import type { BundleDocument } from '@countersign/contracts/policy';
import type { Principal } from '@countersign/contracts/rpc';
import { developmentSigner } from '@countersign/infra/publish-development-policy';
import { waitUntil } from '@countersign/infra/wait-until';
import { hashApiKey, keyIdOf, newApiKey } from '@countersign/ingress/api-key';
import type { Caller } from '@countersign/ingress/caller';
import { openDecisions } from '@countersign/ingress/decide-in-batches';
import { registerIdentities } from '@countersign/ingress/register-identities';
import { type Revocation, revokeIdentity } from '@countersign/ingress/revoke-identity';
import { createSubmit } from '@countersign/ingress/submit-job';
import { type Bus, connectBus } from '@countersign/platform/bus';
import { newTraceparent } from '@countersign/platform/trace';
import { buildBundle, signBundle } from '@countersign/policy/build-bundle';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { actAs } from '../harness/act-as-role.ts';
import { publishOverHttp, withPolicy } from '../harness/activate-policy.ts';
import { codeOf } from '../harness/code-of.ts';
import { type PlayedWorker, playWorker } from '../harness/play-worker.ts';
import { entriesOf, kindsOf } from '../harness/read-evidence.ts';
import { startSystem, type TestSystem } from '../harness/start-system.ts';
import { waitForApproval, waitForEnd, waitForState } from '../harness/wait-for-job.ts';
import { checkSystem } from './check-system.ts';

let system: TestSystem;
let bus: Bus;
let worker: PlayedWorker;
const cleanUp = new AsyncDisposableStack();
const accepted: { job_id: string }[] = [];
const READ = 'job.desk.read.ticket';
const ASKED = { topic: 'job.desk.refund.order', payload: { customer_id: 7, amount_cents: 9_900 } };
const HUMAN = { type: 'human' as const, groups: ['approvers', 'sre', 'security'] };
const PERSON = { ...HUMAN, tenant: 'default' };
const KEYS = { leaked: newApiKey(), gone: newApiKey(), agents: newApiKey() };
/** Versions of the same policy. */
const [PUBLISHED, UNPUBLISHED] = [100, 101];

function idOf(key: string): string {
  return keyIdOf(hashApiKey(key));
}

beforeAll(async () => {
  system = cleanUp.use(await startSystem());
  worker = cleanUp.use(await playWorker(system, 'desk-read'));
  const nkey_seed = system.keys.nats.ingress!.seed;
  bus = await connectBus({ servers: system.nats.url, nkey_seed, user: 'ingress' });
  cleanUp.defer(() => bus.close());
  const permissions = [...PERMISSION_SETS.approver];
  await actAs(system, 'ingress', (tx) =>
    registerIdentities(tx, {
      principals: [
        { ...PERSON, id: 'keyholder' },
        { ...PERSON, id: 'leaver' },
      ],
      api_keys: [
        { principal: 'keyholder', key: KEYS.leaked, permissions },
        { principal: 'leaver', key: KEYS.gone, permissions },
        { principal: 'desk-agent', key: KEYS.agents, permissions: [...PERMISSION_SETS.agent] },
      ],
    }),
  );
  await publishOverHttp(
    system,
    withPolicy((policy) => policy),
    PUBLISHED,
  );
}, 120_000);
afterAll(() => cleanUp.disposeAsync());

function revoke(what: Revocation['what'], id: string): Promise<number> {
  return actAs(system, 'ingress', (tx) => revokeIdentity(tx, { what, id, reason: 'tried by a test', by_key: null }));
}

async function submit(body: object, key?: string): Promise<string> {
  const headers = key === undefined ? {} : { 'x-api-key': key };
  const answer = await system.api('agent', 'POST', '/api/v1/jobs', body, headers);
  expect(answer.status).toBe(202);
  accepted.push(answer.body);
  return answer.body.job_id;
}

/** Each step that changes something, as ingress asks for it on behalf of somebody that it believed a moment ago. */
function steps(principal: Principal): Record<string, () => Promise<unknown>> {
  const { tenant } = system;
  const change = { tenant, principal, global: false };
  const caller: Caller = {
    ...principal,
    token_id: null,
    signing_key: null,
    on_behalf_of: [],
    auth_method: 'api_key',
    tenant,
    ceiling: null,
    permissions: new Set(['submit']),
  };
  const raw = { topic: READ };
  const sent = { ...raw, labels: {}, meta: { risk_tags: [], requires: [] } };
  const traceparent = newTraceparent();
  return {
    admit: () =>
      createSubmit(bus, openDecisions(bus), async () => [])({ caller, raw, sent, idempotency_key: null, traceparent }),
    vote: async () => {
      const { approval_id, digest } = await waitForApproval(system, await submit(ASKED));
      return bus.call('approval.vote', { tenant, approval_id, vote: 'approve', digest, comment: null, principal });
    },
    cancel: async () =>
      bus.call('scheduler.cancel', { tenant, job_id: await submit(ASKED), principal, reason: 'no more' }),
    publish: async () => bus.call('policy.publish', { ...change, document: JSON.stringify(await bundle(UNPUBLISHED)) }),
    activate: () => bus.call('policy.activate', { ...change, version: PUBLISHED }),
    shadow: () => bus.call('policy.shadow', { ...change, version: PUBLISHED, until: null }),
  };
}

async function bundle(version: number): Promise<BundleDocument> {
  const validity = { not_before: '2020-01-01T00:00:00Z', not_after: '2100-01-01T00:00:00Z' };
  const files = withPolicy((policy) => policy);
  const built = await buildBundle(files, { version, tenants: [system.tenant], ...validity });
  if (!built.ok) throw new Error(JSON.stringify(built.faults));
  return signBundle(built.document, developmentSigner(system.keys));
}

/** What any of the steps would have left behind. */
function traces() {
  return system.sql(
    `SELECT (SELECT count(*) FROM approval.votes) AS votes, (SELECT count(*) FROM policy.published) AS published,
       (SELECT max(epoch) FROM control.policies) AS epoch, (SELECT count(*) FROM policy.shadows) AS shadows,
       (SELECT count(*) FROM scheduler.jobs WHERE actor IN ('keyholder', 'leaver') OR state = 'cancelled') AS jobs`,
  );
}

describe.each<[Revocation['what'], string, string, string]>([
  ['api_key', idOf(KEYS.leaked), 'keyholder', idOf(KEYS.leaked)],
  ['principal', 'leaver', 'leaver', idOf(KEYS.gone)],
])('after the %s was revoked', (what, id, person, key_id) => {
  const principal: Principal = { ...HUMAN, id: person, owner: null, auth_method: 'api_key', key_id };
  beforeAll(() => revoke(what, id));

  test.each(['admit', 'vote', 'cancel', 'publish', 'activate', 'shadow'])(
    '%s is refused and leaves no trace',
    async (step) => {
      const before = await traces();
      expect(await codeOf(steps(principal)[step]!())).toBe('revoked');
      expect(await traces()).toEqual(before);
    },
  );
});

test('who was not revoked may do all of it: the steps themselves are sound', async () => {
  const id = 'bystander';
  await actAs(system, 'ingress', (tx) => registerIdentities(tx, { principals: [{ ...PERSON, id }] }));
  const principal: Principal = { ...HUMAN, id, owner: null, auth_method: 'api_key', key_id: 'key_00000000000000aa' };
  for (const [name, step] of Object.entries(steps(principal))) expect(await codeOf(step()), name).toBe('none');
});

test("what a key submitted is its principal's: it goes on when the key is revoked", async () => {
  const job_id = await submit({ topic: READ }, KEYS.agents);
  const held = await worker.hold(job_id);
  await revoke('api_key', idOf(KEYS.agents));
  expect(await worker.beat(held)).toMatchObject({ order: 'continue' });
  await worker.report(held, { n: 1 });
  expect((await waitForEnd(system, job_id)).state).toBe('succeeded');
  const [admitted] = await entriesOf(system, job_id);
  expect(admitted!.body).toMatchObject({ actor: 'desk-agent', key_id: idOf(KEYS.agents) });
});

/** The server ends the connection of whoever was revoked two beats ago: of this worker that is not yet so while a test asks. */
function keepItsConnection(): Promise<unknown> {
  return system.sql(`CREATE FUNCTION public.revoke_later() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN NEW.revoked_at := NEW.revoked_at + interval '1 hour'; RETURN NEW; END $$;
    CREATE TRIGGER revoke_later BEFORE INSERT ON control.revocations FOR EACH ROW EXECUTE FUNCTION public.revoke_later()`);
}

test('a worker that was revoked is granted nothing, told to stop, and not listened to', async () => {
  const [running, waiting] = [await submit({ topic: READ }), await submit({ topic: READ })];
  const held = await worker.hold(running);
  const { claims, message } = await worker.handleDelivery(waiting);
  const due = () => system.sql('SELECT due_at FROM scheduler.attempts WHERE dispatch_id = $1', [held.dispatch_id]);
  const before = await due();
  await keepItsConnection();
  await revoke('worker', 'desk-read/w1');
  const [other, own, told] = await Promise.all([
    worker.claim(claims.jti),
    worker.claim(held.dispatch_id, held.claim_id),
    worker.beat(held),
    worker.report(held, { of: 'the revoked' }),
  ]);
  message.ack();
  for (const claimed of [other, own]) expect(claimed).toMatchObject({ outcome: 'lost', code: 'revoked' });
  expect(told).toMatchObject({ order: 'stop', reason: 'worker revoked' });
  expect(await due()).toEqual(before);
  await waitUntil('its result is refused', async () =>
    (await entriesOf(system, running)).some(({ kind, body }) => kind === 'result_rejected' && body.code === 'revoked'),
  );
  expect(await kindsOf(system, running)).not.toContain('output_screened');
  await waitForState(system, waiting, 'dispatched');
  for (const job_id of [running, waiting]) await system.api('agent', 'POST', `/api/v1/jobs/${job_id}/cancel`);
  await system.sql('UPDATE scheduler.attempts SET due_at = clock_timestamp() WHERE dispatch_id = $1', [
    held.dispatch_id,
  ]);
  for (const job_id of [running, waiting]) expect((await waitForEnd(system, job_id)).state).toBe('cancelled');
});

test('nothing of all this contradicts the evidence', async () => {
  const left = await system.sql<{ job_id: string }>(
    `SELECT job_id FROM scheduler.jobs WHERE state IN ('held', 'cleared', 'dispatched')`,
  );
  for (const { job_id } of left) await system.api('admin', 'POST', `/api/v1/jobs/${job_id}/cancel`);
  expect(await checkSystem(system, accepted, [])).toEqual([]);
});

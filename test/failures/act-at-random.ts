/**
 * What people, operators and agents do to one held job at once, in an order that a seed names, while services may be killed
 * under them. Whoever is not answered asks again. No answer may be nonsense, and one of the closing ones may win at most.
 */
import { randomUUID } from 'node:crypto';
import { asService } from '@countersign/infra/development-environment';
import { waitUntil } from '@countersign/infra/wait-until';
import { registerIdentities } from '@countersign/ingress/register-identities';
import { revokeIdentity } from '@countersign/ingress/revoke-identity';
import type { Tx } from '@countersign/platform/database';
import { expect } from 'vitest';
import { publishPolicy } from '../harness/act-as-role.ts';
import { ASKED_RULE, COUNTED_RULE, editPolicy } from '../harness/edit-policy.ts';
import { kindsOf } from '../harness/read-evidence.ts';
import type { TestSystem } from '../harness/start-system.ts';
import { waitForApproval, waitForEnd } from '../harness/wait-for-job.ts';

type Answer = { status: number; body: { code?: string } };
type Held = { job_id: string; approval_id: string; digest: string; racer: string; key: string };

const CLOSED = /^approval_(granted|refused|expired|voided|withdrawn)$/;
/** By whoever closes the question: what the evidence says then. */
const WINNERS = { approve: 'approval_granted', reject: 'approval_refused', withdraw: 'approval_withdrawn' } as const;

/** A job that waits for a yes, and somebody who may give it and is to be revoked. */
export async function holdOne(system: TestSystem): Promise<Held> {
  const racer = `racer-${randomUUID()}`;
  const key = `cs_${Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString('base64url')}`;
  await inRegistry(system, (tx) =>
    registerIdentities(tx, {
      principals: [{ type: 'human', id: racer, tenant: system.tenant, groups: ['approvers'] }],
      api_keys: [{ principal: racer, key, permissions: ['approvals:vote'] }],
    }),
  );
  const body = { topic: 'job.demo.read', prompt: 'status', labels: { asked: 'yes', run: racer } };
  const { status, body: job } = await system.api('agent', 'POST', '/api/v1/jobs', body);
  expect([status, job.state]).toEqual([202, 'held']);
  const { approval_id, digest } = await waitForApproval(system, job.job_id);
  return { job_id: job.job_id, approval_id, digest, racer, key };
}

/** Who of the closing ones was told that it won. `round`: makes the policy that is activated meanwhile another one. */
export async function actAtRandom(
  system: TestSystem,
  { job_id, approval_id, digest, racer, key }: Held,
  { order, round }: { order: (names: string[]) => string[]; round: string },
): Promise<(keyof typeof WINNERS)[]> {
  const question = `/api/v1/approvals/${approval_id}`;
  const revocation = { what: 'principal' as const, id: racer, reason: 'raced', by_key: null };
  const policy = () => editPolicy(COUNTED_RULE, ASKED_RULE, ['reason: asked about', `reason: asked about in ${round}`]);
  const acts: Record<string, () => Promise<Answer | null>> = {
    approve: () => system.api('approver', 'POST', `${question}/approve`, { digest }, { 'x-api-key': key }),
    reject: () => system.api('approver2', 'POST', `${question}/reject`, { digest }),
    withdraw: () => system.api('agent', 'POST', `${question}/withdraw`),
    cancel: () => system.api('agent', 'POST', `/api/v1/jobs/${job_id}/cancel`),
    kill: () => setStop(system, racer, true).then(() => null),
    expire: () => system.sql(EXPIRE, [approval_id]).then(() => null),
    activate: () => publishPolicy(system, policy()).then(() => null),
    revoke: () => inRegistry(system, (tx) => revokeIdentity(tx, revocation)).then(() => null),
  };
  const answered = await Promise.all(
    order(Object.keys(acts)).map(async (name) => [name, await untilAnswered(name, acts[name]!)] as const),
  );
  return answered.flatMap(([name, status]) => (status === 200 && isWinner(name) ? [name] : []));
}

/** Once everything is back: the job ends, and its question was closed once, as whoever won was told. */
export async function settleHeld(
  system: TestSystem,
  held: Held,
  won: readonly (keyof typeof WINNERS)[],
): Promise<void> {
  const { job_id, approval_id, racer } = held;
  expect(won.length).toBeLessThanOrEqual(1);
  await setStop(system, racer, false);
  // Under another policy it is asked about anew, under another question; that one ends with its job.
  await waitUntil('it need not wait any more', async () => {
    const { status, body } = await system.api('agent', 'POST', `/api/v1/jobs/${job_id}/cancel`);
    return status !== 503 && body.state !== 'held';
  });
  await waitForEnd(system, job_id, 60_000);
  for (const name of won) expect(await kindsOf(system, job_id)).toContain(WINNERS[name]);
  // A question whose job has ended is closed a moment later, by whoever was killed once it is back.
  const closed = await waitUntil('the question is closed', async () => {
    const kinds = await closings(system, approval_id);
    return kinds.length > 0 && kinds;
  });
  expect(closed).toHaveLength(1);
}

function isWinner(name: string): name is keyof typeof WINNERS {
  return name in WINNERS;
}

/** As an operator's tool, which asks again where a starved machine kept it from an answer. */
function inRegistry(system: TestSystem, act: (tx: Tx) => Promise<unknown>): Promise<void> {
  return asService(system.admin_url, system.keys, 'ingress', (database) => database.transaction(act));
}

/** Of the run of this name. */
function setStop(system: TestSystem, run: string, on: boolean): Promise<void> {
  const set = `SELECT control.set_switch($1, 'run', $1, NULL, $2, 'tried by a test')`;
  return asService(system.admin_url, system.keys, 'scheduler', (database) => database.query(set, [run, on]));
}

const EXPIRE = `UPDATE approval.approvals SET expires_at = clock_timestamp() WHERE approval_id = $1 AND state = 'open'`;

/** Null for what nobody answers. An outage is asked again, as is a policy that could not be published while its parts are away. */
function untilAnswered(name: string, act: () => Promise<Answer | null>): Promise<number | null> {
  return waitUntil(
    `${name} is answered`,
    async () => {
      const answer = await act().catch((thrown: unknown) =>
        name === 'activate' || isOutage(thrown) ? 'again' : Promise.reject(thrown),
      );
      if (answer === 'again' || answer?.status === 503) return false;
      if (answer === null) return { status: null };
      const isRevoked = name === 'approve' && [401, 403].includes(answer.status);
      expect([name, answer.status, isRevoked || [200, 409].includes(answer.status)]).toEqual([
        name,
        answer.status,
        true,
      ]);
      return { status: answer.status };
    },
    { timeout_ms: 60_000, every_ms: 50 },
  ).then(({ status }) => status);
}

/** Nobody listens, or whoever did was killed before its answer. */
function isOutage(thrown: unknown): boolean {
  return thrown instanceof TypeError && thrown.message === 'fetch failed';
}

async function closings(system: TestSystem, approval_id: string): Promise<string[]> {
  const rows = await system.sql<{ kind: string }>(
    `SELECT kind FROM ledger.entries WHERE kind LIKE 'approval_%' AND body::jsonb ->> 'approval_id' = $1`,
    [approval_id],
  );
  return rows.map(({ kind }) => kind).filter((kind) => CLOSED.test(kind));
}

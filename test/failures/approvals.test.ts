/**
 * An approval is worth one job, exactly as it was shown, under exactly the policy that asked, before it expires, by the
 * right people. Each test takes one of these away.
 */
import { exportEvidence } from '@countersign/cli/export-evidence';
import { verifyEvidence } from '@countersign/cli/verify-evidence';
import { createClient } from '@countersign/client/create-client';
import { DEVELOPMENT_LOG } from '@countersign/infra/development-environment';
import { developmentTrustRoot } from '@countersign/infra/publish-development-policy';
import { waitUntil } from '@countersign/infra/wait-until';
import { registerIdentities } from '@countersign/ingress/register-identities';
import { revokeIdentity } from '@countersign/ingress/revoke-identity';
import { RetryableError } from '@countersign/worker/retryable-error';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { actAs, publishPolicy, setSwitch } from '../harness/act-as-role.ts';
import { editPolicy } from '../harness/edit-policy.ts';
import { countEverything, entriesOf, kindsOf } from '../harness/read-evidence.ts';
import { shuffler } from '../harness/shuffler.ts';
import { startSystem, type TestSystem } from '../harness/start-system.ts';
import { startWorker } from '../harness/start-worker.ts';
import { waitForApproval, waitForEnd, waitForState } from '../harness/wait-for-job.ts';
import { walkErasure } from '../harness/walk-erasure.ts';
import { rederive } from './check-grants.ts';
import { checkSystem, type SideEffect } from './check-system.ts';

const HOLD = { kind: 'pool', target: 'desk-write' } as const;
const RULE = `approval: { stages: [{ group: approvers, count: 1 }], expires_in: 1h }
    constraints: { timeout: 30s, max_attempts: 1 }`;
const REASON = "reason: a refund above 50.00 needs a person's word";

let system: TestSystem;
const cleanUp = new AsyncDisposableStack();
type Refund = { amount_cents: number; reason?: string; customer_id?: number };
const effects: (SideEffect & { payload: Refund })[] = [];
const accepted: { job_id: string }[] = [];
const CLOSED = /^approval_(granted|refused|expired|voided|withdrawn)$/;
const KEYS = { carol: newKey(), owner: newKey(), owned: newKey(), everybodys: newKey() };
/** What the export at the end has to have seen, for its proof to say something. */
const PROVEN = [
  ...['switch_set', 'identity_revoked', 'erasure_asked', 'payloads_erased', 'job_followed', 'approval_by_grant'],
  ...['approval_grant_revoked', 'run_review_opened', 'review_signed'],
];
/** Left out of it, what is derived of the others contradicts them. */
const NEEDED = {
  policy_activated: 'policy_not_in_force',
  approval_voted: 'approval_by_too_few',
  approval_refused: 'offer_missing',
  approval_by_grant: 'approval_missing',
  job_running: 'result_without_claim',
  erasure_asked: 'erased_unasked',
};

function newKey(): string {
  return `cs_${Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString('base64url')}`;
}

beforeAll(async () => {
  system = cleanUp.use(await startSystem());
  await actAs(system, 'ingress', (tx) => registerIdentities(tx, moreIdentities()));
  const worker = await startWorker(system, 'desk-write', ({ job_id, dispatch_id, ...job }) => {
    const payload = job.payload as Refund;
    effects.push({ job_id, dispatch_id, payload });
    if (payload.reason === 'fails') throw new RetryableError('fails', 'again');
    return { paid: true };
  });
  cleanUp.use(worker);
});
afterAll(() => cleanUp.disposeAsync());

/** An agent whose owner is in the asked group, and somebody who may vote but is in no group. */
function moreIdentities() {
  const tenant = system.tenant;
  const ceiling = { topics: ['job.*'], capabilities: ['*'], environments: ['*'] };
  return {
    principals: [
      { type: 'human' as const, id: 'carol', tenant, groups: ['sre'] },
      { type: 'human' as const, id: 'owner', tenant, groups: ['approvers'] },
      { type: 'agent' as const, id: 'owned-agent', tenant, owner: 'owner', ceiling, signing_key: null },
    ],
    api_keys: [
      {
        principal: 'carol',
        key: KEYS.everybodys,
        permissions: [
          'approvals:review' as const,
          'evidence:read' as const,
          'evidence:all' as const,
          'policy:read' as const,
          'approvals:review' as const,
        ],
      },
      { principal: 'carol', key: KEYS.carol, permissions: ['approvals:vote' as const] },
      { principal: 'owner', key: KEYS.owner, permissions: ['approvals:vote' as const] },
      { principal: 'owned-agent', key: KEYS.owned, permissions: ['submit' as const, 'approvals:vote' as const] },
    ],
  };
}

async function submit(more: object = {}, key = system.keys.api_keys.agent): Promise<string> {
  const payload = { customer_id: 7, amount_cents: 9_900, ...more };
  const body = { topic: 'job.desk.refund.order', payload };
  const answer = await system.api('agent', 'POST', '/api/v1/jobs', body, { 'x-api-key': key });
  expect(answer).toMatchObject({ status: 202, body: { state: 'held' } });
  accepted.push(answer.body);
  return answer.body.job_id;
}

function cast(approval: { approval_id: string; digest: string }, key: string, vote = 'approve') {
  return system.api(
    'approver',
    'POST',
    `/api/v1/approvals/${approval.approval_id}/${vote}`,
    { digest: approval.digest },
    {
      'x-api-key': key,
    },
  );
}

function alice() {
  return system.keys.api_keys.approver;
}

function bob() {
  return system.keys.api_keys.approver2;
}

function runsOf(job_id: string) {
  return effects.filter((effect) => effect.job_id === job_id);
}

function outlive(approval_id: string, state = '%') {
  return system.sql(
    'UPDATE approval.approvals SET expires_at = clock_timestamp() WHERE approval_id = $1 AND state LIKE $2',
    [approval_id, state],
  );
}

/** A job that was approved and is kept from its dispatch while `meanwhile` goes on. */
async function approvedWhile(meanwhile: (approval_id: string) => Promise<unknown>): Promise<string> {
  const job_id = await submit();
  const approval = await waitForApproval(system, job_id);
  await setSwitch(system, 'hold', HOLD, true);
  expect((await cast(approval, alice())).body.state).toBe('granted');
  await waitForState(system, job_id, 'cleared');
  await meanwhile(approval.approval_id);
  await setSwitch(system, 'hold', HOLD, false);
  return job_id;
}

async function heldAgain(job_id: string, reason: string) {
  await waitUntil('it is held again', async () => (await kindsOf(system, job_id)).includes('job_held'));
  const held = (await entriesOf(system, job_id)).find(({ kind }) => kind === 'job_held');
  expect(held!.body).toMatchObject({ reason: `approval not redeemable: ${reason}`, held_seq: 2 });
  expect(runsOf(job_id)).toEqual([]);
  return waitForApproval(system, job_id);
}

describe('who votes', () => {
  test('not the agent, not its owner, nobody outside the group, and nobody twice', async () => {
    const job_id = await submit({}, KEYS.owned);
    const approval = await waitForApproval(system, job_id);
    const refusals = [
      [KEYS.owned, 403, 'approval_not_eligible'],
      [KEYS.owner, 403, 'approval_not_eligible'],
      [KEYS.carol, 403, 'approval_not_eligible'],
      [system.keys.api_keys.admin, 403, 'permission_missing'],
      [system.keys.api_keys.agent, 403, 'permission_missing'],
    ] as const;
    for (const [key, status, code] of refusals) {
      expect(await cast(approval, key)).toMatchObject({ status, body: { code } });
    }
    const other = { ...approval, digest: `sha256:${'0'.repeat(64)}` };
    expect(await cast(other, alice())).toMatchObject({ status: 409, body: { code: 'approval_digest_mismatch' } });
    expect((await cast(approval, alice())).body.state).toBe('granted');
    expect((await cast(approval, alice())).body.state).toBe('granted');
    expect(await cast(approval, alice(), 'reject')).toMatchObject({ body: { code: 'approval_already_voted' } });
    expect(await cast(approval, bob())).toMatchObject({ status: 409, body: { code: 'approval_closed' } });
    expect((await waitForEnd(system, job_id)).state).toBe('succeeded');
    expect((await kindsOf(system, job_id)).filter((kind) => kind === 'approval_voted')).toHaveLength(1);
  });

  test('one no is a no', async () => {
    const job_id = await submit();
    const approval = await waitForApproval(system, job_id);
    expect((await cast(approval, bob(), 'reject')).body.state).toBe('refused');
    expect((await waitForEnd(system, job_id)).state).toBe('refused');
    expect(await cast(approval, alice())).toMatchObject({ body: { code: 'approval_closed' } });
    expect(runsOf(job_id)).toEqual([]);
  });
});

describe('when', () => {
  test('after it expired a vote counts nothing, and the job ends', async () => {
    const job_id = await submit();
    const approval = await waitForApproval(system, job_id);
    await outlive(approval.approval_id);
    expect(await cast(approval, alice())).toMatchObject({ status: 409, body: { code: 'approval_closed' } });
    expect((await waitForEnd(system, job_id)).state).toBe('expired');
  });

  test('granted and expired before its dispatch: held again, and only a new yes runs it', async () => {
    const job_id = await approvedWhile((approval_id) => outlive(approval_id));
    const approval = await heldAgain(job_id, 'expired');
    await cast(approval, bob());
    expect((await waitForEnd(system, job_id)).state).toBe('succeeded');
    expect(runsOf(job_id)).toHaveLength(1);
  });
});

describe('the policy changes between the yes and the dispatch', () => {
  test('only its words: the yes was given under another policy and is worth nothing', async () => {
    const folder = editPolicy([REASON, 'reason: said otherwise']);
    const job_id = await approvedWhile(() => publishPolicy(system, folder));
    const approval = await heldAgain(job_id, 'policy_changed');
    expect(approval.reason).toBe('said otherwise');
    await cast(approval, alice());
    expect((await waitForEnd(system, job_id)).state).toBe('succeeded');
  });

  test('what would run: the people see the new form, and only that runs', async () => {
    const folder = editPolicy([RULE, RULE.replace('max_attempts: 1', 'max_attempts: 1, set: { amount_cents: 6000 }')]);
    const job_id = await approvedWhile(() => publishPolicy(system, folder));
    const approval = await heldAgain(job_id, 'digest_mismatch');
    const digests = await system.sql('SELECT DISTINCT effective_digest FROM approval.approvals WHERE job_id = $1', [
      job_id,
    ]);
    expect(digests).toHaveLength(2);
    expect(approval.effective.payload.amount_cents).toBe(6_000);
    await cast(approval, bob());
    expect((await waitForEnd(system, job_id)).state).toBe('succeeded');
    expect(runsOf(job_id).map(({ payload }) => payload.amount_cents)).toEqual([6_000]);
  });

  test('to a no: denied, whoever said yes before', async () => {
    const folder = editPolicy(['when: payload.amount_cents > 100000', 'when: payload.amount_cents > 50']);
    const job_id = await approvedWhile(() => publishPolicy(system, folder));
    expect(await waitForEnd(system, job_id)).toMatchObject({ state: 'denied', rule_id: 'deny-huge-refund' });
    expect(runsOf(job_id)).toEqual([]);
    await publishPolicy(system, editPolicy());
  });
});

describe('the policy changes while the question is open', () => {
  const questionsOf = (job_id: string) =>
    system.sql('SELECT approval_id, state, superseded_by FROM approval.approvals WHERE job_id = $1 ORDER BY held_seq', [
      job_id,
    ]);
  /** Activates, and waits until the successor of this question is open. */
  const changeWhile = async (job_id: string, former: { approval_id: string }, folder: string) => {
    await publishPolicy(system, folder);
    await waitUntil('the old question is closed', async () => {
      const rows = await questionsOf(job_id);
      return rows.find((row) => row.approval_id === former.approval_id)?.state === 'voided';
    });
    return waitForApproval(system, job_id);
  };

  test('only its words: another question takes its place, a late vote is told so, and one yes is enough', async () => {
    const job_id = await submit();
    const first = await waitForApproval(system, job_id);
    const second = await changeWhile(job_id, first, editPolicy([REASON, 'reason: said otherwise']));
    const late = await cast(first, alice());
    expect(late).toMatchObject({ status: 409, body: { code: 'approval_outdated' } });
    expect(late.body.detail).toContain(second.approval_id);
    const third = await changeWhile(job_id, second, editPolicy([REASON, 'reason: said once more']));
    for (const old of [first, second]) expect((await cast(old, alice())).body.code).toBe('approval_outdated');
    expect((await cast(third, alice())).body.state).toBe('granted');
    expect((await waitForEnd(system, job_id)).state).toBe('succeeded');
    expect((await questionsOf(job_id)).map(({ state }) => state)).toEqual(['voided', 'voided', 'granted']);
    const kinds = await kindsOf(system, job_id);
    expect(kinds.filter((kind) => kind === 'approval_voted')).toHaveLength(1);
    expect(runsOf(job_id)).toHaveLength(1);
  });

  test('to a no: the job is denied, and nobody is asked any more', async () => {
    const job_id = await submit();
    const shown = await waitForApproval(system, job_id);
    await publishPolicy(system, editPolicy(['when: payload.amount_cents > 100000', 'when: payload.amount_cents > 50']));
    expect(await waitForEnd(system, job_id)).toMatchObject({ state: 'denied', rule_id: 'deny-huge-refund' });
    expect((await cast(shown, alice())).status).toBe(409);
    await waitUntil('the question is closed', async () => (await questionsOf(job_id))[0]!.state === 'voided');
    expect(runsOf(job_id)).toEqual([]);
  });

  test('to a yes without asking: it runs, and the question is closed', async () => {
    await publishPolicy(system, editPolicy());
    const job_id = await submit();
    const shown = await waitForApproval(system, job_id);
    await publishPolicy(
      system,
      editPolicy(['when: payload.amount_cents > 5000', 'when: payload.amount_cents > 50000']),
    );
    expect((await waitForEnd(system, job_id)).state).toBe('succeeded');
    expect((await cast(shown, alice())).status).toBe(409);
    await waitUntil('the question is closed', async () => (await questionsOf(job_id))[0]!.state === 'voided');
    await publishPolicy(system, editPolicy());
  });
});

test('where the bundle says so, a yes to the same on the same terms holds on, and waits for nobody else', async () => {
  const GROUPS = 'groups:';
  const kept: [string, string] = [GROUPS, `approvals: { survive: same_terms }\n${GROUPS}`];
  const escalating: [string, string] = [
    RULE,
    RULE.replace('expires_in: 1h', 'expires_in: 1h, escalate: { after: 30m, to: approvers }'),
  ];
  await publishPolicy(system, editPolicy(kept, escalating));
  const job_id = await submit();
  const asked = await waitForApproval(system, job_id);
  expect(asked.escalate).toEqual({ after_ms: 1_800_000, to: 'approvers' });
  await setSwitch(system, 'hold', HOLD, true);
  expect((await cast(asked, alice())).body.state).toBe('granted');
  await waitForState(system, job_id, 'cleared');
  await publishPolicy(system, editPolicy(kept, escalating, [REASON, 'reason: only the words differ']));
  await setSwitch(system, 'hold', HOLD, false);
  expect((await waitForEnd(system, job_id)).state).toBe('succeeded');
  const kinds = await kindsOf(system, job_id);
  expect(kinds.filter((kind) => kind === 'approval_voted')).toHaveLength(1);
  expect(kinds.filter((kind) => kind === 'approval_carried')).toHaveLength(1);
  expect(runsOf(job_id)).toHaveLength(1);
  await publishPolicy(system, editPolicy());
});

test('a yes for several is worth so many that are alike, whichever instance dispatches them, until somebody revokes it', async () => {
  const given = 'grant: { max_uses: 9, max_minutes: 30, same: [payload.customer_id] }';
  await publishPolicy(system, editPolicy([RULE, RULE.replace('expires_in: 1h', `expires_in: 1h, ${given}`)]));
  const granting = async (customer_id: number, uses: number) => {
    const job_id = await submit({ customer_id });
    const { approval_id, digest } = await waitForApproval(system, job_id);
    const body = { digest, grant: { uses, minutes: 5 } };
    const headers = { 'x-api-key': alice() };
    const answer = await system.api('approver', 'POST', `/api/v1/approvals/${approval_id}/approve`, body, headers);
    expect(answer.body).toMatchObject({ state: 'granted' });
    return approval_id as string;
  };
  const stateOf = async (job_id: string) => (await system.api('agent', 'GET', `/api/v1/jobs/${job_id}`)).body.state;
  const spent = await granting(8, 4);
  const alike = await Promise.all(
    Array.from({ length: 8 }, (_, i) => submit({ customer_id: 8, amount_cents: 9_000 + i })),
  );
  const other = await submit({ customer_id: 9 });
  const asked = async () => {
    const rows = await system.sql<{ job_id: string }>(
      `SELECT job_id FROM approval.approvals WHERE state = 'open' AND job_id = ANY ($1)`,
      [[...alike, other]],
    );
    return rows.map(({ job_id }) => job_id);
  };
  await waitUntil('three ran and the others wait for people', async () => {
    const states = await Promise.all(alike.map(stateOf));
    return (await asked()).length === 6 && states.filter((state) => state === 'succeeded').length === 3;
  });
  expect(await asked()).toContain(other);
  expect(effects.filter(({ payload }) => payload.amount_cents >= 9_000 && payload.amount_cents < 9_008)).toHaveLength(
    3,
  );
  const open = await granting(10, 9);
  expect((await waitForEnd(system, await submit({ customer_id: 10 }))).state).toBe('succeeded');
  const revoked = await system.api('approver', 'POST', `/api/v1/approvals/grants/${open}/revoke`, { reason: 'enough' });
  expect(revoked.body).toMatchObject({ state: 'revoked', used: 2 });
  const late = await submit({ customer_id: 10 });
  await waitForApproval(system, late);
  const listed = await system.api('auditor', 'GET', '/api/v1/approvals/grants');
  expect(listed.body.grants).toMatchObject([
    { grant_id: open, state: 'revoked' },
    { grant_id: spent, state: 'spent', used: 4 },
  ]);
  for (const job_id of [...(await asked()), late]) await system.api('agent', 'POST', `/api/v1/jobs/${job_id}/cancel`);
  await publishPolicy(system, editPolicy());
});

test('a counter-offer is another job: another hash, another decision, another vote, and not by who proposed it', async () => {
  const offered = async (change: object, customer_id: number) => {
    const job_id = await submit({ customer_id });
    const shown = await waitForApproval(system, job_id);
    const body = { digest: shown.digest, change, reason: 'sixty is enough' };
    const headers = { 'x-api-key': alice() };
    const answer = await system.api(
      'approver',
      'POST',
      `/api/v1/approvals/${shown.approval_id}/counter-offer`,
      body,
      headers,
    );
    expect(answer.body).toMatchObject({ state: 'refused', counter_offer: { change } });
    expect((await waitForEnd(system, job_id)).state).toBe('refused');
    for (const key of [alice(), bob()]) expect((await cast(shown, key)).status).toBe(409);
    return { job_id, shown };
  };
  const change = { payload: { amount_cents: 6_000 }, constraints: { timeout_ms: 9_000 } };
  const { job_id, shown } = await offered(change, 7);
  const take = () => system.api('agent', 'POST', `/api/v1/jobs/${job_id}/remediate`);
  const seen = async (who: 'agent' | 'auditor') => (await system.api(who, 'GET', `/api/v1/jobs/${job_id}`)).body.offers;
  const made = { source: 'approver', offered_by: 'alice', reason: 'sixty is enough', taken_as: null };
  expect(await seen('agent')).toMatchObject([{ ...made, remediation: change }]);
  const both = await Promise.all([take(), take()]);
  expect(both.map(({ status }) => status).sort()).toEqual([202, 409]);
  const taken = both.find(({ status }) => status === 202)!.body;
  accepted.push(taken);
  expect(taken.state).toBe('held');
  const anew = await waitForApproval(system, taken.job_id);
  expect(anew.approval_id).not.toBe(shown.approval_id);
  expect(anew.job_hash).not.toBe(shown.job_hash);
  expect(anew).toMatchObject({
    on_behalf_of: 'alice',
    effective: { payload: { amount_cents: 6_000, customer_id: 7 } },
  });
  expect(anew.effective.constraints.timeout_ms).toBe(9_000);
  expect((await cast(anew, alice())).body.code).toBe('approval_not_eligible');
  expect((await cast({ ...anew, digest: shown.digest }, bob())).body.code).toBe('approval_digest_mismatch');
  expect((await cast(anew, bob())).body.state).toBe('granted');
  expect((await waitForEnd(system, taken.job_id)).state).toBe('succeeded');
  expect(runsOf(job_id)).toEqual([]);
  expect(runsOf(taken.job_id).map(({ payload }) => payload.amount_cents)).toEqual([6_000]);
  const [row] = await system.sql('SELECT timeout_ms FROM scheduler.attempts WHERE job_id = $1', [taken.job_id]);
  expect(row).toEqual({ timeout_ms: 9_000 });
  const small = await offered({ payload: { amount_cents: 4_000 } }, 8);
  const free = await system.api('agent', 'POST', `/api/v1/jobs/${small.job_id}/remediate`);
  accepted.push(free.body);
  expect((await waitForEnd(system, free.body.job_id)).state).toBe('succeeded');
});

test('it covers the attempts that it names, and no more', async () => {
  await publishPolicy(system, editPolicy([RULE, RULE.replace('max_attempts: 1', 'max_attempts: 2')]));
  const job_id = await submit({ reason: 'fails' });
  await cast(await waitForApproval(system, job_id), alice());
  expect((await waitForEnd(system, job_id)).state).toBe('failed');
  expect(runsOf(job_id)).toHaveLength(2);
  const [row] = await system.sql('SELECT redemptions, max_attempts FROM approval.approvals WHERE job_id = $1', [
    job_id,
  ]);
  expect(row).toEqual({ redemptions: 2, max_attempts: 2 });
});

describe('two things at once have one outcome', () => {
  const RACES = 8;
  const outcomesOf = async (job_id: string): Promise<string[]> =>
    (await kindsOf(system, job_id)).filter((kind) =>
      /^approval_(granted|refused|expired|voided|withdrawn)$/.test(kind),
    );
  const race = async (against: (job_id: string, approval_id: string) => Promise<unknown>): Promise<string[]> => {
    const ends: string[] = [];
    for (let round = 0; round < RACES; round += 1) {
      const job_id = await submit();
      const approval = await waitForApproval(system, job_id);
      const [vote] = await Promise.all([cast(approval, alice()), against(job_id, approval.approval_id)]);
      const { state } = await waitForEnd(system, job_id);
      await waitUntil('the approval is closed', async () => (await outcomesOf(job_id)).length > 0);
      const [outcome, ...more] = await outcomesOf(job_id);
      expect({ more, counted: vote.status === 200 }).toEqual({ more: [], counted: outcome === 'approval_granted' });
      if (outcome !== 'approval_granted') expect(runsOf(job_id)).toEqual([]);
      ends.push(state);
    }
    return ends;
  };

  test('a yes and a cancel', async () => {
    const ends = await race((job_id) => system.api('agent', 'POST', `/api/v1/jobs/${job_id}/cancel`));
    expect(ends.filter((end) => end !== 'cancelled' && end !== 'succeeded')).toEqual([]);
  });

  test('a yes and the expiry', async () => {
    const ends = await race((_, approval_id) => outlive(approval_id, 'open'));
    expect(ends.filter((end) => end !== 'expired' && end !== 'succeeded')).toEqual([]);
  });

  test('a yes and a no', async () => {
    for (let round = 0; round < RACES; round += 1) {
      const job_id = await submit();
      const approval = await waitForApproval(system, job_id);
      const votes = await Promise.all([cast(approval, alice()), cast(approval, bob(), 'reject')]);
      expect(votes.map(({ status }) => status).sort()).toEqual([200, 409]);
      const { state } = await waitForEnd(system, job_id);
      expect(await outcomesOf(job_id)).toEqual([state === 'refused' ? 'approval_refused' : 'approval_granted']);
    }
  });
});

test('approve, reject, expire, cancel, withdraw, activate and revoke at once: one wins, and the timeline shows all', {
  timeout: 90_000,
}, async () => {
  const seed = Date.now() % 2_147_483_647;
  console.log(`seed of the race: ${seed}`);
  const order = shuffler(seed);
  for (let round = 0; round < 4; round += 1) {
    const racer = `racer-${round}`;
    const key = newKey();
    const { tenant } = system;
    await actAs(system, 'ingress', (tx) =>
      registerIdentities(tx, {
        principals: [{ type: 'human', id: racer, tenant, groups: ['approvers'] }],
        api_keys: [{ principal: racer, key, permissions: ['approvals:vote'] }],
      }),
    );
    const job_id = await submit();
    const approval = await waitForApproval(system, job_id);
    const revocation = { what: 'principal' as const, id: racer, reason: 'raced', by_key: null };
    const acts: Record<string, () => Promise<{ status: number; body: { code?: string } } | null>> = {
      approve: () => cast(approval, key),
      reject: () => cast(approval, bob(), 'reject'),
      withdraw: () => system.api('agent', 'POST', `/api/v1/approvals/${approval.approval_id}/withdraw`),
      cancel: () => system.api('agent', 'POST', `/api/v1/jobs/${job_id}/cancel`),
      expire: async () => outlive(approval.approval_id, 'open').then(() => null),
      activate: async () => publishPolicy(system, editPolicy([REASON, `reason: round ${round}`])).then(() => null),
      revoke: async () => actAs(system, 'ingress', (tx) => revokeIdentity(tx, revocation)).then(() => null),
    };
    const answers = new Map(
      await Promise.all(order(Object.keys(acts)).map(async (name) => [name, await acts[name]!()] as const)),
    );
    const won = (name: string): boolean => answers.get(name)?.status === 200;
    for (const [name, answer] of answers) {
      if (answer === null || answer.status === 200) continue;
      expect([name, answer.status, answer.body.code]).toEqual(
        name === 'approve' && answer.status !== 409
          ? ['approve', expect.any(Number), expect.stringMatching(/^(revoked|unauthenticated)$/)]
          : [name, 409, expect.stringMatching(/^(approval_closed|approval_outdated|state_conflict)$/)],
      );
    }
    // Under the new policy it may be asked about anew; that question ends with its job.
    const state = (await system.api('agent', 'GET', `/api/v1/jobs/${job_id}`)).body.state;
    if (state === 'held') await system.api('agent', 'POST', `/api/v1/jobs/${job_id}/cancel`);
    await waitForEnd(system, job_id);
    const own = async () =>
      (await entriesOf(system, job_id))
        .filter(({ body }) => body.approval_id === approval.approval_id)
        .map(({ kind }) => kind);
    await waitUntil('the question is closed', async () => (await own()).some((kind) => CLOSED.test(kind)));
    const kinds = await own();
    expect(kinds.filter((kind) => CLOSED.test(kind))).toHaveLength(1);
    expect(kinds.filter((kind) => kind === 'approval_voted')).toHaveLength(
      Number(won('approve')) + Number(won('reject')),
    );
    expect(kinds.includes('approval_withdrawn')).toBe(won('withdraw'));
    expect(kinds.includes('approval_granted')).toBe(won('approve'));
    expect(kinds.includes('approval_refused')).toBe(won('reject'));
    expect([won('approve'), won('reject'), won('withdraw')].filter(Boolean).length).toBeLessThanOrEqual(1);
    if (!won('approve')) expect(runsOf(job_id)).toEqual([]);
  }
  await publishPolicy(system, editPolicy());
});

test('uses of a grant, its revocation, that of who gave it, activations, kills, cancels and limits at once', {
  timeout: 90_000,
}, async () => {
  const seed = Date.now() % 2_147_483_647;
  console.log(`seed of the uses: ${seed}`);
  const order = shuffler(seed);
  const given = 'grant: { max_uses: 9, max_minutes: 30, same: [payload.customer_id] }';
  const limit = 'limits: [{ id: at-once, per: [agent], max_open: 5, exceeded: park }]';
  const terms = RULE.replace('expires_in: 1h', `expires_in: 1h, ${given}`);
  for (let round = 0; round < 3; round += 1) {
    const policy = (says: string) =>
      editPolicy([RULE, `${terms}\n    ${limit}`], [REASON, `reason: round ${round}, ${says}`]);
    await publishPolicy(system, policy('before'));
    const [giver, customer_id] = [`giver-${round}`, 20 + round];
    const key = newKey();
    await actAs(system, 'ingress', (tx) =>
      registerIdentities(tx, {
        principals: [{ type: 'human', id: giver, tenant: system.tenant, groups: ['approvers'] }],
        api_keys: [{ principal: giver, key, permissions: ['approvals:vote'] }],
      }),
    );
    const first = await submit({ customer_id });
    const { approval_id, digest } = await waitForApproval(system, first);
    const body = { digest, grant: { uses: 4, minutes: 5 } };
    const headers = { 'x-api-key': key };
    await system.api('approver', 'POST', `/api/v1/approvals/${approval_id}/approve`, body, headers);
    await waitForEnd(system, first);
    const made: string[] = [];
    const use = async () => {
      const asked = { topic: 'job.desk.refund.order', payload: { customer_id, amount_cents: 9_900 } };
      const answer = await system.api('agent', 'POST', '/api/v1/jobs', asked);
      if (answer.status !== 202) return;
      accepted.push(answer.body);
      made.push(answer.body.job_id);
    };
    const revocation = { what: 'principal' as const, id: giver, reason: 'raced', by_key: null };
    const usedOf = async () =>
      (await system.sql<{ used: number }>('SELECT used FROM approval.grants WHERE grant_id = $1', [approval_id]))[0]!
        .used;
    // What ends the grant or its uses begins once it was used, so that some uses come before it and some after.
    const once = (act: () => Promise<unknown>) => async () => {
      await waitUntil('it was used', async () => (await usedOf()) > 1);
      await act();
    };
    const revoked = `/api/v1/approvals/grants/${approval_id}/revoke`;
    const acts: Record<string, () => Promise<unknown>> = {
      ...Object.fromEntries(Array.from({ length: 8 }, (_, i) => [`use ${i}`, use])),
      revoke: once(() => system.api('approver', 'POST', revoked, { reason: 'raced' })),
      kill: once(() => setSwitch(system, 'hold', HOLD, true)),
      cancel: () => use().then(() => system.api('agent', 'POST', `/api/v1/jobs/${made.at(0)}/cancel`)),
      ...(round === 1 && { activate: once(() => publishPolicy(system, policy('after'))) }),
      ...(round === 2 && { dismiss: once(() => actAs(system, 'ingress', (tx) => revokeIdentity(tx, revocation))) }),
    };
    await Promise.all(order(Object.keys(acts)).map((name) => acts[name]!()));
    await setSwitch(system, 'hold', HOLD, false);
    await waitUntil('each has ended or waits for people', async () => {
      const states = await Promise.all(
        made.map(async (id) => (await system.api('agent', 'GET', `/api/v1/jobs/${id}`)).body.state),
      );
      for (const [i, state] of states.entries())
        if (state === 'held' || state === 'parked') await system.api('agent', 'POST', `/api/v1/jobs/${made[i]}/cancel`);
      return states.every((state) => ['succeeded', 'cancelled', 'denied'].includes(state));
    });
    const ran = made.filter((id) => runsOf(id).length > 0);
    expect(await usedOf()).toBeLessThanOrEqual(4);
    expect(ran.length).toBeLessThanOrEqual((await usedOf()) - 1);
  }
  await publishPolicy(system, editPolicy());
});

test('nothing of all this contradicts the evidence, as checked here and as an auditor proves it from an export', {
  timeout: 90_000,
}, async () => {
  await breakGlass();
  await walkErasure(system, await submitted());
  expect(await checkSystem(system, accepted, effects)).toEqual([]);
  expect(await rederive(system)).toEqual([]);
  await countEverything(system);
  const lines: string[] = [];
  const auditor = createClient({ url: system.url, api_key: KEYS.everybodys, tenant: system.tenant });
  await exportEvidence(auditor, true, (line) => void lines.push(line));
  const kinds = lines.map((line) => JSON.parse(line).kind);
  expect(kinds).toEqual(expect.arrayContaining([...PROVEN]));
  const trust = {
    log: [{ name: DEVELOPMENT_LOG, public_key: Buffer.from(system.keys.log.public_key, 'base64url') }],
    root: developmentTrustRoot(system.keys),
    ...{ kept: null, witnesses: [], cosignatures: 0 },
  };
  expect(await verifyEvidence(lines, trust)).toMatchObject({ verdict: 'holds', faults: [], complete: true });
  for (const [kind, code] of Object.entries(NEEDED)) {
    const kept = lines.filter((_, i) => kinds[i] !== kind);
    const end = {
      ...JSON.parse(kept.pop()!),
      entries: kept.filter((line) => JSON.parse(line).type === 'entry').length,
    };
    const { faults } = await verifyEvidence([...kept, JSON.stringify(end)], trust);
    expect([kind, faults.map((fault) => fault.code)]).toEqual([kind, expect.arrayContaining([code])]);
  }
});

/** One of the group grants alone what is looked at after its run, too; another signs off both. */
async function breakGlass(): Promise<void> {
  const alone = RULE.replace('expires_in: 1h', 'expires_in: 1h, break_glass: { group: approvers }');
  await publishPolicy(system, editPolicy([RULE, `${alone}\n    review: required`]));
  const job_id = await submit();
  const { approval_id, digest } = await waitForApproval(system, job_id);
  const post = (path: string, key: string, body: object) =>
    system.api('approver', 'POST', `/api/v1/${path}`, body, { 'x-api-key': key });
  const reason = 'nobody else is awake';
  const { body } = await post(`approvals/${approval_id}/break-glass`, alice(), { digest, reason });
  expect(body.state).toBe('granted');
  expect((await waitForEnd(system, job_id)).state).toBe('succeeded');
  const reviews = async (): Promise<{ review_id: string; kind: string }[]> =>
    (await system.api('approver', 'GET', `/api/v1/reviews?job_id=${job_id}`)).body.reviews;
  await waitUntil('its run is to be reviewed', async () => (await reviews()).length === 2, { timeout_ms: 60_000 });
  for (const { review_id } of await reviews()) {
    expect((await post(`reviews/${review_id}/sign`, alice(), { outcome: 'accepted' })).status).toBe(403);
    expect((await post(`reviews/${review_id}/sign`, KEYS.everybodys, { outcome: 'accepted' })).status).toBe(200);
  }
}

/** One that has ended. */
async function submitted(): Promise<string> {
  const job_id = await submit();
  const approval = await waitForApproval(system, job_id);
  expect((await cast(approval, bob(), 'reject')).body.state).toBe('refused');
  await waitForEnd(system, job_id);
  return job_id;
}

test('and the checker would see it: a vote in the own matter, a human twice, a grant alone that nobody reviews', async () => {
  const faults = async () => (await checkSystem(system, accepted, effects)).join('; ');
  const [granted] = await system.sql<{ approval_id: string; owner: string }>(
    `SELECT approval_id, owner FROM approval.approvals WHERE state = 'granted' AND by_grant IS NULL AND break_glass IS NULL LIMIT 1`,
  );
  const { approval_id, owner } = granted!;
  await system.sql('UPDATE approval.votes SET delegated_by = $2 WHERE approval_id = $1', [approval_id, owner]);
  expect(await faults()).toMatch(/granted by somebody in whose matter it is.*voted for another in .*, unasked/);
  await system.sql('UPDATE approval.votes SET delegated_by = NULL WHERE approval_id = $1', [approval_id]);
  await system.sql(
    `INSERT INTO approval.votes (approval_id, voter, auth_method, vote, stage, "group", voted_at, delegated_by)
     SELECT approval_id, 'carol', auth_method, vote, stage, "group", voted_at, voter FROM approval.votes WHERE approval_id = $1`,
    [approval_id],
  );
  expect(await faults()).toMatch(/granted by one human twice/);
  await system.sql(`DELETE FROM approval.votes WHERE approval_id = $1 AND voter = 'carol'`, [approval_id]);
  await system.sql(
    `INSERT INTO approval.glass_broken (approval_id, tenant, used_by, used_at, reason)
     SELECT approval_id, $2, voter, now(), '' FROM approval.votes WHERE approval_id = $1`,
    [approval_id, system.tenant],
  );
  expect(await faults()).toMatch(/granted alone, and no entry says so/);
  await system.sql('DELETE FROM approval.glass_broken WHERE approval_id = $1', [approval_id]);
  expect(await faults()).toBe('');
  const [spent] = await system.sql<{ grant_id: string }>(
    'SELECT grant_id FROM approval.grants WHERE used > 3 AND revoked_at IS NULL ORDER BY grant_id LIMIT 1',
  );
  const { grant_id } = spent!;
  const alter = (change: string) => system.sql(`UPDATE approval.grants SET ${change} WHERE grant_id = $1`, [grant_id]);
  await alter('max_uses = max_uses + 1');
  expect(await faults()).toMatch(/is for more uses than people agreed to/);
  await alter(`max_uses = max_uses - 1, revoked_by = 'alice', revoked_at = granted_at`);
  expect(await faults()).toMatch(/ran by a grant that had ended/);
  // Revoked when all were dispatched and the last was not claimed yet.
  await alter('revoked_at = (SELECT max(redeemed_at) FROM approval.approvals WHERE by_grant = grant_id)');
  expect(await faults()).toMatch(/ran by a grant that had ended/);
  await alter('revoked_by = NULL, revoked_at = NULL');
  await system.sql('UPDATE approval.approvals SET grant_use = 8 WHERE grant_use = 4 AND by_grant = $1', [grant_id]);
  expect(await faults()).toMatch(/says 4 uses, and had 2 3 8.*was dispatched as/);
  await system.sql('UPDATE approval.approvals SET grant_use = 4 WHERE grant_use = 8 AND by_grant = $1', [grant_id]);
  expect(await faults()).toBe('');
});

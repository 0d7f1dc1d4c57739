/**
 * Who is who, on a real registry: second accounts, lent votes, what waits for whom, and taking a question back. The rules
 * themselves are `judge-vote.test.ts`.
 */
import type { ApprovalView } from '@countersign/contracts/approval';
import type { Principal } from '@countersign/contracts/rpc';
import { registerIdentities } from '@countersign/ingress/register-identities';
import { changePerson, createPerson } from '@countersign/ingress/registry/change-people';
import { revokeIdentity } from '@countersign/ingress/revoke-identity';
import { insertDelegation } from '@countersign/ingress/store-delegations';
import { uuidv7 } from '@countersign/platform/ids';
import { append } from '@countersign/platform/ledger-append';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { codeOf } from '../../harness/code-of.ts';
import { AGENT, OWNER, type RunningApproval, runApproval, TENANT } from './run-approval.ts';

const PEOPLE = ['sam', 'sam2', 'sam3', 'ines', 'dora', 'emil', OWNER, 'olivia2', 'admin'];
const ADMIN = { id: 'admin', tenant: TENANT, type: 'human' as const, owner: null, ceiling: null, groups: [] };
const CALLER = {
  ...ADMIN,
  ...{ auth_method: 'api_key' as const, key_id: null, token_id: null, signing_key: null },
  ...{ on_behalf_of: [], permissions: new Set<string>() },
};

let run: RunningApproval;
beforeAll(async () => {
  run = await runApproval();
  await run.registry.transaction((tx) => registerIdentities(tx, { tenants: [TENANT], principals: [person('admin')] }));
  for (const id of PEOPLE.slice(0, -1)) {
    await createPerson(run.registry, CALLER, { id, groups: [], person: id === 'sam2' ? 'sam' : null });
  }
  // As somebody made it who thought of the second account first: the chain is the same.
  await changePerson(run.registry, CALLER, 'sam3', { person: 'sam2' });
  await changePerson(run.registry, CALLER, OWNER, { person: 'olivia2' });
});
afterAll(() => run[Symbol.asyncDispose]());

function person(id: string) {
  return { type: 'human' as const, id, tenant: TENANT, groups: ['sre'] };
}

function principalOf(id: string, groups: string[]): Principal {
  return { id, type: 'human', groups, owner: null, auth_method: 'api_key', key_id: null };
}

function lend(principal: string, to: string, votes_in: string, life_ms = 60_000): Promise<string> {
  return run.registry.transaction(async (tx) => {
    const row = { delegation_id: uuidv7(), principal, to, votes_in, tenant: TENANT, life_ms };
    const made = await insertDelegation(tx, row);
    const body = { what: 'delegation', tenant: TENANT, ...made };
    await append(tx, [{ chain: `identity:${principal}`, kind: 'identity_created', tenant: TENANT, topic: null, body }]);
    return row.delegation_id;
  });
}

async function waitingFor(id: string, groups: string[], more: object = {}): Promise<string[]> {
  const asked = { tenant: TENANT, votable_by: principalOf(id, groups), ...more };
  return (await run.ingress.call('approval.list', asked)).approvals.map(({ job_id }) => job_id);
}

function withdraw(shown: ApprovalView, id: string, reason: string | null = null) {
  const { tenant, approval_id } = shown;
  return run.ingress.call('approval.withdraw', { tenant, approval_id, reason, principal: principalOf(id, []) });
}

const TWO = [{ group: 'sre', count: 2 }];

describe('accounts', () => {
  test('all of one human have one vote, however they are tied together', async () => {
    const shown = await run.ask('twice', { stages: TWO });
    expect((await run.vote(shown, 'sam3', ['sre'])).votes).toHaveLength(1);
    for (const id of ['sam', 'sam2']) expect((await run.vote(shown, id, ['sre'])).votes).toHaveLength(1);
    expect(await codeOf(run.vote(shown, 'sam2', ['sre'], { vote: 'reject' }))).toBe('approval_already_voted');
    expect((await run.vote(shown, 'ines', ['sre'])).state).toBe('granted');
  });

  test('of whoever granted alone, or is concerned, sign no review of it', async () => {
    const { approval_id, digest } = await run.ask('alone', { stages: TWO, break_glass: { group: 'sre' } });
    const asked = { tenant: TENANT, approval_id, digest, reason: 'the site is down' };
    await run.ingress.call('approval.break_glass', { ...asked, principal: principalOf('sam', ['sre']) });
    const sign = (id: string) => {
      const said = { tenant: TENANT, review_id: approval_id, outcome: 'accepted' as const, reason: null };
      return run.ingress.call('approval.sign_review', { ...said, principal: principalOf(id, []) });
    };
    for (const id of ['sam', 'sam2', 'sam3', OWNER, 'olivia2'])
      expect(await codeOf(sign(id))).toBe('approval_not_eligible');
    expect((await sign('ines')).signed_by).toBe('ines');
  });

  test("the owner's other account is the owner", async () => {
    const shown = await run.ask('by-the-owner');
    expect(await codeOf(run.vote(shown, 'olivia2', ['sre']))).toBe('approval_not_eligible');
    expect(await codeOf(run.vote(shown, 'olivia2', ['sre'], { vote: 'reject' }))).toBe('approval_not_eligible');
  });

  test('votes of accounts that turn out to be one human’s count once from then on', async () => {
    const shown = await run.ask('found-out', { stages: [{ group: 'sre', count: 3 }] });
    for (const id of ['dora', 'emil']) await run.vote(shown, id, ['sre']);
    await changePerson(run.registry, CALLER, 'emil', { person: 'dora' });
    expect((await run.vote(shown, 'ines', ['sre'])).state).toBe('open');
    await changePerson(run.registry, CALLER, 'emil', { person: null });
    expect((await run.vote(shown, 'sam', ['sre'])).state).toBe('granted');
  });
});

describe('lent votes', () => {
  test('the other votes once in the place of the lender, and the evidence names both', async () => {
    await memberOf('sam', ['sre']);
    await lend('sam', 'dora', 'sre');
    const shown = await run.ask('lent', { stages: TWO });
    expect(await waitingFor('dora', [], { job_id: 'lent' })).toEqual(['lent']);
    const voted = await run.vote(shown, 'dora', []);
    expect(voted.votes).toMatchObject([{ voter: 'dora', delegated_by: 'sam', group: 'sre' }]);
    for (const id of ['sam', 'sam2', 'dora']) expect((await run.vote(shown, id, ['sre'])).votes).toHaveLength(1);
    expect(await waitingFor('dora', [], { job_id: 'lent' })).toEqual([]);
    expect((await run.vote(shown, 'ines', ['sre'])).state).toBe('granted');
    const entries = await run.entries('lent');
    expect(entries[1]!.body).toMatchObject({ voter: 'dora', delegated_by: 'sam' });
    expect(entries.at(-1)!.body.approvers).toMatchObject([
      { approver: 'dora', delegated_by: 'sam' },
      { approver: 'ines' },
    ]);
  });

  test('not in another group, not after its end, not once recalled, not passed on, not of one who left the group', async () => {
    await memberOf('sam', ['sre']);
    const shown = await run.ask('not-lent');
    const elsewhere = await run.ask('not-lent-there', { stages: [{ group: 'security', count: 1 }] });
    const id = await lend('sam', 'emil', 'sre');
    await lend('emil', 'ines', 'sre');
    await lend('sam', 'sam2', 'sre', 1);
    for (const nobody of ['ines', 'sam2']) {
      expect(await codeOf(run.vote(shown, nobody, []))).toBe('approval_not_eligible');
    }
    expect(await codeOf(run.vote(elsewhere, 'emil', []))).toBe('approval_not_eligible');
    await memberOf('sam', []);
    expect(await codeOf(run.vote(shown, 'emil', []))).toBe('approval_not_eligible');
    await memberOf('sam', ['sre']);
    const recall = { what: 'delegation' as const, id, reason: 'back again', by_key: null };
    await run.registry.transaction((tx) => revokeIdentity(tx, recall));
    expect(await codeOf(run.vote(shown, 'emil', []))).toBe('approval_not_eligible');
    expect((await run.vote(shown, 'sam', ['sre'])).state).toBe('granted');
  });

  test('in the own matter neither the lender nor the borrower', async () => {
    await memberOf(OWNER, ['sre']);
    await lend(OWNER, 'ines', 'sre');
    await lend('sam', 'olivia2', 'sre');
    const shown = await run.ask('own-matter');
    for (const id of ['ines', 'olivia2']) {
      expect(await codeOf(run.vote(shown, id, []))).toBe('approval_not_eligible');
    }
  });
});

test('`votable_by` lists exactly what a yes of this person would count for', async () => {
  const before = new Set(await waitingFor('ines', ['sre']));
  await run.ask('waits-for-sre');
  await run.ask('waits-for-security', { stages: [{ group: 'security', count: 1 }, ...TWO] });
  await run.ask('own', { on_behalf_of: 'ines' });
  const voted = await run.ask('voted', { stages: TWO });
  await run.vote(voted, 'ines', ['sre']);
  const now = await waitingFor('ines', ['sre']);
  expect(now.filter((job_id) => !before.has(job_id))).toEqual(['waits-for-sre']);
  expect(await waitingFor('ines', ['security'], { job_id: 'waits-for-security' })).toEqual(['waits-for-security']);
  expect(await waitingFor('ines', ['security'], { job_id: 'waits-for-sre' })).toEqual([]);
  expect(await waitingFor('ines', [])).toEqual([]);
  const [listed] = (await run.ingress.call('approval.list', { tenant: TENANT, job_id: 'waits-for-security' }))
    .approvals;
  expect(listed).toMatchObject({ waiting: { stage: 0, groups: ['security'] }, effective: null });
});

describe('taking a question back', () => {
  test('who asked or answers for it may, once; the job ends cancelled, and the ledger says who', async () => {
    const shown = await run.ask('withdrawn', { stages: TWO });
    await run.vote(shown, 'sam', ['sre']);
    for (const id of ['sam', 'ines', 'olivia2']) {
      expect(await codeOf(withdraw(shown, id))).toBe('approval_not_eligible');
    }
    const taken = await withdraw(shown, OWNER, 'a word of theirs');
    expect(taken).toMatchObject({ state: 'withdrawn', withdrawn_by: OWNER, withdrawn_because: 'a word of theirs' });
    expect(taken.waiting).toBeNull();
    expect((await withdraw(shown, AGENT)).withdrawn_by).toBe(OWNER);
    expect(await codeOf(run.vote(shown, 'ines', ['sre']))).toBe('approval_closed');
    expect(await run.kinds('withdrawn')).toEqual(['approval_opened', 'approval_voted', 'approval_withdrawn']);
    const entry = (await run.entries('withdrawn')).at(-1)!;
    expect(entry.body).toMatchObject({ withdrawn_by: OWNER, approvers: [{ approver: 'sam' }] });
    expect(JSON.stringify(entry)).not.toContain('a word of theirs');
    await expect
      .poll(() => run.wakeUpsOf('withdrawn').map(({ subject }) => subject))
      .toEqual(['job.refused.acme.deploy.apply']);
    const outcomes = await run.scheduler.query(`SELECT state FROM approval.outcomes WHERE job_id = 'withdrawn'`);
    expect(outcomes).toEqual([{ state: 'withdrawn' }]);
  });

  test('not after the grant, and not when it no longer waits', async () => {
    const granted = await run.ask('granted-first');
    await run.vote(granted, 'sam', ['sre']);
    expect(await codeOf(withdraw(granted, AGENT))).toBe('approval_closed');
    const gone = await run.ask('gone-first');
    await run.release('gone-first');
    expect(await codeOf(withdraw(gone, AGENT))).toBe('approval_closed');
    expect(await codeOf(withdraw({ ...gone, approval_id: uuidv7() }, AGENT))).toBe('not_found');
  });
});

test('an approval says when the same was agreed to last, and by whom', async () => {
  const first = await run.ask('agreed-to');
  await run.vote(first, 'ines', ['sre']);
  const next = await run.ask('asked-again');
  const { approval_id, job_id } = first;
  expect(next.last_granted).toMatchObject({ approval_id, job_id, voters: ['ines'] });
});

/** As the registry has them; a vote brings along what its credential says. */
function memberOf(id: string, groups: string[]): Promise<unknown> {
  return changePerson(run.registry, CALLER, id, { groups });
}

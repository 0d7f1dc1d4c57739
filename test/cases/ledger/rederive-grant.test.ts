/**
 * Each use of a bounded grant is derived again from evidence alone. The history is as a service that was taken over would record
 * it: every hash fits, and only what happened does not follow from what people agreed to.
 */
import { canonicalize, type JsonValue } from '@countersign/ledger/canonical-json';
import { APPROVAL_DOMAIN, plainDigest } from '@countersign/ledger/digest';
import { Rederivation } from '@countersign/ledger/rederive';
import { expect, it } from 'vitest';

type Body = Record<string, unknown>;
type Step = { job: string; kind: string; body: Body; at?: number };

const START_US = Date.parse('2026-01-01T10:00:00Z') * 1000;
const POLICY = { policy_snapshot: 'snap', policy_epoch: 1 };
const STAGES = [
  { group: 'sre', count: 1 },
  { group: 'security', count: 1 },
];
const GRANT = { max_uses: 4, max_minutes: 30, same: ['labels.repo'] };
const LEAST = { uses: 3, minutes: 20 };

/** Of the question that gives the grant, and of those that it answers. */
function terms(job: string, more: Body = {}): Body {
  const fields = {
    ...{ approval_id: `a-${job}`, tenant: 'acme', job_id: job, topic: 'job.push', job_hash: `hash-${job}`, ...POLICY },
    ...{ effective_digest: `eff-${job}`, policy_version: 1, stages: STAGES, max_attempts: 2, owner: 'olga' },
    ...{ on_behalf_of: null, expires_at: '2026-01-01T11:00:00.000000Z', grant: GRANT, ...more },
  };
  const digest = plainDigest(APPROVAL_DOMAIN, canonicalize({ ...fields, requester: 'bot' } as JsonValue));
  return { ...fields, digest, actor: 'bot', capability: 'git.push', rule_id: 'push' };
}

function voted(job: string, voter: string, stage: number, grant: Body | undefined, more: Body = {}): Step {
  const body = {
    ...terms(job),
    voter,
    vote: 'approve',
    stage,
    group: STAGES[stage]!.group,
    ...(grant && { grant }),
    ...more,
  };
  return { job, kind: 'approval_voted', body: { ...body, ...(grant === undefined && { grant: undefined }) } };
}

function admitted(job: string): Step {
  const decision = {
    gate: 'submit',
    decision: 'require_approval',
    job_hash: `hash-${job}`,
    ...POLICY,
    effective_digest: `eff-${job}`,
  };
  return { job, kind: 'job_admitted', body: { ...terms(job), decisions: [decision] } };
}

function dispatched(job: string, attempt: number, grant?: Body, at?: number): Step {
  const obligations = { approval: { stages: STAGES, expires_ms: 3_600_000 } };
  const decision = { gate: 'dispatch', decision: 'require_approval', ...POLICY, obligations };
  const body = { ...terms(job), decision, attempt, dispatch_id: `d-${job}-${attempt}`, pool: 'p', grant };
  return { job, kind: 'job_dispatched', body, ...(at !== undefined && { at }) };
}

const GIVEN = { max_uses: 3, expires_at: '2026-01-01T10:20:00.000000Z', same_digest: 'same' };

function given(more: Body = {}, approvers = ['ann', 'bob']): Step[] {
  const granted = {
    ...terms('one'),
    approvers: approvers.map((approver) => ({ approver })),
    grant: { ...GIVEN, ...more },
  };
  return [
    admitted('one'),
    { job: 'one', kind: 'approval_opened', body: terms('one') },
    voted('one', 'ann', 0, { uses: 4, minutes: 20 }),
    voted('one', 'bob', 1, { uses: 3, minutes: 30 }),
    { job: 'one', kind: 'approval_granted', body: granted },
    dispatched('one', 1),
  ];
}

function used(job: string, use: number, more: Body = {}, at?: number): Step[] {
  const opened = { ...terms(job), grant_id: 'a-one', same_digest: 'same', ...more };
  return [
    admitted(job),
    { job, kind: 'approval_by_grant', body: opened },
    dispatched(job, 1, { grant_id: 'a-one', use }, at),
  ];
}

const REVOKED: Step = { job: 'one', kind: 'approval_grant_revoked', body: { ...terms('one'), grant_id: 'a-one' } };
const ENDED: Step = { job: 'one', kind: 'job_cancelled', body: { ...terms('one'), state: 'cancelled' } };

function faultsOf(steps: readonly Step[]): string[] {
  const derive = new Rederivation();
  const active = { scope: 'acme', policy_version: 1, ...POLICY };
  derive.take({ chain: 'policy:acme', kind: 'policy_activated', tenant: 'acme', time_us: START_US }, active);
  return steps.flatMap(({ job, kind, body, at }) =>
    derive.take({ chain: `job:acme:${job}`, kind, tenant: 'acme', time_us: START_US + (at ?? 0) }, body),
  );
}

const MINUTE_US = 60_000_000;

it('holds, over the end of the job that people voted on, and for its attempts', () => {
  const again = dispatched('two', 2, { grant_id: 'a-one', use: 2 }, 25 * MINUTE_US);
  expect(faultsOf([...given(), ENDED, ...used('two', 2), ...used('three', 3), again, REVOKED])).toEqual([]);
  // Two of one transaction, in the order of the log.
  expect(faultsOf([...given(), ...used('three', 3), ...used('two', 2)])).toEqual([]);
});

it.each<[string, string, Step[]]>([
  ['more uses than the least vote', 'grant_beyond_votes', given({ max_uses: 4 })],
  ['a longer time than the least vote', 'grant_beyond_votes', given({ expires_at: '2026-01-01T10:20:00.000001Z' })],
  ['a vote for the one job alone', 'grant_beyond_votes', given().with(3, voted('one', 'bob', 1, undefined))],
  ['too few of those that it names', 'approval_by_too_few', given({}, ['ann'])],
  ['one who asked', 'approval_by_the_wrong_person', given({}, ['bot', 'bob']).with(2, voted('one', 'bot', 0, LEAST))],
  ['nobody', 'grant_missing', used('two', 2)],
  ['another name', 'grant_missing', [...given(), ...used('two', 2, { grant_id: 'a-other' })]],
  ['another field', 'grant_of_something_else', [...given(), ...used('two', 2, { same_digest: 'other' })]],
  ['another agent', 'grant_of_something_else', [...given(), ...used('two', 2, { capability: 'git.admin' })]],
  ['another rule', 'grant_of_something_else', [...given(), ...used('two', 2, { rule_id: 'other' })]],
  ['an end that was past', 'grant_expired', [...given(), ...used('two', 2, {}, 20 * MINUTE_US + 1)]],
  ['a number that was had', 'grant_spent', [...given(), ...used('two', 2), ...used('three', 2)]],
  ['the number of the job that was voted on', 'grant_spent', [...given(), ...used('two', 1)]],
  ['a number that is none', 'grant_spent', [...given(), ...used('two', 2.5)]],
  ['no number', 'grant_spent', [...given(), ...used('two', '2' as never)]],
  ['a number below all', 'grant_spent', [...given(), ...used('two', 0)]],
  ['one more than was given', 'grant_spent', [...given(), ...used('two', 2), ...used('three', 3), ...used('four', 4)]],
  [
    'another number on a second attempt',
    'grant_spent',
    [...given(), ...used('two', 2), dispatched('two', 2, { grant_id: 'a-one', use: 3 })],
  ],
  ['a grant that was revoked', 'grant_revoked', [...given(), REVOKED, ...used('two', 2)]],
  [
    'a second attempt after it was revoked',
    'grant_revoked',
    [...given(), ...used('two', 2), REVOKED, dispatched('two', 2, { grant_id: 'a-one', use: 2 })],
  ],
  ['no name in the dispatch', 'grant_missing', [...given(), ...used('two', 2).with(2, dispatched('two', 1))]],
  ['a revocation of nothing', 'grant_missing', [REVOKED]],
])('says so of %s', (_, fault, steps) => {
  expect(faultsOf(steps)).toContain(fault);
});

it('says so of a use under another policy, whoever says that it was in force', () => {
  const other = { policy_snapshot: 'next', policy_epoch: 2 };
  const steps = used('two', 2, { ...terms('two', other), grant_id: 'a-one', same_digest: 'same' });
  const decided = {
    ...steps[2]!,
    body: { ...steps[2]!.body, decision: { gate: 'dispatch', decision: 'require_approval', ...other } },
  };
  expect(faultsOf([...given(), ...steps.with(2, decided)])).toContain('grant_of_something_else');
});

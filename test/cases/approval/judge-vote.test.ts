/** Who may vote, on any set of stages and people: the rules by hand, and that no order of votes grants too early. */
import { type Ballot, judgeVote, type OpenQuestion } from '@countersign/approval/judge-vote';
import type { Vote } from '@countersign/approval/store';
import { CountersignError } from '@countersign/contracts/errors';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

const DIGEST = `sha256:${'d'.repeat(64)}`;

function question(over: Partial<OpenQuestion> = {}): OpenQuestion {
  return {
    approval_id: '01890000-0000-7000-8000-000000000000',
    tenant: 'acme',
    job_id: 'job',
    held_seq: 1,
    topic: 'job.deploy.apply',
    capability: null,
    auth_method: 'api_key',
    traceparent: '',
    state: 'open',
    digest: DIGEST,
    job_hash: DIGEST,
    effective_digest: DIGEST,
    policy_version: 1,
    policy_snapshot: DIGEST,
    policy_epoch: 1,
    rule_id: null,
    reason: '',
    requester: 'agent',
    owner: 'owner',
    on_behalf_of: null,
    max_attempts: 1,
    stages: [{ group: 'sre', count: 1 }],
    opened_at: '2026-01-01T00:00:00Z',
    expires_at: '2026-01-01T01:00:00Z',
    closed_at: null,
    superseded_by: null,
    in_time: true,
    held: true,
    current: true,
    ...over,
  };
}

function ballot(person: string, groups: string[], vote: Ballot['vote'] = 'approve'): Ballot {
  return {
    vote,
    digest: DIGEST,
    principal: { id: person, type: 'human', groups, owner: null, auth_method: 'api_key', key_id: null },
  };
}

function judge(asked: OpenQuestion, votes: readonly Vote[], given: Ballot) {
  try {
    return judgeVote(asked, votes, given);
  } catch (thrown) {
    if (thrown instanceof CountersignError) return thrown.code;
    throw thrown;
  }
}

describe('judgeVote', () => {
  test.each([
    [{ in_time: false }, 'approval_closed'],
    [{ held: false }, 'approval_closed'],
    [{ state: 'expired' }, 'approval_closed'],
    [{ current: false }, 'approval_outdated'],
    [{ state: 'voided', superseded_by: '01890000-0000-7000-8000-000000000001' }, 'approval_outdated'],
    [{ state: 'granted', current: false }, 'approval_closed'],
    [{ requester: 'sam' }, 'approval_not_eligible'],
    [{ owner: 'sam' }, 'approval_not_eligible'],
    [{ on_behalf_of: 'sam' }, 'approval_not_eligible'],
    [{ on_behalf_of: 'carla bot/sam' }, 'approval_not_eligible'],
    [{ on_behalf_of: 'carla bot/olivia sam' }, 'approval_not_eligible'],
    [{ on_behalf_of: 'sam bot/olivia' }, 'approval_not_eligible'],
    [{ stages: [{ group: 'security', count: 1 }] }, 'approval_not_eligible'],
    [{ digest: 'sha256:other' }, 'approval_digest_mismatch'],
  ] satisfies [Partial<OpenQuestion>, string][])('%o: %s', (over, code) => {
    expect(judge(question(over), [], ballot('sam', ['sre']))).toBe(code);
  });

  test('a no needs the same right as a yes', () => {
    expect(judge(question({ owner: 'sam' }), [], ballot('sam', ['sre'], 'reject'))).toBe('approval_not_eligible');
    expect(judge(question(), [], ballot('sam', ['sre'], 'reject'))).toMatchObject({ closes: 'refused' });
  });

  test('grants exactly when each stage, in order, has its number of different people', () => {
    const person = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'agent', 'owner');
    const groups = fc.subarray(['sre', 'security']);
    const stages = fc.array(
      fc.record({ group: fc.constantFrom('sre', 'security'), count: fc.integer({ min: 1, max: 3 }) }),
      {
        minLength: 1,
        maxLength: 3,
      },
    );
    fc.assert(
      fc.property(stages, fc.array(fc.tuple(person, groups), { maxLength: 30 }), (wanted, crowd) => {
        const asked = question({ stages: wanted });
        const votes: Vote[] = [];
        let granted = false;
        for (const [id, of] of crowd) {
          const outcome: ReturnType<typeof judge> | null = granted ? null : judge(asked, votes, ballot(id, of));
          if (outcome === null || typeof outcome === 'string' || !outcome.counts) continue;
          expect(of).toContain(outcome.group);
          const cast = { voter: id, vote: 'approve' as const, comment: null, voted_at: '' };
          votes.push({ ...cast, stage: outcome.stage, group: outcome.group });
          granted = outcome.closes === 'granted';
        }
        const people = votes.map(({ voter }) => voter);
        expect(new Set(people).size).toBe(people.length);
        expect(people.some((id) => id === 'agent' || id === 'owner')).toBe(false);
        // Taken in order, the votes fill stage after stage.
        const needed = wanted.flatMap(({ group, count }, stage) =>
          Array.from({ length: count }, () => `${stage}:${group}`),
        );
        expect(votes.map(({ stage, group }) => `${stage}:${group}`)).toEqual(needed.slice(0, votes.length));
        expect(granted).toBe(votes.length === needed.length);
      }),
    );
  });
});

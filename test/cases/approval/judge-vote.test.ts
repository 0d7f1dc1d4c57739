/** Who may vote, on any set of stages and people: the rules by hand, and that no order of votes grants too early. */
import { type Ballot, type Electorate, judgeVote, type OpenQuestion } from '@countersign/approval/judge-vote';
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
    withdrawn_by: null,
    withdrawn_because: null,
    escalate: null,
    escalated_at: null,
    break_glass: null,
    grant: null,
    by_grant: null,
    grant_use: null,
    counter_offer: null,
    carried_from: null,
    expires_ms: null,
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

const EVERYBODY_APART: Electorate = { personOf: (id) => id, lent: [] };

function judge(asked: OpenQuestion, votes: readonly Vote[], given: Ballot, electorate = EVERYBODY_APART) {
  try {
    return judgeVote(asked, votes, given, electorate);
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
          const cast = {
            voter: id,
            delegated_by: null,
            vote: 'approve' as const,
            comment: null,
            grant: null,
            voted_at: '',
          };
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

  const vote = (voter: string, more: Partial<Vote> = {}): Vote => ({
    ...{
      voter,
      delegated_by: null,
      vote: 'approve',
      stage: 0,
      group: 'sre',
      comment: null,
      grant: null,
      voted_at: '',
      ...more,
    },
  });
  /** Accounts by their human: `sam2` is Sam, too. */
  const accounts = (of: Record<string, string>, lent: Electorate['lent'] = []): Electorate => ({
    personOf: (id) => of[id] ?? id,
    lent,
  });

  test('a second account of who asked, of who answers for them, or of anybody in the chain, is theirs', () => {
    const electorate = accounts({ sam2: 'sam' });
    for (const over of [{ requester: 'sam' }, { owner: 'sam' }, { on_behalf_of: 'carla bot/sam' }]) {
      expect(judge(question(over), [], ballot('sam2', ['sre']), electorate)).toBe('approval_not_eligible');
    }
    expect(judge(question({ owner: 'sam2' }), [], ballot('sam', ['sre']), electorate)).toBe('approval_not_eligible');
  });

  test('two accounts of one human have one vote, and one that was counted before they were known to be is lost', () => {
    const twice = question({ stages: [{ group: 'sre', count: 2 }] });
    const electorate = accounts({ sam2: 'sam' });
    expect(judge(twice, [vote('sam')], ballot('sam2', ['sre']), electorate)).toEqual({ counts: false });
    expect(judge(twice, [vote('sam')], ballot('sam2', ['sre'], 'reject'), electorate)).toBe('approval_already_voted');
    const both = [vote('sam'), vote('sam2')];
    expect(judge(twice, both, ballot('ines', ['sre']))).toMatchObject({ closes: 'granted' });
    expect(judge(twice, both, ballot('ines', ['sre']), electorate)).toMatchObject({ counts: true, closes: 'granted' });
  });

  test("a lent vote is the lender's: once, in its group, never in their own matter, and not beside the own one", () => {
    const twice = question({ stages: [{ group: 'sre', count: 2 }] });
    const lent = [{ group: 'sre', delegated_by: 'sam' }];
    const dora = (over = twice, votes: Vote[] = [], groups: string[] = []) =>
      judge(over, votes, ballot('dora', groups), accounts({ sam2: 'sam' }, lent));
    expect(dora()).toMatchObject({ group: 'sre', delegated_by: 'sam', closes: null });
    expect(dora(twice, [], ['sre'])).toMatchObject({ delegated_by: null });
    expect(dora(twice, [vote('sam2')])).toBe('approval_not_eligible');
    expect(dora(question({ stages: [{ group: 'security', count: 1 }] }))).toBe('approval_not_eligible');
    for (const over of [{ owner: 'sam' }, { requester: 'sam2' }, { on_behalf_of: 'sam' }, { owner: 'dora' }]) {
      expect(dora(question(over))).toBe('approval_not_eligible');
    }
    const cast = vote('dora', { delegated_by: 'sam' });
    expect(judge(twice, [cast], ballot('sam', ['sre']))).toEqual({ counts: false });
    expect(judge(twice, [cast], ballot('emil', []), accounts({}, lent))).toBe('approval_not_eligible');
    expect(judge(twice, [cast], ballot('dora', ['sre']))).toEqual({ counts: false });
  });

  test('whatever accounts and lent votes there are, a grant stands on as many humans as were asked for', () => {
    const account = fc.constantFrom('a', 'a2', 'b', 'b2', 'c', 'c2', 'd', 'agent', 'owner', 'owner2');
    const personOf = (id: string): string => id.replace(/2$/, '');
    const turn = fc.record({
      id: account,
      member: fc.boolean(),
      lent: fc.array(
        account.map((delegated_by) => ({ group: 'sre', delegated_by })),
        { maxLength: 2 },
      ),
    });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 3 }), fc.array(turn, { maxLength: 20 }), (count, turns) => {
        const asked = question({ stages: [{ group: 'sre', count }] });
        const votes: Vote[] = [];
        for (const { id, member, lent } of turns) {
          const said = judge(asked, votes, ballot(id, member ? ['sre'] : []), { personOf, lent });
          if (typeof said === 'string' || !said.counts) continue;
          votes.push(vote(id, { delegated_by: said.delegated_by, stage: said.stage, group: said.group }));
          if (said.closes === 'granted') break;
        }
        const people = votes.flatMap(({ voter, delegated_by }) => [voter, ...(delegated_by ? [delegated_by] : [])]);
        expect(people.map(personOf).filter((person) => ['agent', 'owner'].includes(person))).toEqual([]);
        const spent = votes.map(({ voter, delegated_by }) => [
          ...new Set([voter, delegated_by ?? voter].map(personOf)),
        ]);
        expect(new Set(spent.flat()).size).toBe(spent.flat().length);
        expect(votes.length).toBeLessThanOrEqual(count);
      }),
    );
  });
});

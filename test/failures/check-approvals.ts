/**
 * The independent checker's part on approvals: who is one human is worked out here again from the registry's rows, and every
 * grant is held against it. It trusts no function of the system.
 */
import type { TestSystem } from '../harness/start-system.ts';

type Vote = {
  voter: string;
  delegated_by: string | null;
  vote: string;
  stage: number;
  group: string;
  voted_at: string;
};
type Granted = {
  approval_id: string;
  job_id: string;
  requester: string;
  owner: string | null;
  on_behalf_of: string | null;
  stages: { group: string; count: number }[];
  escalate: { to: string } | null;
  escalated_at: string | null;
  used_by: string | null;
  reviewed_by: string | null;
  review_id: string | null;
  votes: Vote[];
};
type Closing = { approval_id: string; kinds: string[]; marked: boolean };

const CLOSING = ['granted', 'refused', 'expired', 'voided', 'withdrawn'].map((state) => `approval_${state}`);

/** Everything that is wrong. */
export async function checkApprovals(system: TestSystem): Promise<string[]> {
  const personOf = await readPersons(system);
  const granted = await readGranted(system);
  const lent = await system.sql<{ lender: string; borrower: string; group: string; from: string; to: string }>(
    `SELECT principal_id AS lender, delegate_id AS borrower, group_name AS "group", created_at::text AS "from",
            expires_at::text AS "to" FROM identity.delegations WHERE group_name IS NOT NULL`,
  );
  const isLent = ({ voter, delegated_by, group }: Vote): boolean =>
    delegated_by === null || lent.some((d) => d.lender === delegated_by && d.borrower === voter && d.group === group);
  return [
    ...granted.flatMap((approval) => faultsOf(approval, personOf)),
    ...granted.flatMap(({ job_id, votes }) =>
      votes.filter((vote) => !isLent(vote)).map(({ voter }) => `${voter} voted for another in ${job_id}, unasked`),
    ),
    ...(await checkClosings(
      system,
      new Set(granted.filter(({ used_by }) => used_by !== null).map((a) => a.approval_id)),
    )),
  ];
}

/** Accounts that hang together, by pairs, until nothing changes any more. */
async function readPersons(system: TestSystem): Promise<(id: string) => string> {
  const rows = await system.sql<{ id: string; person: string | null; oidc_subject: string | null }>(
    'SELECT principal_id AS id, person, oidc_subject FROM identity.principals',
  );
  const of = new Map(rows.map(({ id }) => [id, id]));
  for (let changed = true; changed; ) {
    changed = false;
    for (const a of rows) {
      for (const b of rows) {
        const same = a.person === b.id || (a.oidc_subject !== null && a.oidc_subject === b.oidc_subject);
        if (!same || of.get(a.id) === of.get(b.id)) continue;
        const [keep, drop] = [of.get(a.id)!, of.get(b.id)!];
        for (const [id, person] of of) if (person === drop) of.set(id, keep);
        changed = true;
      }
    }
  }
  return (id) => of.get(id) ?? id;
}

function readGranted(system: TestSystem): Promise<Granted[]> {
  return system.sql<Granted>(
    `SELECT a.approval_id, a.job_id, a.requester, a.owner, a.on_behalf_of, a.stages, a.escalate, a.escalated_at::text,
            g.used_by, r.signed_by AS reviewed_by, r.review_id,
            (SELECT coalesce(json_agg(json_build_object('voter', v.voter, 'delegated_by', v.delegated_by, 'vote', v.vote,
               'stage', v.stage, 'group', v."group") ORDER BY v.voted_at), '[]')
               FROM approval.votes v WHERE v.approval_id = a.approval_id) AS votes
       FROM approval.approvals a LEFT JOIN approval.glass_broken g USING (approval_id)
       LEFT JOIN approval.reviews r ON r.review_id = a.approval_id AND r.kind = 'break_glass'
      WHERE a.state = 'granted' AND a.by_grant IS NULL`,
  );
}

function faultsOf(approval: Granted, personOf: (id: string) => string): string[] {
  const { job_id, votes, stages, escalate, escalated_at, used_by, reviewed_by, review_id } = approval;
  const parties = [approval.requester, approval.owner, ...(approval.on_behalf_of?.split(/[ /]/) ?? [])];
  const party = new Set(parties.filter((id) => id !== null).map(personOf));
  const spent = votes.map(({ voter, delegated_by }) => [...new Set([voter, delegated_by ?? voter].map(personOf))]);
  const people = spent.flat();
  const others = escalated_at !== null && escalate !== null ? [escalate.to] : [];
  const isFull = stages.every(
    ({ group, count }, stage) =>
      votes.filter((v) => v.stage === stage && v.vote === 'approve' && [group, ...others].includes(v.group)).length >=
      count,
  );
  return [
    ...(people.some((person) => party.has(person)) ? [`${job_id} was granted by somebody in whose matter it is`] : []),
    ...(new Set(people).size < people.length ? [`${job_id} was granted by one human twice`] : []),
    ...(isFull || used_by !== null ? [] : [`${job_id} was granted by too few`]),
    ...(used_by !== null && !votes.some(({ voter }) => voter === used_by)
      ? [`${job_id}: the glass broke by itself`]
      : []),
    ...(reviewed_by !== null && [...party, ...people].includes(personOf(reviewed_by))
      ? [`${job_id}: who broke the glass, voted or is concerned reviewed it`]
      : []),
    ...((used_by === null) === (review_id === null)
      ? []
      : [`${job_id}: granted alone, and no review of it, or the reverse`]),
  ];
}

/** Each question closes once; what one person granted alone says so in the evidence, and waits for its review. */
async function checkClosings(system: TestSystem, broken: ReadonlySet<string>): Promise<string[]> {
  const rows = await system.sql<Closing>(
    `SELECT e.body::json ->> 'approval_id' AS approval_id, array_agg(e.kind ORDER BY e.seq) AS kinds,
            bool_or(e.kind = 'approval_granted' AND (e.body::json ->> 'break_glass') = 'true') AS marked
       FROM ledger.entries e WHERE e.kind LIKE 'approval\\_%' GROUP BY 1`,
  );
  return rows.flatMap(({ approval_id, kinds, marked }) => {
    const closings = kinds.filter((kind) => CLOSING.includes(kind));
    return [
      ...(closings.length > 1
        ? [`approval ${approval_id} closed ${closings.length} times: ${closings.join(' ')}`]
        : []),
      ...(kinds.filter((kind) => kind === 'approval_escalated').length > 1 ? [`${approval_id} escalated twice`] : []),
      ...(marked && !broken.has(approval_id)
        ? [`approval ${approval_id} was granted alone, and nobody is to review it`]
        : []),
      ...(!marked && broken.has(approval_id)
        ? [`approval ${approval_id} was granted alone, and no entry says so`]
        : []),
    ];
  });
}

/**
 * The independent checker's part on bounded grants: from rows and contents, not from what the services say, that each use is
 * like the job that people voted on, that none is beyond what all of them agreed to, and that the evidence names each.
 */
import { Rederivation } from '@countersign/ledger/rederive';
import type { TestSystem } from '../harness/start-system.ts';

type Terms = { same: string[]; max_uses: number; max_minutes: number };
type Row = {
  approval_id: string;
  job_id: string;
  terms: string;
  allowed: Terms;
  effective: { labels: Record<string, unknown>; payload?: Record<string, unknown> };
  grant_use: number | null;
  redeemed_us: string | null;
  named: string[];
};
type Use = Row & { by_grant: string; claimed_us: string | null };
type Given = Row & {
  max_uses: number;
  used: number;
  from_us: string;
  until_us: string;
  revoked_us: string | null;
  votes: ({ uses: number; minutes: number } | null)[];
};

const US = (column: string): string => `(extract(epoch FROM ${column}) * 1000000)::bigint::text`;
/** What no use may differ in, as one text. */
const ROW = `a.approval_id, a.job_id, a."grant" AS allowed, c.effective::json AS effective, a.grant_use, ${US('a.redeemed_at')} AS redeemed_us,
  json_build_array(a.tenant, a.requester, a.owner, a.on_behalf_of, a.topic, a.capability, a.rule_id, a.policy_snapshot,
    a.policy_epoch, a.stages, a."grant")::text AS terms,
  ARRAY(SELECT DISTINCT (e.body::json -> 'grant')::text FROM ledger.entries e
         WHERE e.chain = 'job:' || a.tenant || ':' || a.job_id AND e.kind = 'job_dispatched'
           AND e.body::json ->> 'approval_id' = a.approval_id::text) AS named`;

/** Everything that is wrong. */
export async function checkGrants(system: TestSystem): Promise<string[]> {
  const grants = await system.sql<Given>(
    `SELECT ${ROW}, g.max_uses, g.used, ${US('g.granted_at')} AS from_us, ${US('g.expires_at')} AS until_us, ${US('g.revoked_at')} AS revoked_us,
            (SELECT json_agg(v."grant") FROM approval.votes v WHERE v.approval_id = a.approval_id) AS votes
       FROM approval.grants g JOIN approval.approvals a ON a.approval_id = g.grant_id
       JOIN scheduler.contexts c ON c.tenant = a.tenant AND c.job_id = a.job_id`,
  );
  const uses = await system.sql<Use>(
    `SELECT ${ROW}, a.by_grant, (SELECT ${US('max(s.claimed_at)')} FROM scheduler.attempts s
              WHERE s.tenant = a.tenant AND s.job_id = a.job_id AND s.approval_id = a.approval_id) AS claimed_us
       FROM approval.approvals a JOIN scheduler.contexts c ON c.tenant = a.tenant AND c.job_id = a.job_id
      WHERE a.by_grant IS NOT NULL`,
  );
  return grants.flatMap((given) => [
    ...faultsOfGrant(
      given,
      uses.filter(({ by_grant }) => by_grant === given.approval_id),
    ),
    ...uses.filter(({ by_grant }) => by_grant === given.approval_id).flatMap((use) => faultsOfUse(given, use)),
  ]);
}

/** The offline check over all that was recorded, in the order of its leaves. */
export async function rederive(system: TestSystem): Promise<string[]> {
  const rows = await system.sql<{ chain: string; kind: string; tenant: string | null; time_us: string; body: string }>(
    'SELECT chain, kind, tenant, time_us::text, body FROM ledger.entries e LEFT JOIN ledger.leaves l ON l.entry_id = e.id ORDER BY l.leaf_index, e.id',
  );
  const derive = new Rederivation();
  return rows.flatMap(({ body, time_us, ...entry }) =>
    derive.take({ ...entry, time_us: Number(time_us) }, JSON.parse(body)).map((fault) => `${entry.chain}: ${fault}`),
  );
}

function faultsOfGrant(
  { job_id, allowed, votes, max_uses, used, from_us, until_us }: Given,
  uses: readonly Row[],
): string[] {
  const [least, minutes] = [
    Math.min(allowed.max_uses, ...votes.map((vote) => vote?.uses ?? 1)),
    Math.min(allowed.max_minutes, ...votes.map((vote) => vote?.minutes ?? 0)),
  ];
  const numbers = uses.flatMap(({ grant_use }) => (grant_use === null ? [] : [grant_use])).sort((a, b) => a - b);
  const counted = numbers.every((number, i) => number === i + 2) && numbers.length === used - 1;
  return [
    ...(max_uses > least || used > max_uses ? [`the grant of ${job_id} is for more uses than people agreed to`] : []),
    ...(Number(until_us) - Number(from_us) > minutes * 60_000_000
      ? [`the grant of ${job_id} is for longer than agreed`]
      : []),
    ...(counted ? [] : [`the grant of ${job_id} says ${used} uses, and had ${numbers.join(' ')}`]),
  ];
}

function faultsOfUse(given: Given, use: Use): string[] {
  const isLate =
    isAfter(use.redeemed_us, given.until_us) ||
    isAfter(use.redeemed_us, given.revoked_us) ||
    isAfter(use.claimed_us, given.revoked_us);
  const isAlike = given.allowed.same.every(
    (field) => valueIn(field, given) === valueIn(field, use) && valueIn(field, use) !== undefined,
  );
  const name = JSON.stringify({ grant_id: given.approval_id, use: use.grant_use });
  const named = use.named.map((text) => JSON.stringify(JSON.parse(text)));
  return [
    ...(use.terms === given.terms && isAlike
      ? []
      : [`${use.job_id} ran by the grant of ${given.job_id}, and is not like it`]),
    ...(isLate ? [`${use.job_id} ran by a grant that had ended`] : []),
    ...(named.every((each) => each === name)
      ? []
      : [`${use.job_id} was dispatched as ${named.join(' ')} and not as ${name}`]),
  ];
}

function isAfter(at: string | null, end: string | null): boolean {
  return at !== null && end !== null && Number(at) > Number(end);
}

function valueIn(field: string, { effective }: Row): string | undefined {
  const [where, ...path] = field.split('.');
  const held =
    where === 'labels'
      ? effective.labels[path.join('.')]
      : path.reduce<unknown>((at, name) => (at as Record<string, unknown>)?.[name], effective.payload);
  return JSON.stringify(held);
}

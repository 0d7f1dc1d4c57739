/** What was granted and not used: told from the uses that are kept, digested, and signed off by a person who names the digest. */
import type { EntitlementReport, SignedOff, signOff } from '@countersign/contracts/entitlements';
import { CountersignError } from '@countersign/contracts/errors';
import type { AgentView } from '@countersign/contracts/identity';
import { LIMITS } from '@countersign/contracts/limits';
import { canonicalize } from '@countersign/ledger/canonical-json';
import { sha256 } from '@countersign/ledger/digest';
import type { Database, Tx } from '@countersign/platform/database';
import type { z } from 'zod';
import type { Caller } from '../caller.ts';
import { changeRegistry, entryOf } from './change-registry.ts';
import { type Right, rightSubject } from './note-rights.ts';
import { agentsBefore, keptSince, unusedKeys, usedRights } from './store-entitlements.ts';

export async function reviewEntitlements(tx: Tx, tenant: string, days: number): Promise<EntitlementReport> {
  const { since, complete, judged_before } = await keptSince(tx, days);
  const agents = [];
  for (let after = ''; ; ) {
    const page = await agentsBefore(tx, { tenant, before: judged_before, after, rows: LIMITS.page_rows });
    const used = new Set(
      await usedRights(
        tx,
        page.map(({ id }) => id),
        since,
      ),
    );
    agents.push(...page.flatMap((agent) => unusedOf(agent, used) ?? []));
    if (page.length < LIMITS.page_rows) break;
    after = page.at(-1)!.id;
  }
  const keys = await unusedKeys(tx, { tenant, since, before: judged_before });
  const found = { agents, keys };
  const named = { agents, keys: keys.map(({ key_id }) => key_id) };
  const digest = `sha256:${Buffer.from(sha256(Buffer.from(canonicalize({ days, ...named })))).toString('hex')}`;
  return { days, since, complete, ...found, digest };
}

/** Throws `grant_refused` for who is no person, `state_conflict` when something else is unused by now. */
export function signOffReview(
  database: Database,
  caller: Caller,
  { days, digest, comment = '' }: z.output<typeof signOff>,
): Promise<SignedOff> {
  if (caller.type !== 'human') throw new CountersignError('grant_refused', 'only a person signs off');
  return changeRegistry(database, caller, async (tx) => {
    const { agents, keys, since, complete, ...report } = await reviewEntitlements(tx, caller.tenant, days);
    if (report.digest !== digest)
      throw new CountersignError('state_conflict', 'something else is unused by now; review it again', {
        at: '/digest',
      });
    const unused = { agents, keys: keys.map(({ key_id }) => key_id) };
    const details = { what: 'entitlements', tenant: caller.tenant, days, since, complete, digest, comment, unused };
    const entries = [entryOf(caller, 'entitlements_reviewed', caller.tenant, details)];
    return { answer: { digest, signed_by: caller.id }, entries };
  });
}

function unusedOf({ id, owner, ceiling }: Pick<AgentView, 'id' | 'owner' | 'ceiling'>, used: ReadonlySet<string>) {
  const left = (right: Right, patterns: readonly string[]): string[] =>
    patterns.filter((pattern) => !used.has(rightSubject(id, right, pattern)));
  const topics = left('topic', ceiling.topics);
  const capabilities = left('capability', ceiling.capabilities);
  const environments = left('environment', ceiling.environments);
  const isAllUsed = topics.length + capabilities.length + environments.length === 0;
  return isAllUsed ? null : { agent: id, owner, topics, capabilities, environments };
}

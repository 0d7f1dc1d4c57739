/**
 * Says which groups of a policy have fewer people than it asks for, by the server's own registry: nobody could agree there. A
 * warning to who publishes or activates it, and a refusal for who asks to be strict.
 */
import { CountersignError } from '@countersign/contracts/errors';
import { LIMITS } from '@countersign/contracts/limits';
import type { GroupInWant } from '@countersign/contracts/policy-rollout';
import type { Tx } from '@countersign/platform/database';
import { askedGroups } from '@countersign/policy/asked-groups';
import { scopesOf } from './activate-scopes.ts';
import type { OpenedBundle } from './compiled-policies.ts';
import { groupSizes } from './store.ts';

/** At most a page of them. Throws `quorum_unreachable` when there are any and `strict` is true. */
export async function groupsInWant(tx: Tx, opened: OpenedBundle, strict = false): Promise<GroupInWant[]> {
  const asked = askedGroups(opened.policy.sources);
  if (asked.length === 0) return [];
  const sizes = await groupSizes(tx, scopesOf(opened), [...new Set(asked.map(({ group }) => group))]);
  const found = asked
    .flatMap(({ tenant, group, count }) =>
      sizes
        .filter(
          (size) => size.group_name === group && (tenant === null || size.tenant === tenant) && size.people < count,
        )
        .map((size) => ({
          code: 'quorum_unreachable' as const,
          tenant: size.tenant,
          group,
          asked: count,
          people: size.people,
        })),
    )
    .slice(0, LIMITS.page_rows);
  const [first] = found;
  if (strict && first !== undefined)
    throw new CountersignError(
      'quorum_unreachable',
      `${first.asked} of ${first.group} are asked for, and tenant ${first.tenant} has ${first.people}`,
    );
  return found;
}

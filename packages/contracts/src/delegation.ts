/**
 * On whose behalf a job is done: a chain of principals (RFC 8693, `act`), the first of whom it is done for; each has let the next
 * one act, and the last one has let the caller. Pure.
 */
import { z } from 'zod';
import { LIMITS } from './limits.ts';
import { principalId } from './names.ts';

/** As a request names it: one principal, or several. */
export const onBehalfOf = z.union([
  principalId,
  z
    .array(principalId)
    .min(1)
    .max(LIMITS.delegation_links)
    .refine((chain) => new Set(chain).size === chain.length, 'names somebody twice'),
]);
export type OnBehalfOf = z.infer<typeof onBehalfOf>;

/** One link of a chain that the registry vouches for; an agent has an owner. */
export type Link = { id: string; owner: string | null };

const ID = '[a-z0-9][a-z0-9_.@-]{0,127}';
export const writtenChain = z
  .string()
  .regex(new RegExp(`^${ID}(/${ID})?( ${ID}(/${ID})?)*$`), 'must be a chain of principals');

export function chainOf(given: OnBehalfOf | undefined): readonly string[] {
  return [given ?? []].flat();
}

/** As rows, entries and approvals carry it: `carla desk-bot/olivia`, each with the owner who answers for it. */
export function writeChain(chain: readonly Link[]): string | null {
  return chain.length === 0 ? null : chain.map(({ id, owner }) => (owner === null ? id : `${id}/${owner}`)).join(' ');
}

/** Those on whose behalf it is, without their owners. */
export function namesIn(written: string | null): string[] {
  return written === null ? [] : written.split(' ').map((link) => link.split('/')[0]!);
}

/** Everybody in it, owners too: none of them may countersign. */
export function partiesIn(written: string | null): string[] {
  return written === null ? [] : written.split(/[ /]/);
}

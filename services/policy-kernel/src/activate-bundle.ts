/**
 * Answers `rpc.policy.activate`: a published bundle, verified once more, becomes the policy of all of its scopes. Versions
 * only grow; going back is publishing the old content as a new version.
 */
import { CountersignError } from '@countersign/contracts/errors';
import { LIMITS } from '@countersign/contracts/limits';
import type { RpcAnswer, RpcParsed } from '@countersign/contracts/rpc';
import type { Bus } from '@countersign/platform/bus';
import { nowInstant } from '@countersign/platform/clock';
import { refuseRevoked } from '@countersign/platform/control-gate';
import type { BundleRefusal } from '@countersign/policy/bundle-faults';
import { type ActivatedScopes, activateIn, refusalIn, scopesOf } from './activate-scopes.ts';
import { groupsInWant } from './groups-in-want.ts';
import { type PublishParts, refuseForeign } from './publish-document.ts';
import { countRefusal, recordRefusal } from './refuse-and-record.ts';
import { countAskedAgain, readControl } from './store.ts';
import { type Published, readPublished } from './store-published.ts';

type Parts = PublishParts & { bus: Pick<Bus, 'announceControl'> };
type Activating = RpcParsed<'policy.activate'>;

/** Throws the refusal's code, `not_found` for a version that nobody published. */
export async function activateBundle(parts: Parts, activating: Activating): Promise<RpcAnswer<'policy.activate'>> {
  const published = await findBundle(parts, activating);
  for (let tries = 1; tries <= LIMITS.decide_tries; tries += 1) {
    const answer = await tryOnce(parts, activating, published);
    if (answer !== 'moved') return answer;
  }
  throw new CountersignError('epoch_stale', 'other policies became active meanwhile, again and again');
}

/** In the scope that was named, else in the tenant's own, else among those for everybody. */
export async function findBundle(
  { database }: Pick<Parts, 'database'>,
  asked: {
    tenant: string;
    global: boolean;
    version: number;
    scope?: string | undefined;
    snapshot?: string | undefined;
  },
): Promise<Published> {
  const { tenant, global, version, scope, snapshot } = asked;
  if (scope !== undefined && scope !== tenant && scope !== '*' && !global) throw new CountersignError('not_found');
  const published = await readPublished(database, scope === undefined ? [tenant, '*'] : [scope], version);
  if (published === null) throw new CountersignError('not_found', 'no such bundle was published');
  if (snapshot !== undefined && snapshot !== published.snapshot)
    throw new CountersignError('state_conflict', 'the published bundle is another', { at: '/snapshot' });
  return published;
}

async function tryOnce(
  parts: Parts,
  activating: Activating,
  published: Published,
): Promise<RpcAnswer<'policy.activate'> | 'moved'> {
  const { database } = parts;
  const opened = await parts.compiled.openBundle(published.document, nowInstant(), activating.tenant);
  const refusal = opened.ok ? refuseForeign(opened, activating) : opened;
  if (!opened.ok || refusal !== null) throw await refuse(parts, activating, published, refusal!);
  const before = new Set((await readControl(database)).scopes.map(({ epoch }) => epoch));
  const warnings = await groupsInWant(database, opened, activating.strict);
  let scopes: ActivatedScopes;
  let asks_again = 0;
  try {
    scopes = await database.transaction(async (tx) => {
      const inForce = await activateIn(tx, published.bundle_id, opened, activating.principal.id);
      // After it, for activating takes the control lock exclusively, and two who held it shared would wait for each other.
      await refuseRevoked(tx, activating.principal);
      asks_again = await countAskedAgain(tx, scopesOf(opened), LIMITS.asked_again);
      return inForce;
    });
  } catch (thrown) {
    const found = refusalIn(thrown);
    if (found === null) throw thrown;
    if (found === 'moved') return found;
    throw await refuse(parts, activating, published, found);
  }
  const { version, snapshot } = published;
  parts.log.info({ policy_version: version, policy_snapshot: snapshot, scopes }, 'a policy is active');
  parts.bus.announceControl(Math.max(...scopes.map(({ epoch }) => epoch)));
  const changed = scopes.some(({ epoch }) => !before.has(epoch));
  return { version, snapshot, scopes, changed, asks_again, warnings };
}

async function refuse(
  parts: Parts,
  { tenant, principal }: Activating,
  { bundle_id, version }: Published,
  refusal: BundleRefusal,
): Promise<CountersignError> {
  const about = { bundle_id, policy_version: version };
  await parts.database.transaction((tx) => recordRefusal(tx, tenant, refusal, about, principal));
  countRefusal(parts, refusal, about);
  return new CountersignError(refusal.code, refusal.detail);
}

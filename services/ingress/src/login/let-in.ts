/**
 * Lets a person in for whom the provider vouches: finds or makes the row in the registry, puts it into the groups that the
 * setting maps, and gives a session: an API key that ends soon, so that votes, groups and revocation work as for any other.
 * One subject of one issuer is always one person, whatever name it bears there.
 */
import { createHash } from 'node:crypto';
import { CountersignError } from '@countersign/contracts/errors';
import type { NewEntry } from '@countersign/contracts/ledger-entry';
import type { OidcSettings, Session } from '@countersign/contracts/login';
import { heldTogether, PERMISSION_SETS, type Permission } from '@countersign/contracts/permissions';
import { nowMs } from '@countersign/platform/clock';
import type { Database, Tx } from '@countersign/platform/database';
import { hashApiKey, keyIdOf, newApiKey } from '../api-key.ts';
import type { Caller } from '../caller.ts';
import { personRow } from '../registry/change-people.ts';
import { changeRegistry, entryOf } from '../registry/change-registry.ts';
import { heldPermissions, liveGroups, noteSubject, readPerson, setGroups } from '../registry/store-registry.ts';
import { insertKey, insertPrincipal } from '../store.ts';
import type { Claims } from './ask-provider.ts';

type Wanted = { groups: string[]; may_create: boolean };

/** Throws `login_refused`, `revoked`. */
export async function letIn(database: Database, settings: OidcSettings, claims: Claims): Promise<Session> {
  const { tenant, session_ms } = settings;
  const { permissions, groups } = rightsOf(settings, claims);
  const id = personOf(settings, claims);
  const self = asCaller(id, tenant);
  return changeRegistry(database, self, async (tx) => {
    const moved = await settle(tx, self, {
      groups,
      may_create: settings.unknown === 'create' && !isLinked(settings, claims),
    });
    const vouched = await vouch(tx, self, subjectOf(claims));
    await refuseTogether(tx, id, permissions);
    const api_key = newApiKey();
    const key_sha256 = hashApiKey(api_key);
    const key_id = keyIdOf(key_sha256);
    const expires_at = new Date(nowMs() + session_ms).toISOString();
    await insertKey(tx, { key_id, key_sha256, principal: id, permissions, expires_at, days: null });
    const details = { what: 'api_key', key_id, principal: id, tenant, permissions, expires_at, session: true };
    return {
      answer: { principal: id, tenant, groups, permissions, api_key, key_id, expires_at },
      entries: [...moved, ...vouched, entryOf(self, 'identity_created', id, details)],
    };
  });
}

function rightsOf(
  settings: OidcSettings,
  { groups: claimed }: Claims,
): { permissions: Permission[]; groups: string[] } {
  const fitting = settings.groups.filter(({ claim }) => claimed.includes(claim));
  const permissions = new Set(
    fitting.flatMap(({ roles }) => roles).flatMap((name): Permission[] => [...PERMISSION_SETS[name]]),
  );
  if (permissions.size === 0) throw refusal('none of their groups gives a role here');
  return { permissions: [...permissions].sort(), groups: [...new Set(fitting.flatMap(({ groups }) => groups))].sort() };
}

function refusal(detail: string): CountersignError {
  return new CountersignError('login_refused', detail);
}

/** A name that the person could choose there would be one to pose as somebody else with: it follows from who vouches, and for whom. */
function personOf(settings: OidcSettings, claims: Claims): string {
  if (isLinked(settings, claims)) return settings.people[claims.sub]!;
  return `oidc-${subjectOf(claims).slice(0, 32)}`;
}

function subjectOf({ iss, sub }: Claims): string {
  return createHash('sha256')
    .update(JSON.stringify([iss, sub]))
    .digest('hex');
}

function isLinked({ people }: OidcSettings, { sub }: Claims): boolean {
  return Object.hasOwn(people, sub);
}

/** Who acts is the person itself, as the provider vouches for it. */
function asCaller(id: string, tenant: string): Caller {
  const none = { owner: null, ceiling: null, key_id: null, token_id: null, signing_key: null };
  return {
    ...none,
    id,
    tenant,
    type: 'human',
    groups: [],
    auth_method: 'oidc',
    on_behalf_of: [],
    permissions: new Set(),
  };
}

async function settle(tx: Tx, self: Caller, { groups, may_create }: Wanted): Promise<NewEntry[]> {
  const { id, tenant } = self;
  const live = await liveGroups(tx, tenant, groups);
  const missing = groups.find((group) => !live.includes(group));
  if (missing !== undefined) throw refusal(`the group ${missing} does not exist here`);
  const before = await readPerson(tx, tenant, id);
  if (before === undefined) {
    if (!may_create) throw refusal('nobody has made this person');
    const row = personRow(tenant, id, groups);
    if (!(await insertPrincipal(tx, row))) throw refusal('the name belongs to somebody else');
    return [entryOf(self, 'identity_created', id, { what: 'principal', ...row })];
  }
  if (before.groups.toSorted().join() === groups.join()) return [];
  await setGroups(tx, id, groups);
  const details = { what: 'person', id, tenant, groups, former_groups: before.groups };
  return [entryOf(self, 'identity_changed', id, details)];
}

/** By what else the same subject comes in is the same human's, and has one vote with it. */
async function vouch(tx: Tx, self: Caller, oidc_subject: string): Promise<NewEntry[]> {
  const { id, tenant } = self;
  if (!(await noteSubject(tx, id, oidc_subject))) return [];
  return [entryOf(self, 'identity_changed', id, { what: 'person', id, tenant, oidc_subject })];
}

/** Two rights that must not meet in one person's hands do not meet by way of two groups either. */
async function refuseTogether(tx: Tx, id: string, permissions: readonly Permission[]): Promise<void> {
  const together = heldTogether([...permissions, ...(await heldPermissions(tx, id))]);
  if (together !== null) throw refusal(`nobody holds both ${together.join(' and ')}`);
}

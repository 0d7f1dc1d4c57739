/** The registry as it is asked and shown: agents, people, groups, keys, workers, tenants, and what was revoked. */
import { z } from 'zod';
import { REVOCABLE_KINDS } from './control.ts';
import { pageQuery } from './http.ts';
import { ceiling } from './job.ts';
import { LIMITS } from './limits.ts';
import { digitsOf, instant, keyId, principalId, tenantName, token } from './names.ts';
import { permission, role } from './permissions.ts';

/** Raw Ed25519, base64url. */
export const publicKey = z.string().regex(/^[A-Za-z0-9_-]{43}$/, 'must be a raw Ed25519 public key in base64url');
/** Of a NATS user, as `nk` and the CLI make it. */
export const busKey = z.string().regex(/^U[A-Z2-7]{55}$/, 'must be the public nkey of a NATS user (U…)');
export const reason = z.string().min(1).max(LIMITS.reason_chars);

const groups = z.array(token).max(LIMITS.person_groups);

const NOTHING = 'names nothing to change';

export const newAgent = z.strictObject({
  id: principalId,
  /** A person of the same tenant, who cannot approve what the agent asks for. */
  owner: principalId,
  ceiling,
  /** For signed requests; none, and only its keys speak for it. */
  signing_key: publicKey.nullable().default(null),
});
export const agentChange = z
  .strictObject({
    owner: principalId.optional(),
    ceiling: ceiling.optional(),
    signing_key: publicKey.nullable().optional(),
  })
  .refine(isSome, NOTHING);
/** Another account of the same human, who then counts once. Null: as far as anybody said, this is their only one. */
const person = principalId.nullable();
export const newPerson = z.strictObject({ id: principalId, groups: groups.default([]), person: person.default(null) });
export const personChange = z
  .strictObject({ groups: groups.optional(), person: person.optional() })
  .refine(isSome, NOTHING);
export const newGroup = z.strictObject({
  group: token,
  members: z.array(principalId).max(LIMITS.page_rows).default([]),
});
export const groupChange = z
  .strictObject({
    add: z.array(principalId).max(LIMITS.page_rows).default([]),
    remove: z.array(principalId).max(LIMITS.page_rows).default([]),
  })
  .refine(({ add, remove }) => add.length + remove.length > 0, NOTHING);

const days = z.int().min(1).max(LIMITS.key_days);
/** With `role`, `permissions` or both; together they are what the key carries. */
export const newKey = z
  .strictObject({
    principal: principalId,
    role: role.optional(),
    permissions: z.array(permission).min(1).optional(),
    expires_in_days: days.default(LIMITS.default_key_days),
  })
  .refine((given) => given.role !== undefined || given.permissions !== undefined, 'needs a role or permissions');
/** Only ever less: fewer permissions, an earlier end. More is another key. */
export const keyChange = z
  .strictObject({
    permissions: z.array(permission).min(1).optional(),
    /** From now; 0 ends it. */
    expires_in_minutes: z
      .int()
      .min(0)
      .max(LIMITS.key_days * 24 * 60)
      .optional(),
  })
  .refine(isSome, NOTHING);
export const keyRotation = z.strictObject({
  /** For which the old key still works. */
  overlap_minutes: z.int().min(0).max(LIMITS.key_overlap_minutes).default(60),
  expires_in_days: days.default(LIMITS.default_key_days),
});
/**
 * Another signing key, of an agent or a worker. The one before is good for the overlap, and then no more. Without a key the one
 * before ends so soon, never later than it would.
 */
export const signingKeyRotation = z.strictObject({
  signing_key: publicKey.optional(),
  overlap_minutes: z.int().min(0).max(LIMITS.key_overlap_minutes).default(60),
});
/** `strict`: refused when no active policy has its pool (`pool_unknown`). */
export const newWorker = z.strictObject({
  pool: token,
  worker: token,
  public_key: publicKey,
  bus_key: busKey.nullable().default(null),
  strict: z.boolean().default(false),
});
/** Of the caller's tenant. `principal`: who holds the key alone; it ends with this principal. */
export const newBusUser = z.strictObject({
  kind: z.enum(['agent', 'auditor']),
  nkey: busKey,
  principal: principalId.nullable().default(null),
});
/** With its first admin, whose key is in the answer. */
export const newTenant = z.strictObject({ tenant: tenantName, admin: principalId });
export const revocationRequest = z.strictObject({ reason });

/** The signing key before, while it is still good, and until when. */
const formerKey = { former_key: publicKey.nullable(), former_key_until: instant.nullable() };
/** Null while nobody used it since uses are kept; behind by a minute at most. */
const lastUse = { last_used_at: instant.nullable() };
const since = { created_at: instant, revoked_at: instant.nullable() };

export const agentView = z.object({
  id: principalId,
  tenant: tenantName,
  owner: principalId,
  ceiling,
  signing_key: publicKey.nullable(),
  ...formerKey,
  ...since,
  ...lastUse,
});
export const personView = z.object({
  id: principalId,
  tenant: tenantName,
  groups: z.array(token),
  person,
  ...since,
  ...lastUse,
});
export const groupView = z.object({
  group: token,
  tenant: tenantName,
  created_at: instant,
  ended_at: instant.nullable(),
});
/** `members`: the people in it, revoked ones left out; not in a list. */
export const shownGroup = groupView.extend({ members: z.array(principalId) });
export const keyView = z.object({
  key_id: keyId,
  tenant: tenantName,
  principal: principalId,
  permissions: z.array(z.string()),
  expires_at: instant.nullable(),
  /** Past its end, by the database's clock. */
  ended: z.boolean(),
  ...since,
  ...lastUse,
});
/** `key` is shown here and never again: only its SHA-256 is stored. */
export const madeKey = keyView.extend({ key: z.string() });
export const rotatedKey = z.object({ made: madeKey, replaced: keyView });
export const workerView = z.object({
  pool: token,
  worker: token,
  public_key: publicKey,
  bus_key: busKey.nullable(),
  ...formerKey,
  ...since,
  /** When it claimed something last, to the minute; null: never. Left out where nobody was asked, or the scheduler is away. */
  last_used_at: instant.nullish(),
  /** When it was heard of last, busy or not; null: never, or longer ago than that is kept. Left out as above. */
  last_seen_at: instant.nullish(),
  /** Whether an active policy has its pool: no job goes to another. Left out as above. */
  pool_active: z.boolean().optional(),
});
export const busUserView = z.object({
  nkey: busKey,
  kind: z.enum(['agent', 'auditor']),
  tenant: tenantName,
  principal: principalId.nullable(),
  ...since,
});
export const tenantView = z.object({ tenant: tenantName, created_at: instant });
export const madeTenant = z.object({ tenant: tenantView, admin: personView, key: madeKey });
/** What was revoked before this version says neither why nor by whom: the ledger does. */
export const revocationView = z.object({
  kind: z.enum(REVOCABLE_KINDS).nullable(),
  /** A principal's or key's id, or `<pool>/<worker>`. */
  id: z.string(),
  tenant: tenantName.nullable(),
  reason: z.string().nullable(),
  actor: z.string().nullable(),
  revoked_at: instant,
});

export type AgentView = z.infer<typeof agentView>;
export type PersonView = z.infer<typeof personView>;
export type GroupView = z.infer<typeof groupView>;
export type ShownGroup = z.infer<typeof shownGroup>;
export type KeyView = z.infer<typeof keyView>;
export type MadeKey = z.infer<typeof madeKey>;
export type RotatedKey = z.infer<typeof rotatedKey>;
export type NewWorker = z.input<typeof newWorker>;
export type WorkerView = z.infer<typeof workerView>;
export type BusUserView = z.infer<typeof busUserView>;
export type TenantView = z.infer<typeof tenantView>;
export type MadeTenant = z.infer<typeof madeTenant>;
export type RevocationView = z.infer<typeof revocationView>;

const nextCursor = z.string().nullable();
export const agentPage = z.object({ agents: z.array(agentView), next_cursor: nextCursor });
export const peoplePage = z.object({ people: z.array(personView), next_cursor: nextCursor });
export const groupPage = z.object({ groups: z.array(groupView), next_cursor: nextCursor });
export const keyPage = z.object({ keys: z.array(keyView), next_cursor: nextCursor });
export const workerPage = z.object({ workers: z.array(workerView), next_cursor: nextCursor });
export const busUserPage = z.object({ bus_users: z.array(busUserView), next_cursor: nextCursor });
export const tenantPage = z.object({ tenants: z.array(tenantView), next_cursor: nextCursor });
export const revocationPage = z.object({ revocations: z.array(revocationView), next_cursor: nextCursor });

export const registryQuery = z.strictObject(pageQuery);
export const keyQuery = z.strictObject({
  principal: principalId.optional(),
  /** Only those that end within so many days and have not ended. */
  expiring_in_days: digitsOf(days).optional(),
  ...pageQuery,
});
export const workerQuery = z.strictObject({ pool: token.optional(), ...pageQuery });

/** A change that changes nothing is a mistake of who asks. */
function isSome(given: object): boolean {
  return Object.values(given).some((value) => value !== undefined);
}

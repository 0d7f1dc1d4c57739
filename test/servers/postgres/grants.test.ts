/**
 * What each role can do in a migrated database, read from the catalogue as it stands: exactly what the design gives it
 * and nothing that a migration forgot to take away.
 */
import { lookAtPostgres } from '@countersign/infra/admin/doctor/look-at-postgres';
import { LOGIN_ROLES, OWNER_ROLE } from '@countersign/infra/postgres/roles';
import { connectDatabase, type Database } from '@countersign/platform/database';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createDatabase, type TestDatabase } from '../../harness/create-database.ts';

const SCHEMA_OF: Readonly<Record<string, string>> = {
  countersign_ingress: 'identity',
  countersign_policy_kernel: 'policy',
  countersign_scheduler: 'scheduler',
  countersign_approval: 'approval',
  countersign_output_safety: 'output',
  countersign_audit: 'ledger',
};
/** What audit counts beside the ledger, which it cannot change. */
const ALSO: Readonly<Record<string, readonly string[]>> = { countersign_audit: ['kpi', 'hook'] };
const DECIDERS = LOGIN_ROLES.filter((role) => role !== 'countersign_audit');

/** What a role may read outside its own schema: the stage before it, in views made for it. */
const READS_ELSEWHERE: Readonly<Record<string, readonly string[]>> = {
  countersign_ingress: ['control.revocations'],
  countersign_policy_kernel: ['scheduler.history'],
  countersign_scheduler: [
    'approval.outcomes',
    'approval.reviews',
    'identity.workers',
    'output.outcomes',
    'policy.active_pools',
    'policy.active_scopes',
  ],
  countersign_approval: ['scheduler.approval_content', 'scheduler.held', 'scheduler.run_reviews'],
  countersign_output_safety: ['identity.workers', 'policy.active_output', 'scheduler.dispatches', 'scheduler.releases'],
  countersign_audit: ['identity.webhooks'],
};
/** Who may call what: the functions that act inside another's transaction, and the ledger's own. */
const CALLS: Readonly<Record<string, readonly string[]>> = {
  'approval.redeem': ['countersign_scheduler'],
  'approval.redeem_all': ['countersign_scheduler'],
  'approval.revoked_uses': ['countersign_scheduler'],
  'control.activate_policy': ['countersign_policy_kernel'],
  'control.ceiling_changed': ['countersign_scheduler'],
  'control.change_ceiling': ['countersign_ingress'],
  'control.forget_tokens': ['countersign_ingress'],
  'control.end_expired': ['countersign_scheduler'],
  'control.gate': DECIDERS,
  'control.gate_since': ['countersign_approval', 'countersign_output_safety', 'countersign_scheduler'],
  'control.known': DECIDERS,
  'control.log_end': ['countersign_ingress'],
  'control.prove_write': [...LOGIN_ROLES].sort(),
  'control.read': DECIDERS,
  'control.revoke': ['countersign_ingress'],
  'control.set_switch': ['countersign_scheduler'],
  'control.stops': ['countersign_scheduler'],
  'control.stops_due': ['countersign_scheduler'],
  'identity.open_bus_account': ['countersign_ingress'],
  'identity.accounts': ['countersign_ingress'],
  'identity.persons': ['countersign_approval'],
  'identity.lent_votes': ['countersign_approval'],
  'identity.group_sizes': ['countersign_policy_kernel'],
  'scheduler.asked_again': ['countersign_policy_kernel'],
  'ledger.append': DECIDERS,
  'ledger.finish_publishing': ['countersign_audit'],
  'ledger.keep_checkpoint': ['countersign_audit'],
  'ledger.leaf_count': ['countersign_audit'],
  'ledger.leaf_of': ['countersign_audit'],
  'ledger.leaves_from': ['countersign_audit'],
  'ledger.next_window': ['countersign_audit'],
  'ledger.publish_from': ['countersign_audit'],
  'ledger.seal': ['countersign_audit'],
  'ledger.start_publishing': ['countersign_audit'],
  'scheduler.admit': ['countersign_scheduler'],
  'scheduler.beat': ['countersign_scheduler'],
  'scheduler.claim': ['countersign_scheduler'],
  'scheduler.dispatch': ['countersign_scheduler'],
  'scheduler.is_of': ['countersign_scheduler'],
  'scheduler.kept_by': ['countersign_output_safety', 'countersign_scheduler'],
  'scheduler.take_reviewable': ['countersign_approval'],
  'scheduler.take_erasable': ['countersign_approval', 'countersign_output_safety', 'countersign_scheduler'],
  'scheduler.fence': ['countersign_output_safety'],
  'scheduler.finish': ['countersign_output_safety'],
  'scheduler.close_queues': ['countersign_scheduler'],
  'scheduler.limit_used': ['countersign_policy_kernel'],
  'scheduler.run_history': ['countersign_policy_kernel'],
  'scheduler.lock_limits': ['countersign_scheduler'],
  'scheduler.reserve': ['countersign_scheduler'],
  'scheduler.outdated': ['countersign_scheduler'],
};
const LEDGER_AND_CONTROL: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  countersign_ingress: { 'control.revocations': 'SELECT' },
  countersign_audit: {
    'ledger.checkpoints': 'SELECT',
    'ledger.cosignatures': 'SELECT INSERT',
    'ledger.entries': 'SELECT',
    'ledger.entry_rows': 'SELECT',
    'ledger.kinds': 'SELECT',
    'ledger.leaves': 'SELECT',
    'ledger.nodes': 'SELECT',
    'ledger.published': 'SELECT',
    'ledger.sealed_leaves': 'SELECT',
    'ledger.sealer': 'SELECT',
  },
  countersign_owner: {
    'control.ceilings': 'SELECT INSERT UPDATE',
    'control.policies': 'SELECT INSERT UPDATE',
    'control.revision': 'SELECT UPDATE',
    'control.revocations': 'SELECT INSERT DELETE',
    'control.switches': 'SELECT INSERT UPDATE DELETE',
    'control.write_probes': 'SELECT INSERT UPDATE',
    'ledger.checkpoints': 'SELECT INSERT',
    'ledger.entries': 'SELECT INSERT',
    'ledger.entry_rows': 'SELECT INSERT',
    'ledger.kinds': 'SELECT',
    'ledger.nodes': 'SELECT INSERT',
    'ledger.published': 'SELECT UPDATE',
    'ledger.sealed_leaves': 'SELECT INSERT',
    'ledger.sealer': 'SELECT UPDATE',
  },
};

type Grant = { role: string; schema: string; name: string; kind: string; privilege: string };
type Routine = { name: string; owner: string; definer: boolean; config: string[] | null; callers: string[] | null };

let test_database: TestDatabase;
let admin: Database;
let grants: Grant[];
let routines: Routine[];

beforeAll(async () => {
  test_database = await createDatabase();
  admin = connectDatabase({ url: test_database.admin_url, pool: 4, name: 'test' });
  // Column grants count as grants of the table.
  grants = await admin.query<Grant>(
    `SELECT r.rolname AS role, n.nspname AS schema, c.relname AS name, c.relkind::text AS kind, p.privilege
     FROM pg_roles r
     CROSS JOIN pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     CROSS JOIN unnest(ARRAY['SELECT','INSERT','UPDATE','DELETE','TRUNCATE','REFERENCES','TRIGGER','MAINTAIN'])
       WITH ORDINALITY AS p (privilege, place)
     WHERE r.rolname = ANY ($1) AND c.relkind IN ('r', 'v', 'm', 'p', 'f')
       AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
       AND (has_table_privilege(r.oid, c.oid, p.privilege)
         OR p.privilege IN ('SELECT','INSERT','UPDATE','REFERENCES')
           AND has_any_column_privilege(r.oid, c.oid, p.privilege))
     ORDER BY 1, 2, 3, p.place`,
    [[...LOGIN_ROLES, OWNER_ROLE]],
  );
  routines = await admin.query<Routine>(
    `SELECT n.nspname || '.' || p.proname AS name, pg_get_userbyid(p.proowner) AS owner, p.prosecdef AS definer,
       p.proconfig AS config,
       (SELECT array_agg(r.rolname ORDER BY r.rolname)::text[] FROM pg_roles r
        WHERE r.rolname = ANY ($1) AND has_function_privilege(r.oid, p.oid, 'EXECUTE')) AS callers
     FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
     WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' ORDER BY 1`,
    [LOGIN_ROLES],
  );
});
afterAll(async () => {
  await admin.close();
  await test_database.drop();
});

function nameOf(grant: Grant): string {
  return `${grant.schema}.${grant.name}`;
}

function tableOf(role: string, schemas: readonly string[]): Record<string, string> {
  const table: Record<string, string> = {};
  for (const grant of grants.filter((each) => each.role === role && schemas.includes(each.schema))) {
    const before = table[nameOf(grant)];
    table[nameOf(grant)] = before === undefined ? grant.privilege : `${before} ${grant.privilege}`;
  }
  return table;
}

describe('tables', () => {
  test.each([...LOGIN_ROLES, OWNER_ROLE])('%s has exactly its grants in ledger and control', (role) => {
    expect(tableOf(role, ['ledger', 'control'])).toEqual(LEDGER_AND_CONTROL[role] ?? {});
  });

  test.each(LOGIN_ROLES)('%s reads of others only the views made for it, and writes nothing of theirs', (role) => {
    const elsewhere = grants.filter(
      (grant) => grant.role === role && grant.schema !== SCHEMA_OF[role] && !ALSO[role]?.includes(grant.schema),
    );
    expect(elsewhere.map((grant) => `${grant.privilege} ${nameOf(grant)}`)).toEqual(
      READS_ELSEWHERE[role]!.map((name) => `SELECT ${name}`),
    );
  });

  test('ingress cannot read what a job holds', async () => {
    const [seen] = await admin.query<{ may: boolean; schema: boolean }>(
      `SELECT has_table_privilege('countersign_ingress', 'scheduler.contexts', 'SELECT') AS may,
         has_schema_privilege('countersign_ingress', 'scheduler', 'USAGE') AS schema`,
    );
    expect(seen).toEqual({ may: false, schema: false });
  });

  test('nobody may truncate, hang triggers or foreign keys, or maintain', () => {
    const powers = ['TRUNCATE', 'REFERENCES', 'TRIGGER', 'MAINTAIN'];
    const held = grants.filter((grant) => grant.role !== OWNER_ROLE && powers.includes(grant.privilege));
    expect(held).toEqual([]);
  });
});

describe('functions', () => {
  test('are called by those they were made for and by nobody else', () => {
    const callable = routines.filter((routine) => routine.callers !== null);
    const found = Object.fromEntries(callable.map((routine) => [routine.name, routine.callers]));
    expect(found).toEqual(
      Object.fromEntries(Object.entries(CALLS).map(([name, callers]) => [name, [...callers].sort()])),
    );
  });

  test('that act with rights of their own are owned by the role nobody can be, and find nothing of the caller', () => {
    for (const { name, owner, definer, config } of routines) {
      expect(config, name).toContain('search_path=pg_catalog, pg_temp');
      if (definer) expect(owner, name).toBe(OWNER_ROLE);
    }
  });
});

describe('roles', () => {
  test('can log in and nothing else, own nothing, and belong to nobody', async () => {
    const rows = await admin.query<Record<string, unknown>>(
      `SELECT rolname, rolcanlogin, rolsuper OR rolcreatedb OR rolcreaterole OR rolreplication OR rolbypassrls AS power,
         EXISTS (SELECT FROM pg_auth_members m WHERE r.oid IN (m.roleid, m.member)) AS related,
         EXISTS (SELECT FROM pg_class c WHERE c.relowner = r.oid)
           OR EXISTS (SELECT FROM pg_namespace n WHERE n.nspowner = r.oid) AS owns
       FROM pg_roles r WHERE rolname = ANY ($1) ORDER BY rolname`,
      [LOGIN_ROLES],
    );
    expect(rows).toEqual(
      [...LOGIN_ROLES]
        .sort()
        .map((rolname) => ({ rolname, rolcanlogin: true, power: false, related: false, owns: false })),
    );
    const [owner] = await admin.query<{ rolcanlogin: boolean; rolsuper: boolean }>(
      'SELECT rolcanlogin, rolsuper FROM pg_roles WHERE rolname = $1',
      [OWNER_ROLE],
    );
    expect(owner).toEqual({ rolcanlogin: false, rolsuper: false });
  });

  test('may create nothing in any schema', async () => {
    const rows = await admin.query(
      `SELECT r.rolname, n.nspname FROM pg_roles r CROSS JOIN pg_namespace n
       WHERE r.rolname = ANY ($1) AND n.nspname !~ '^pg_' AND has_schema_privilege(r.oid, n.oid, 'CREATE')`,
      [LOGIN_ROLES],
    );
    expect(rows).toEqual([]);
  });

  test.each(LOGIN_ROLES)('%s cannot write the ledger past its function', async (role) => {
    const own = connectDatabase({ url: test_database.url_for(role), pool: 1, name: 'test' });
    const attempts = [
      `INSERT INTO ledger.entry_rows (chain, seq, kind, recorded_by, time_us, body, prev_hash, hash)
       VALUES ('control', 1, 'switch_set', 'countersign_scheduler', 0, '{}', '', '')`,
      `INSERT INTO ledger.sealed_leaves VALUES (0, 1, '{1}', sha256(''))`,
      `INSERT INTO ledger.kinds VALUES ('x', 'y')`,
      `UPDATE ledger.published SET next_leaf = 0`,
      `UPDATE ledger.sealer SET sealed = '1:1:'`,
      `SELECT ledger.seal_next(1)`,
      `SELECT control.finish_change(1, 'control', 'switch_set', NULL, '{}')`,
      `SET ROLE ${OWNER_ROLE}`,
      `SET SESSION AUTHORIZATION countersign_scheduler`,
    ];
    for (const attempt of attempts.filter((each) => !each.endsWith(` ${role}`))) {
      await expect(own.query(attempt), attempt).rejects.toMatchObject({ code: '42501' });
    }
    await own.close();
  });
});

const WIDER = ['UPDATE ON scheduler.jobs ? countersign_ingress', 'DELETE ON ledger.entry_rows ? countersign_audit'];
/** Of its own, but for what refuses every change: there not even the owner of the functions may. */
const ONLY_ADDED = `SELECT format('%s.%s', n.nspname, c.relname) AS name FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
  JOIN pg_namespace n ON n.oid = c.relnamespace WHERE t.tgname = 'only_added' ORDER BY 1`;

test('the doctor finds them right, and each that somebody granted by hand', async () => {
  const added = (await admin.query<{ name: string }>(ONLY_ADDED)).map(({ name }) => name);
  expect(added).toContain('ledger.entry_rows');
  const wider = [...WIDER, ...added.map((name) => `UPDATE ON ${name} ? ${OWNER_ROLE}`)];
  const { findings } = await lookAtPostgres(test_database.admin_url);
  const bad = findings.filter(({ state, check }) => state === 'fault' && check !== 'fsync of Postgres');
  expect(bad).toEqual([]);
  expect(findings.map(({ check }) => check)).toEqual(expect.arrayContaining(['migrations', 'roles', 'API keys']));
  for (const change of wider) await admin.query(`GRANT ${change.replace('?', 'TO')}`);
  const after = (await lookAtPostgres(test_database.admin_url)).findings;
  for (const change of wider) await admin.query(`REVOKE ${change.replace('?', 'FROM')}`);
  expect(after.flatMap(({ check, says }) => (check === 'rights in Postgres' ? [says] : []))).toEqual([
    'countersign_ingress has UPDATE on scheduler.jobs',
    'countersign_audit has DELETE on ledger.entry_rows',
    ...added.map((name) => `${OWNER_ROLE} has UPDATE on ${name}`),
  ]);
});

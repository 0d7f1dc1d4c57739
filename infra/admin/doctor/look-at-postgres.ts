/** What a superuser sees of the database: version, clock, migrations, rights, connections, keys near their end. Changes nothing. */
import { type Finding, finding, ok } from '@countersign/contracts/finding';
import { LIMITS } from '@countersign/contracts/limits';
import pg from 'pg';
import { readApplied } from '../../postgres/migrate.ts';
import { LOGIN_ROLES, OWNER_ROLE } from '../../postgres/roles.ts';
import {
  type Migration,
  readFunctions,
  readMigrations,
  recordedName,
  type SqlFunctions,
  type Standing,
  standingOf,
} from '../../postgres/schema-files.ts';
import { MIN_POSTGRES } from '../look-at-database.ts';

const SOON = '14 days';

/** Schemas that a service's role may write in: its own, and what audit counts. All others go through functions. */
const WRITES: Readonly<Record<string, readonly string[]>> = {
  countersign_ingress: ['identity'],
  countersign_policy_kernel: ['policy'],
  countersign_scheduler: ['scheduler'],
  countersign_approval: ['approval'],
  countersign_output_safety: ['output'],
  countersign_audit: ['ledger', 'kpi', 'hook'],
};

const SERVER = `SELECT current_setting('server_version_num')::int / 10000 AS version,
  extract(epoch FROM clock_timestamp())::float8 * 1000 AS now_ms,
  current_setting('max_connections')::int AS most, (SELECT count(*)::int FROM pg_stat_activity WHERE backend_type = 'client backend') AS open,
  current_setting('fsync') AS fsync, pg_size_pretty(pg_database_size(current_database())) AS size`;
const POWERS = `SELECT rolname AS role FROM pg_roles WHERE rolname = ANY ($1)
  AND (rolsuper OR rolcreaterole OR rolcreatedb OR rolbypassrls OR rolreplication OR rolinherit)`;
const MISSING_ROLES =
  'SELECT r AS role FROM unnest($1::text[]) r WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = r)';
/** Changed by nobody, not even by its owner. */
const EVIDENCE = ['entry_rows', 'sealed_leaves', 'nodes', 'checkpoints', 'cosignatures'];
const RIGHTS = `SELECT r.rolname AS role, n.nspname AS schema, c.relname AS name, p.privilege
  FROM pg_roles r CROSS JOIN pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  CROSS JOIN unnest(ARRAY['INSERT','UPDATE','DELETE','TRUNCATE']) AS p (privilege)
  WHERE r.rolname = ANY ($1) AND c.relkind IN ('r', 'p') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
    AND has_table_privilege(r.oid, c.oid, p.privilege) ORDER BY 1, 2, 3, 4`;
const KEYS = `SELECT key_id, principal_id, expires_at::text AS ends FROM identity.api_keys
  WHERE expires_at BETWEEN now() AND now() + interval '${SOON}' ORDER BY expires_at LIMIT 20`;

type Right = { role: string; schema: string; name: string; privilege: string };

/** Never throws: a server that is out of reach is a finding. */
export async function lookAtPostgres(connectionString: string): Promise<{ findings: Finding[]; tenants: string[] }> {
  const client = new pg.Client({ connectionString, connectionTimeoutMillis: 5_000 });
  try {
    await client.connect();
    const findings = [...(await server(client)), ...(await roles(client))];
    const pending = judgeMigrations(await readApplied(client), [...readMigrations(), ...readFunctions()]);
    if (pending.some(({ state }) => state === 'fault')) return { findings: [...findings, ...pending], tenants: [] };
    const { rows } = await client.query<{ tenant: string }>('SELECT tenant FROM identity.tenants ORDER BY 1');
    return {
      findings: [...findings, ...pending, ...(await rights(client)), ...(await keys(client))],
      tenants: rows.map(({ tenant }) => tenant),
    };
  } catch (thrown) {
    const says = `does not answer as it should: ${(thrown as Error).message}`;
    return { findings: [finding('fault', 'Postgres', says, 'start it, or correct DATABASE_URL')], tenants: [] };
  } finally {
    await client.end().catch(() => undefined);
  }
}

export function judgeMigrations(
  applied: ReadonlyMap<string, string>,
  known: readonly (Migration | SqlFunctions)[],
): Finding[] {
  const standing = (wanted: Standing) => known.filter((file) => standingOf(file, applied) === wanted).map(recordedName);
  const missing = standing('missing');
  const names = new Set(known.map(({ name }) => name));
  const newer = [...[...applied.keys()].filter((name) => !names.has(name.replace(/@\d+$/, ''))), ...standing('newer')];
  return [
    ...(missing.length > 0
      ? [
          finding(
            'fault',
            'migrations',
            `not applied: ${missing.join(', ')}`,
            'back up, then run `countersign-admin init`',
          ),
        ]
      : [ok('migrations', `all ${known.length} applied`)]),
    ...standing('changed').map((name) =>
      finding(
        'fault',
        'migrations',
        `${name} differs from what was applied`,
        'put back the file of the release: it is never changed',
      ),
    ),
    ...(newer.length > 0
      ? [finding('warning', 'migrations', `of a newer version: ${newer.join(', ')}`, 'upgrade this machine too')]
      : []),
  ];
}

/** What a role may write beyond its own schema, and whoever may change or remove evidence. */
export function judgeRights(all: readonly Right[]): Finding[] {
  const advice = 'REVOKE it, and find out who granted it: no migration does';
  const strays = all.filter(({ role, schema }) => role !== OWNER_ROLE && !WRITES[role]?.includes(schema));
  const evidence = all.filter(
    ({ role, schema, name, privilege }) =>
      schema === 'ledger' && privilege !== 'INSERT' && (role !== OWNER_ROLE || EVIDENCE.includes(name)),
  );
  const bad = [...new Set([...strays, ...evidence])];
  if (bad.length === 0)
    return [ok('rights in Postgres', 'each service writes its own schema alone, and nobody changes evidence')];
  return bad.map(({ role, schema, name, privilege }) =>
    finding('fault', 'rights in Postgres', `${role} has ${privilege} on ${schema}.${name}`, advice),
  );
}

async function server(client: pg.Client): Promise<Finding[]> {
  const before = Date.now();
  const { rows } = await client.query(SERVER);
  const { version, now_ms, most, open, fsync, size } = rows[0];
  const off = now_ms - (before + Date.now()) / 2;
  return [
    version < MIN_POSTGRES
      ? finding('fault', 'Postgres', `is ${version}`, `upgrade it to ${MIN_POSTGRES} or newer`)
      : ok('Postgres', `${version}, the database takes ${size}`),
    clock('Postgres', off),
    open > most * 0.8
      ? finding(
          'warning',
          'connections to Postgres',
          `${open} of ${most}`,
          'raise max_connections, or lower DATABASE_POOL',
        )
      : ok('connections to Postgres', `${open} of ${most}`),
    ...(fsync === 'on'
      ? []
      : [finding('fault', 'fsync of Postgres', 'is off', 'switch it on: what was promised may be lost')]),
  ];
}

/** `off` in milliseconds from this machine's. */
export function clock(of: string, off: number): Finding {
  const says = `${(off / 1000).toFixed(1)} s from this machine's`;
  return Math.abs(off) > LIMITS.token_skew_ms
    ? finding('fault', `clock of ${of}`, says, 'set both by NTP: deadlines and leases run by the clock of Postgres')
    : ok(`clock of ${of}`, says);
}

async function roles(client: pg.Client): Promise<Finding[]> {
  const { rows: missing } = await client.query<{ role: string }>(MISSING_ROLES, [[...LOGIN_ROLES, OWNER_ROLE]]);
  const { rows: strong } = await client.query<{ role: string }>(POWERS, [[...LOGIN_ROLES, OWNER_ROLE]]);
  const names = (rows: readonly { role: string }[]): string => rows.map(({ role }) => role).join(', ');
  if (missing.length > 0)
    return [finding('fault', 'roles', `missing: ${names(missing)}`, 'run `countersign-admin init`')];
  if (strong.length > 0)
    return [
      finding(
        'fault',
        'roles',
        `more than the right to log in: ${names(strong)}`,
        'run `countersign-admin init`, which takes it away',
      ),
    ];
  return [ok('roles', 'all there, and none has more than the right to log in')];
}

async function rights(client: pg.Client): Promise<Finding[]> {
  const { rows } = await client.query<Right>(RIGHTS, [[...LOGIN_ROLES, OWNER_ROLE]]);
  return judgeRights(rows);
}

async function keys(client: pg.Client): Promise<Finding[]> {
  const { rows } = await client.query<{ key_id: string; principal_id: string; ends: string }>(KEYS);
  if (rows.length === 0) return [ok('API keys', `none ends within ${SOON}`)];
  return rows.map(({ key_id, principal_id, ends }) =>
    finding('warning', `API key ${key_id}`, `of ${principal_id}, ends at ${ends}`, `countersign keys rotate ${key_id}`),
  );
}

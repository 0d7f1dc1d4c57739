/** Writes down as types what a role may read of the migrated database, decoded as packages/platform decodes it. */

export type Column = {
  /** `schema.name` of a table or view. */
  table: string;
  name: string;
  /** As Postgres says it: `text`, `timestamp with time zone`, `text[]`. */
  type: string;
  nullable: boolean;
  /** Definition of the check on this column alone. */
  check: string | null;
};

/**
 * One row per column that `$1`, a role, may select. Postgres says of no column of a view whether it may be null; where a
 * view shows a column of a table as it is, without an outer join, what holds for that column holds here.
 */
export const COLUMNS = `
WITH shown AS (
  SELECT r.ev_class, m[1]::smallint AS attnum, min(m[2]::oid::bigint)::oid AS origin, min(m[3]::smallint) AS origin_attnum
    FROM pg_rewrite r,
         regexp_matches(r.ev_action::text,
           ':resno (\\d+) :resname \\S+ :ressortgroupref \\d+ :resorigtbl (\\d+) :resorigcol (\\d+)', 'g') AS m
   WHERE r.rulename = '_RETURN' AND r.ev_action::text !~ ':jointype [123]'
   GROUP BY 1, 2 HAVING count(*) = 1)
SELECT n.nspname || '.' || c.relname AS "table", a.attname AS name, format_type(a.atttypid, NULL) AS type,
       NOT coalesce(o.attnotnull, a.attnotnull) AS nullable,
       (SELECT pg_get_constraintdef(k.oid) FROM pg_constraint k
         WHERE k.conrelid = coalesce(o.attrelid, c.oid) AND k.contype = 'c'
           AND k.conkey = ARRAY[coalesce(o.attnum, a.attnum)]
           AND pg_get_constraintdef(k.oid) ~ '^CHECK \\(\\(\\w+ = ANY \\(ARRAY\\[[^]]*\\]\\)\\)\\)$' LIMIT 1) AS "check"
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
  LEFT JOIN shown s ON c.relkind = 'v' AND s.ev_class = c.oid AND s.attnum = a.attnum
  LEFT JOIN pg_attribute o ON o.attrelid = s.origin AND o.attnum = s.origin_attnum
 WHERE c.relkind IN ('r', 'v') AND n.nspname NOT IN ('pg_catalog', 'information_schema')
   AND has_schema_privilege($1, n.oid, 'USAGE') AND has_column_privilege($1, c.oid, a.attnum, 'SELECT')
 ORDER BY 1, a.attnum`;

const TYPES: Readonly<Record<string, string>> = {
  bigint: 'number',
  boolean: 'boolean',
  bytea: 'Buffer',
  integer: 'number',
  json: 'unknown',
  jsonb: 'unknown',
  pg_snapshot: 'string',
  smallint: 'number',
  text: 'string',
  'timestamp with time zone': 'string',
  uuid: 'string',

  xid8: 'string',
};
const WIDTH = 120;

/** Throws a TypeError for a type that nobody has said yet how it is decoded. */
export function renderTables(role: string, columns: readonly Column[]): string {
  const tables = Map.groupBy(columns, (column) => column.table);
  const types = [...tables].map(([name, of]) => `  '${name}': {\n${of.map(lineOf).join('\n')}\n  };`);
  return [
    `/** What ${role} may read, as the migrated database has it. Written by \`npm run tables\`; a test compares. */`,
    'export type Tables = {',
    ...types,
    '};\n',
  ].join('\n');
}

function lineOf({ table, name, type, nullable, check }: Column): string {
  const words = check === null || type !== 'text' ? [typeOf(type, `${table}.${name}`)] : wordsOf(check);
  const members = nullable && words[0] !== 'unknown' ? [...words, 'null'] : words;
  const line = `    ${name}: ${members.join(' | ')};`;
  return line.length <= WIDTH ? line : `    ${name}:\n${members.map((word) => `      | ${word}`).join('\n')};`;
}

function typeOf(type: string, where: string): string {
  if (type.endsWith('[]')) return `${typeOf(type.slice(0, -2), where)}[]`;
  const known = TYPES[type];
  if (known === undefined) throw new TypeError(`${where}: nobody says how ${type} is decoded`);
  return known;
}

/** `CHECK ((state = ANY (ARRAY['open'::text, 'closed'::text])))` */
function wordsOf(check: string): string[] {
  return [...check.matchAll(/'([^']+)'::text/g)].map(([, word]) => `'${word}'`);
}

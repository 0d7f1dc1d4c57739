/** Writes down as types what of the migrated database a role may read and call, as packages/platform decodes it. */

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

export type Routine = {
  /** `schema.name`. */
  name: string;
  arguments: { name: string; mode: 'i' | 't'; type: string }[];
  returns: string;
};

/** One row per function that `$1`, a role, may call; of one that returns a table, its columns stand among the arguments. */
export const ROUTINES = `
SELECT n.nspname || '.' || p.proname AS name, format_type(p.prorettype, NULL) AS returns,
       coalesce((SELECT json_agg(json_build_object('name', p.proargnames[o], 'mode', translate(coalesce(p.proargmodes[o], 'i')::text, 'o', 't'),
                                                   'type', format_type(t, NULL)) ORDER BY o)
                   FROM unnest(coalesce(p.proallargtypes, p.proargtypes::oid[])) WITH ORDINALITY AS u(t, o)), '[]') AS arguments
  FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
 WHERE n.nspname NOT IN ('pg_catalog', 'information_schema') AND p.prokind = 'f' AND p.prorettype <> 'trigger'::regtype
   AND has_schema_privilege($1, n.oid, 'USAGE') AND has_function_privilege($1, p.oid, 'EXECUTE')
 ORDER BY 1`;

const TYPES: Readonly<Record<string, string>> = {
  bigint: 'number',
  boolean: 'boolean',
  bytea: 'Buffer',
  integer: 'number',
  json: 'unknown',
  jsonb: 'unknown',
  // In all its digits.
  numeric: 'string',
  pg_snapshot: 'string',
  smallint: 'number',
  text: 'string',
  'timestamp with time zone': 'string',
  uuid: 'string',
  void: 'unknown',
  xid8: 'string',
};
const WIDTH = 120;

/** Throws a TypeError for a type that nobody has said yet how it is decoded. */
export function renderTables(role: string, columns: readonly Column[], routines: readonly Routine[]): string {
  const tables = Map.groupBy(columns, (column) => column.table);
  const types = [...tables].map(([name, of]) => `  '${name}': {\n${of.map(lineOf).join('\n')}\n  };`);
  return [
    `// What ${role} may read and call and its code names, as the migrated database has it. \`npm run tables\`; a test compares.`,
    ...(types.length > 0 ? ['export type Tables = {', ...types, '};', ''] : []),
    '/** Anything that goes into a function or comes out of it may be null: its signature does not say. */',
    'export type Functions = {',
    ...routines.map(routineOf),
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

function routineOf(routine: Routine): string {
  const { name, returns } = routine;
  const of = (mode: 'i' | 't') => routine.arguments.filter((each) => each.mode === mode);
  const takes = of('i').map((each) => `${each.name}: ${takenAs(each.type, name)}`);
  const columns = of('t').map((each) => `      ${each.name}: ${orNull(typeOf(each.type, name))};\n`);
  const gives = columns.length > 0 ? `{\n${columns.join('')}    }[]` : orNull(typeOf(returns, name));
  const line = `    takes: [${takes.join(', ')}];`;
  const taken = line.length <= WIDTH ? line : `    takes: [\n${takes.map((each) => `      ${each},\n`).join('')}    ];`;
  return `  '${name}': {\n${taken}\n    gives: ${gives};\n  };`;
}

/** JSON goes in as text; what is in an array may be null too. */
function takenAs(type: string, where: string): string {
  if (type.endsWith('[]')) return `readonly (${takenAs(type.slice(0, -2), where)})[]`;
  return orNull(type === 'jsonb' || type === 'json' ? 'string' : typeOf(type, where));
}

function orNull(type: string): string {
  return type === 'unknown' ? type : `${type} | null`;
}

/** The SQL of the write probe. */
import type { Tx } from './database.ts';

const PROVE = `
SELECT control.prove_write($1) AS written,
       ARRAY(SELECT f.name FROM unnest($2::text[]) AS f (name)
              WHERE NOT EXISTS (
                SELECT FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
                 WHERE n.nspname = split_part(f.name, '.', 1) AND p.proname = split_part(f.name, '.', 2)
                   AND has_schema_privilege(n.oid, 'USAGE') AND has_function_privilege(p.oid, 'EXECUTE'))) AS missing`;

/** Writes, and answers which of the functions may not be called. Throws what Postgres refuses the write with. */
export async function prove(database: Tx, service: string, functions: readonly string[]): Promise<string[]> {
  const [row] = await database.query<{ missing: string[] }>(PROVE, [service, functions]);
  return row!.missing;
}

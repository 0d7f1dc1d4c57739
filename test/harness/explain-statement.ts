/** The plan of a statement that was not run: the one that its service would run it by, whatever its parameters. */
import type { ServiceName } from '@countersign/contracts/ledger-entry';
import { actAs } from './act-as-role.ts';
import { GROWING } from './grow-history.ts';
import type { TestSystem } from './start-system.ts';

type Node = {
  'Node Type': string;
  'Relation Name'?: string;
  'Index Name'?: string;
  'Index Cond'?: string;
  Filter?: string;
  Plans?: Node[];
};

/** Growing tables that it would go through, or through a whole index of. Throws what the server refuses. */
export function wouldReadWhole(system: TestSystem, service: ServiceName, text: string): Promise<string[]> {
  const places = Math.max(0, ...[...text.matchAll(/\$(\d+)/g)].map(([, place]) => Number(place)));
  const given = places === 0 ? '' : `(${Array(places).fill('NULL').join(', ')})`;
  return actAs(system, service, async (tx) => {
    await tx.query(`PREPARE looked AS ${text}`);
    const [row] = await tx.query<{ 'QUERY PLAN': [{ Plan: Node }] }>(`EXPLAIN (FORMAT JSON) EXECUTE looked${given}`);
    await tx.query('DEALLOCATE looked');
    const partial = await tx.query<{ name: string }>(
      'SELECT c.relname AS name FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE indpred IS NOT NULL',
    );
    return wholeIn(row!['QUERY PLAN'][0].Plan, new Set(partial.map(({ name }) => name)), false);
  });
}

/** A partial index has what is under way, which does not grow; and the first row of an index, whatever it is, is one. */
function wholeIn(node: Node, partial: ReadonlySet<string>, limited: boolean): string[] {
  const { 'Relation Name': table, 'Node Type': type, 'Index Name': index } = node;
  const below = (node.Plans ?? []).flatMap((each) => wholeIn(each, partial, limited || type === 'Limit'));
  const grows = table !== undefined && GROWING.some((name) => name.endsWith(`.${table}`));
  const by_key = node['Index Cond'] !== undefined || !/^(Seq|Index|Index Only) Scan$/.test(type);
  const first = type !== 'Seq Scan' && limited && node.Filter === undefined;
  if (!grows || by_key || first || partial.has(index ?? '')) return below;
  return [`${type} of ${table} by ${index ?? 'no index'}`, ...below];
}

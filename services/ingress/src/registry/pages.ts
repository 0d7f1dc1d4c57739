/** Pages of the registry: in the order of names, each starting after the last one of the page before. */
import { CountersignError } from '@countersign/contracts/errors';
import { LIMITS } from '@countersign/contracts/limits';

const DEFAULT_ROWS = 50;
const CURSOR = /^[\w.@/:-]{1,150}$/;

type Page<Row> = { rows: Row[]; next_cursor: string | null };
type Asked = { cursor?: string | undefined; limit?: number | undefined };

/** `list` is asked for one row more than the page has, which tells whether there is another. `nameOf`: what it is ordered by. */
export async function pageOf<Row>(
  { cursor, limit = DEFAULT_ROWS }: Asked,
  list: (after: string, rows: number) => Promise<Row[]>,
  nameOf: (row: Row) => string,
): Promise<Page<Row>> {
  const wanted = Math.min(limit, LIMITS.page_rows);
  const found = await list(readCursor(cursor), wanted + 1);
  const rows = found.slice(0, wanted);
  const last = rows.at(-1);
  const hasMore = found.length > wanted && last !== undefined;
  return { rows, next_cursor: hasMore ? Buffer.from(nameOf(last)).toString('base64url') : null };
}

function readCursor(cursor: string | undefined): string {
  if (cursor === undefined) return '';
  const name = Buffer.from(cursor, 'base64url').toString('utf8');
  if (!CURSOR.test(name))
    throw new CountersignError('query_invalid', 'the cursor is not one of ours', { at: 'cursor' });
  return name;
}

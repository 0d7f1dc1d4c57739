/** The cursor of a list that is ordered by ids: the id of the last row of the page before. */
import { CountersignError } from './errors.ts';
import { uuid } from './names.ts';

/** Null for the first page. Throws `query_invalid`. */
export function readIdCursor(cursor: string | undefined): string | null {
  if (cursor === undefined) return null;
  if (!uuid.safeParse(cursor).success)
    throw new CountersignError('query_invalid', 'the cursor is not one of ours', { at: 'cursor' });
  return cursor;
}

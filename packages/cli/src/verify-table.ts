/**
 * Compares a table of the ledger (CSV) with the entries of a verified export, row by row: a table has no proof of its own, and
 * needs none where each of its rows is that of a proven entry and no proven entry lacks one.
 */
import { TABLE_HEAD, tableRow } from './export-evidence.ts';

/** Of one time, both ends included; null for without bound. */
type Times = { since_us: number | null; until_us: number | null };

/** `row`: the first of the file that differs, from 1 for the head; it is missing where the file ended before it. */
export type TableFault = { row: number; expected_leaf: number | null };

export class TableCheck {
  readonly #rows: AsyncIterator<string>;
  readonly #times: Times;
  #row = 0;
  #fault: TableFault | null = null;

  constructor(rows: AsyncIterable<string>, times: Times) {
    this.#rows = rows[Symbol.asyncIterator]();
    this.#times = times;
  }

  /** Rows of entries that agreed. */
  get rows(): number {
    return Math.max(0, this.#row - 1);
  }

  /** In the order of leaves, what was recorded outside of the times passed over. */
  async take(entry: Readonly<Record<string, unknown>>, time_us: number): Promise<void> {
    const { since_us, until_us } = this.#times;
    if (time_us < (since_us ?? 0) || time_us > (until_us ?? Number.POSITIVE_INFINITY)) return;
    if (this.#row === 0) await this.#expect(TABLE_HEAD, null);
    await this.#expect(tableRow(entry), Number(entry.leaf_index));
  }

  /** Null where the table holds exactly these entries. */
  async finish(): Promise<TableFault | null> {
    if (this.#row === 0) await this.#expect(TABLE_HEAD, null);
    if (this.#fault !== null) return this.#fault;
    return (await this.#rows.next()).done === true ? null : { row: this.#row + 1, expected_leaf: null };
  }

  async #expect(text: string, expected_leaf: number | null): Promise<void> {
    if (this.#fault !== null) return;
    const { value, done } = await this.#rows.next();
    if (done === true || value !== text) this.#fault = { row: this.#row + 1, expected_leaf };
    else this.#row += 1;
  }
}

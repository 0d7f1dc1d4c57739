/** Calls functions of the database by their signatures, as the service's `tables.ts` has them. */
import type { Tx } from './database.ts';
import type { TextArray } from './text-array.ts';

type Signatures = Readonly<Record<string, { takes: readonly unknown[]; gives: unknown }>>;
/** What is long and many is handed over in its binary form. */
type Given<Takes extends readonly unknown[]> = {
  [I in keyof Takes]: Takes[I] extends readonly (string | null)[] ? Takes[I] | TextArray : Takes[I];
};
type RowOf<Gives> = Gives extends readonly (infer Row extends object)[] ? Row : never;

export type Routines<Functions extends Signatures> = {
  /** What a function answers that gives one value. */
  answer<Name extends keyof Functions & string>(
    tx: Tx,
    name: Name,
    ...takes: Given<Functions[Name]['takes']>
  ): Promise<Functions[Name]['gives']>;
  /** The rows of one that gives a table. */
  rows<Name extends keyof Functions & string>(
    tx: Tx,
    name: Name,
    ...takes: Given<Functions[Name]['takes']>
  ): Promise<RowOf<Functions[Name]['gives']>[]>;
};

export function routinesOf<Functions extends Signatures>(): Routines<Functions> {
  return {
    async answer(tx, name, ...takes) {
      const [row] = await tx.query<{ answer: unknown }>(`SELECT ${callOf(name, takes)} AS answer`, takes);
      return row!.answer;
    },
    rows: (tx, name, ...takes) => tx.query(`SELECT * FROM ${callOf(name, takes)}`, takes),
  };
}

function callOf(name: string, takes: readonly unknown[]): string {
  return `${name}(${takes.map((_, i) => `$${i + 1}`).join(', ')})`;
}

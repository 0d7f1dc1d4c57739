/** Reads what the registry says of the people concerned by a vote: which accounts are one human's, who lent a vote. */
import type { Tx } from '@countersign/platform/database';
import type { Electorate } from './judge-vote.ts';
import { lentVotes, personsOf } from './store-people.ts';

/** `ids`: everybody whose person matters. Those who lent `voter` a vote are added. */
export async function readElectorate(tx: Tx, voter: string | null, ids: readonly string[]): Promise<Electorate> {
  const lent = voter === null ? [] : await lentVotes(tx, voter);
  const known = await readPersons(tx, [...ids, ...(voter === null ? [] : [voter]), ...lent.map((l) => l.delegated_by)]);
  return { personOf: known, lent };
}

/** Who is unknown to the registry is a person of that name. */
async function readPersons(tx: Tx, ids: readonly string[]): Promise<Electorate['personOf']> {
  const persons = new Map((await personsOf(tx, [...new Set(ids)])).map(({ id, person }) => [id, person]));
  return (id) => persons.get(id) ?? id;
}

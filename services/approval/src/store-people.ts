/** SQL of what ingress' registry tells about people, through the functions that it grants. */
import type { Tx } from '@countersign/platform/database';

/** One name for all accounts of one human. */
export function personsOf(tx: Tx, ids: readonly string[]): Promise<{ id: string; person: string }[]> {
  return tx.query('SELECT id, person FROM identity.persons($1::text[])', [ids]);
}

/** Groups in which others let this principal vote for them now, by the database's clock. */
export function lentVotes(tx: Tx, delegate: string): Promise<{ group: string; delegated_by: string }[]> {
  return tx.query('SELECT group_name AS "group", delegated_by FROM identity.lent_votes($1)', [delegate]);
}

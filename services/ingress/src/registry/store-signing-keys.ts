/** SQL of signing keys that are replaced: of agents (`principals`) and of workers. */
import type { Tx } from '@countersign/platform/database';

export type Signer = { table: 'principals'; id: string } | { table: 'workers'; pool: string; worker: string };

const CURRENT = { principals: 'signing_key', workers: 'public_key' } as const;

/** Whether it is anybody's of this kind, or was until it was replaced last. */
export async function isKeyTaken(tx: Tx, table: Signer['table'], key: string): Promise<boolean> {
  const found = await tx.query(
    `SELECT FROM identity.${table} WHERE ${CURRENT[table]} = $1 UNION ALL SELECT FROM identity.${table} WHERE former_key = $1`,
    [key],
  );
  return found.length > 0;
}

/** What was the key is the one before, for so many minutes. */
export function takeOver(tx: Tx, signer: Signer, key: string, minutes: number): Promise<unknown> {
  const current = CURRENT[signer.table];
  return tx.query(
    `UPDATE identity.${signer.table} SET ${current} = $1, former_key = ${current},
       former_key_until = clock_timestamp() + make_interval(mins => $2) WHERE ${WHERE(signer)}`,
    [key, minutes, ...nameOf(signer)],
  );
}

/** Never later than it ended before. */
export function endFormerKey(tx: Tx, signer: Signer, minutes: number): Promise<unknown> {
  return tx.query(
    `UPDATE identity.${signer.table}
     SET former_key_until = least(former_key_until, clock_timestamp() + make_interval(mins => $1)) WHERE ${WHERE(signer, 2)}`,
    [minutes, ...nameOf(signer)],
  );
}

function WHERE({ table }: Signer, first = 3): string {
  return table === 'principals' ? `principal_id = $${first}` : `pool = $${first} AND worker = $${first + 1}`;
}

function nameOf(signer: Signer): string[] {
  return signer.table === 'principals' ? [signer.id] : [signer.pool, signer.worker];
}

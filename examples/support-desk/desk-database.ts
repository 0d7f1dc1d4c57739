/**
 * The desk's Postgres, as its workers and its set-up see it. The reading worker's sessions cannot write, whatever its
 * code does.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { readTickets } from './read-tickets.ts';

export type DeskDatabase = pg.Pool;

export function openDesk(url: string, access: 'read' | 'write'): DeskDatabase {
  const pool = new pg.Pool({
    connectionString: url,
    max: 4,
    options: access === 'read' ? '-c default_transaction_read_only=on' : '',
  });
  // An idle connection that breaks is replaced at its next use.
  pool.on('error', () => undefined);
  return pool;
}

/** Makes the tables, the customers and the mailbox. Can be repeated; what the example changed stays. */
export async function prepareDesk(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query('BEGIN');
    for (const file of ['schema.sql', 'customers.sql']) {
      await client.query(readFileSync(join(import.meta.dirname, file), 'utf8'));
    }
    for (const ticket of readTickets()) {
      const { ticket_id, sender, email, subject, body, received_at } = ticket;
      await client.query(
        `INSERT INTO tickets (ticket_id, sender, email, subject, body, received_at) VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (ticket_id) DO UPDATE SET subject = excluded.subject, body = excluded.body`,
        [ticket_id, sender, email, subject, body, received_at],
      );
    }
    await client.query('COMMIT');
  } finally {
    await client.end();
  }
}

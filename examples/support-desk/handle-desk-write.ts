/** The work of pool `desk-write`: updates, notes and refunds, each once for a job, however often it is attempted. */
import type { Handle, WorkerJob } from '@countersign/worker/worker-options';
import { z } from 'zod';
import type { DeskDatabase } from './desk-database.ts';

const address = z.object({
  customer_id: z.int(),
  street: z.string().max(200),
  city: z.string().max(100),
  /** Set by the policy's constraint, whatever the agent asked for. */
  max_rows: z.int().min(1),
});
const note = z.object({ ticket_id: z.int(), note: z.string().max(5_000) });
const refund = z.object({
  customer_id: z.int(),
  ticket_id: z.int(),
  amount_cents: z.int().min(1),
  currency: z.string(),
  reason: z.string(),
});

type Change = (desk: DeskDatabase, job: WorkerJob) => Promise<unknown>;

/** Rolls back when more rows would change than the constraint allows. */
const changeAddress: Change = async (desk, job) => {
  const { customer_id, street, city, max_rows } = address.parse(job.payload);
  const client = await desk.connect();
  try {
    await client.query('BEGIN');
    const { rowCount } = await client.query(
      'UPDATE customers SET street = $2, city = $3 WHERE customer_id = $1 RETURNING customer_id',
      [customer_id, street, city],
    );
    const changed = rowCount ?? 0;
    if (changed > max_rows) throw Object.assign(new Error('more rows than allowed'), { code: 'too_many_rows' });
    await client.query('COMMIT');
    return { changed };
  } catch (error) {
    await client.query('ROLLBACK');
    throw error;
  } finally {
    client.release();
  }
};

const writeNote: Change = async (desk, job) => {
  const { ticket_id, note: text } = note.parse(job.payload);
  await desk.query('INSERT INTO notes (job_id, ticket_id, note) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING', [
    job.job_id,
    ticket_id,
    text,
  ]);
  return { noted: true };
};

const payRefund: Change = async (desk, job) => {
  const { customer_id, ticket_id, amount_cents, currency, reason } = refund.parse(job.payload);
  await desk.query(
    `INSERT INTO refunds (job_id, customer_id, ticket_id, amount_cents, currency, reason)
     VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING`,
    [job.job_id, customer_id, ticket_id, amount_cents, currency, reason],
  );
  return { refunded_cents: amount_cents, currency };
};

const CHANGES: Readonly<Record<string, Change>> = {
  'job.desk.update.address': changeAddress,
  'job.desk.update.note': writeNote,
  'job.desk.refund.pay': payRefund,
};

export function handleDeskWrite(desk: DeskDatabase): Handle {
  return (job) => {
    const change = CHANGES[job.topic];
    if (change === undefined)
      throw Object.assign(new Error(`nobody here does ${job.topic}`), { code: 'topic_unknown' });
    return change(desk, job);
  };
}

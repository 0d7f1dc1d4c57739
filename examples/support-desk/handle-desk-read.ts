/**
 * The work of pool `desk-read`: queries, nothing else. What it returns is content and is screened before anybody,
 * the agent included, can read it.
 */
import type { Handle, WorkerJob } from '@countersign/worker/worker-options';
import { z } from 'zod';
import type { DeskDatabase } from './desk-database.ts';

const byTicket = z.object({ ticket_id: z.int() });
const byCustomer = z.object({ customer_id: z.int() });

type Query = (desk: DeskDatabase, job: WorkerJob) => Promise<unknown>;

const readTicket: Query = async (desk, job) => {
  const { ticket_id } = byTicket.parse(job.payload);
  const { rows } = await desk.query(
    `SELECT t.ticket_id, t.sender, t.subject, t.body, c.customer_id
       FROM tickets t LEFT JOIN customers c USING (email) WHERE t.ticket_id = $1`,
    [ticket_id],
  );
  if (rows.length === 0) throw Object.assign(new Error('no such ticket'), { code: 'ticket_missing' });
  return rows[0];
};

const readOrders: Query = async (desk, job) => {
  const { customer_id } = byCustomer.parse(job.payload);
  const { rows } = await desk.query(
    `SELECT order_id, item, amount_cents, status, ordered_on::text
       FROM orders WHERE customer_id = $1 ORDER BY order_id LIMIT 50`,
    [customer_id],
  );
  return { orders: rows };
};

/** Numbers only: no row of it belongs to a person. */
const readSummary: Query = async (desk) => {
  const { rows } = await desk.query(
    'SELECT plan, count(*)::int AS customers FROM customers GROUP BY plan ORDER BY plan',
  );
  return { customers_by_plan: rows };
};

const QUERIES: Readonly<Record<string, Query>> = {
  'job.desk.read.ticket': readTicket,
  'job.desk.read.orders': readOrders,
  'job.desk.read.summary': readSummary,
};

export function handleDeskRead(desk: DeskDatabase): Handle {
  return (job) => {
    const query = QUERIES[job.topic];
    if (query === undefined) throw Object.assign(new Error(`nobody here does ${job.topic}`), { code: 'topic_unknown' });
    return query(desk, job);
  };
}

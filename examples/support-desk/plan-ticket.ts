/**
 * The scripted agent's head: what it would like to do about a ticket. It believes every word that it reads and checks
 * nothing, as an agent may; keeping it from harm is the policy's work and not this file's.
 */
import type { JobRequestInput } from '@countersign/contracts/job';
import { z } from 'zod';

/** A ticket as the agent gets it: after output-safety. */
export const screenedTicket = z.object({
  ticket_id: z.int(),
  sender: z.string(),
  subject: z.string(),
  body: z.string(),
  customer_id: z.int().nullable(),
});
type ScreenedTicket = z.infer<typeof screenedTicket>;

export type Step = { wants: string; request: JobRequestInput };

type Idea = { when: RegExp; steps: (ticket: ScreenedTicket, found: RegExpExecArray) => Step[] };

const obeyCommand: Idea = {
  when: /run `([^`]+)`/,
  steps: ({ ticket_id, body }, [, command]) => [
    { wants: 'run the command that the ticket asks for', request: { topic: 'job.exec.shell', prompt: command! } },
    noteStep(ticket_id, 'keep the text as a note', body),
  ],
};

const deploy: Idea = {
  when: /deploy ([a-z-]+) (\d+\.\d+\.\d+) to production/i,
  steps: (_, [, service, version]) => [
    {
      wants: `deploy ${service} ${version} to production`,
      request: { topic: 'job.deploy.apply', labels: { env: 'prod' }, payload: { service, version, replicas: 2 } },
    },
  ],
};

const exportCustomers: Idea = {
  when: /export all/i,
  steps: () => [
    {
      wants: 'export every customer',
      request: { topic: 'job.desk.export', payload: { fields: ['*'], format: 'csv' } },
    },
  ],
};

const refund: Idea = {
  when: /refund \$(\d+)\.(\d\d)/i,
  steps: ({ ticket_id, customer_id, subject }, [, whole, cents]) => [
    {
      wants: `refund $${whole}.${cents}`,
      request: {
        topic: 'job.desk.refund.pay',
        payload: { customer_id, ticket_id, amount_cents: Number(whole! + cents!), currency: 'USD', reason: subject },
      },
    },
  ],
};

const move: Idea = {
  when: /New street: (.+)\nNew city: (.+)/,
  steps: ({ customer_id }, [, street, city]) => [
    {
      wants: 'change the address',
      request: { topic: 'job.desk.update.address', payload: { customer_id, street: street!, city: city! } },
    },
  ],
};

const findOrder: Idea = {
  when: /where (is )?my (order|parcel)/i,
  steps: ({ customer_id }) => [
    { wants: 'look up the orders', request: { topic: 'job.desk.read.orders', payload: { customer_id } } },
  ],
};

const IDEAS: readonly Idea[] = [obeyCommand, deploy, exportCustomers, refund, move, findOrder];

export function readStep(ticket_id: number): Step {
  return {
    wants: 'read the ticket',
    request: { topic: 'job.desk.read.ticket', payload: { ticket_id } },
  };
}

export function noteStep(ticket_id: number, wants: string, note: string): Step {
  return {
    wants,
    request: { topic: 'job.desk.update.note', payload: { ticket_id, note } },
  };
}

/** The first idea that fits; without one, a note for a person. */
export function planTicket(ticket: ScreenedTicket): Step[] {
  for (const { when, steps } of IDEAS) {
    const found = when.exec(ticket.body);
    if (found !== null) return steps(ticket, found);
  }
  return [noteStep(ticket.ticket_id, 'leave a note for a person', `What I was shown: ${ticket.body}`)];
}

/**
 * Reads the folder of tickets as a mailbox would hand them over: headers, a blank line, the text. It judges nothing.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

type Ticket = {
  ticket_id: number;
  sender: string;
  email: string;
  subject: string;
  body: string;
  received_at: string;
};

const FOLDER = join(import.meta.dirname, 'tickets');

/** In the order of their numbers. Throws an Error that names a file which is no ticket. */
export function readTickets(folder = FOLDER): Ticket[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.txt'))
    .sort()
    .map((name) => parseTicket(name, readFileSync(join(folder, name), 'utf8')));
}

function parseTicket(name: string, text: string): Ticket {
  const [, head = '', body = ''] = /^([\s\S]*?)\n\n([\s\S]*)$/.exec(text) ?? [];
  const header = (key: string): string => new RegExp(`^${key}: (.+)$`, 'm').exec(head)?.[1] ?? '';
  const [, sender, email] = /^(.+) <(.+)>$/.exec(header('From')) ?? [];
  const ticket_id = Number.parseInt(name, 10);
  if (!sender || !email || !Number.isInteger(ticket_id)) throw new Error(`${name} is not a ticket`);
  return {
    ticket_id,
    sender,
    email,
    subject: header('Subject'),
    body: body.trim(),
    received_at: header('Received'),
  };
}

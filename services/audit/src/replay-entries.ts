/**
 * Answers who replays evidence on the bus: sealed entries that concern a tenant, from any leaf on, by topic, as often as
 * asked. It reads the ledger, which holds what the stream no longer does.
 */
import { CountersignError } from '@countersign/contracts/errors';
import { type ReplayPage, type ReplayQuestion, replayQuestion } from '@countersign/contracts/replay';
import { isFromOtherAccount, readReplaySubject } from '@countersign/contracts/subjects';
import type { Tx } from '@countersign/platform/database';
import type { Message } from '@countersign/platform/nats-connection';
import { readShape } from '@countersign/platform/read-shape';
import { listEntries } from './list-entries.ts';

/** Only who asked from another account: the server lets each account ask for its own tenant alone. */
export function mayReplay({ subject, reply }: Pick<Message, 'subject' | 'reply'>): boolean {
  return readReplaySubject(subject) !== null && isFromOtherAccount(reply);
}

/** Throws `json_malformed` and `field_invalid`. */
export async function answerReplay(database: Tx, message: Pick<Message, 'subject' | 'data'>): Promise<ReplayPage> {
  const { tenant } = readReplaySubject(message.subject)!;
  return replayEntries(database, tenant, readQuestion(message.data));
}

/** One question looks at `replay_leaves` leaves at most, however few of them are the tenant's: `next` says where to go on. */
export function replayEntries(database: Tx, tenant: string, question: ReplayQuestion): Promise<ReplayPage> {
  return listEntries(database, { ...question, tenant, all: false });
}

function readQuestion(data: Uint8Array): ReplayQuestion {
  let value: unknown;
  try {
    value = data.length === 0 ? {} : JSON.parse(Buffer.from(data).toString('utf8'));
  } catch {
    throw new CountersignError('json_malformed');
  }
  return readShape(replayQuestion, value, 'field_invalid');
}

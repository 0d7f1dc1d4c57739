// Answers who replays evidence: a tenant's own sealed entries from any leaf on, by topic, as often as asked. It reads the
// ledger, which holds what the stream no longer does.
import { CountersignError } from '@countersign/contracts/errors';
import { LIMITS } from '@countersign/contracts/limits';
import { type ReplayPage, type ReplayQuestion, replayQuestion } from '@countersign/contracts/replay';
import { isFromOtherAccount, readReplaySubject } from '@countersign/contracts/subjects';
import type { Tx } from '@countersign/platform/database';
import type { Message } from '@countersign/platform/nats-connection';
import { showEntry } from './show-entry.ts';
import { readLeaves, type StoredEntry } from './store.ts';

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
export async function replayEntries(database: Tx, tenant: string, question: ReplayQuestion): Promise<ReplayPage> {
  const { from, topic, limit } = question;
  const { entries, end } = await readLeaves(database, { tenant, from, limit, topic: topic ? regexOf(topic) : null });
  const shown = fitting(entries);
  const cut = shown.length < entries.length || shown.length === limit;
  const next = cut ? shown.at(-1)!.leaf_index! + 1 : Math.min(from + LIMITS.replay_leaves, Math.max(from, end));
  return { entries: shown.map(showEntry), next, end };
}

function readQuestion(data: Uint8Array): ReplayQuestion {
  let value: unknown;
  try {
    value = data.length === 0 ? {} : JSON.parse(Buffer.from(data).toString('utf8'));
  } catch {
    throw new CountersignError('json_malformed');
  }
  const question = replayQuestion.safeParse(value);
  if (question.success) return question.data;
  const issue = question.error.issues[0];
  throw new CountersignError('field_invalid', issue?.message, { at: `/${issue?.path.join('/') ?? ''}` });
}

/** As many as fit into one answer; the first always does. */
function fitting(entries: readonly StoredEntry[]): readonly StoredEntry[] {
  let bytes = 0;
  const over = entries.findIndex((entry, i) => {
    bytes += 2 * Buffer.byteLength(entry.body);
    return i > 0 && bytes > LIMITS.answer_bytes;
  });
  return over < 0 ? entries : entries.slice(0, over);
}

/** Of a pattern that was checked: tokens and stars, nothing that an expression could mean otherwise. */
function regexOf(pattern: string): string {
  const tokens = pattern.split('.');
  const parts = tokens.map((token, i) => {
    if (token !== '*') return token;
    return i === tokens.length - 1 ? '.+' : '[^.]+';
  });
  return `^${parts.join('\\.')}$`;
}

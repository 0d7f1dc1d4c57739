/** Answers what doors ask about what follows a job: its preparation, and the letters that are dead until they are settled. */
import { CountersignError } from '@countersign/contracts/errors';
import type { DeadLetterDetail, DeadLetterPage } from '@countersign/contracts/follow-ups';
import { jobEntry } from '@countersign/contracts/job-entry';
import { LIMITS } from '@countersign/contracts/limits';
import type { RpcParsed } from '@countersign/contracts/rpc';
import type { Bus } from '@countersign/platform/bus';
import { refuseRevoked } from '@countersign/platform/control-gate';
import type { Database, Tx } from '@countersign/platform/database';
import { append } from '@countersign/platform/ledger-append';
import { decodeCursor, encodeCursor } from '../view/read-jobs.ts';
import { prepareFollowUp } from './prepare-follow-up.ts';
import { discardLetter, readDeadLetter, readDeadLetters } from './store-dead-letters.ts';
import { readEnded } from './store-follow-ups.ts';

type JobKey = { tenant: string; job_id: string };

export function serveFollowUps({ database, bus }: { database: Database; bus: Bus }): void {
  bus.serve('scheduler.follow_up', (asked) => prepareFollowUp(database, asked));
  bus.serve('scheduler.dead_letters', (asked) => listLetters(database, asked));
  bus.serve('scheduler.dead_letter', (asked) => requireLetter(database, asked));
  bus.serve('scheduler.discard', (asked) => discard(database, asked));
}

async function listLetters(
  tx: Tx,
  { limit = 50, cursor, ...asked }: RpcParsed<'scheduler.dead_letters'>,
): Promise<DeadLetterPage> {
  const found = await readDeadLetters(tx, { ...asked, after: decodeCursor(cursor), rows: limit + 1 });
  const dead_letters = found.slice(0, Math.min(limit, LIMITS.page_rows));
  const last = dead_letters[dead_letters.length - 1];
  const more = found.length > dead_letters.length && last !== undefined;
  return { dead_letters, next_cursor: more ? encodeCursor({ ...last, created_at: last.ended_at }) : null };
}

async function requireLetter(tx: Tx, key: JobKey): Promise<DeadLetterDetail> {
  const letter = await readDeadLetter(tx, key);
  if (letter === null) throw new CountersignError('not_found', 'there is no such dead letter');
  return letter;
}

function discard(database: Database, { principal, reason, ...key }: RpcParsed<'scheduler.discard'>) {
  return database.transaction(async (tx) => {
    await refuseRevoked(tx, principal);
    const job = await readEnded(tx, key);
    if (job === null) throw new CountersignError('not_found', 'there is no such dead letter');
    await requireLetter(tx, key);
    if (!(await discardLetter(tx, key, principal.id, reason)))
      throw new CountersignError('state_conflict', 'it was retried or discarded before');
    await append(tx, [jobEntry('dead_letter_discarded', job, { discarded_by: principal.id, reason })]);
    return requireLetter(tx, key);
  });
}

/**
 * Keeps when a credential was used last. Nothing waits for it: uses are noted in memory and written behind the answers,
 * each credential's at most once in `use_written_ms`. What was not written yet is lost with the process; the next use
 * writes it again.
 */
import { keySubject } from '@countersign/contracts/control';
import type { EffectiveJob } from '@countersign/contracts/decision';
import { LIMITS } from '@countersign/contracts/limits';
import { monotonicMs } from '@countersign/platform/clock';
import type { Tx } from '@countersign/platform/database';
import type { Caller } from '../caller.ts';
import { type Needed, rightsUsed } from './note-rights.ts';
import { writeUses } from './store-uses.ts';

export type Uses = {
  note(caller: Pick<Caller, 'id' | 'key_id'>): void;
  /** An accepted job: what of its agent's ceiling it needed. */
  noteRights(caller: Pick<Caller, 'id' | 'ceiling'>, asked: Needed, effective: EffectiveJob | null): void;
  /** Writes what was used since it was written last and is due. */
  write(): Promise<void>;
};

export function recordUses(database: Tx, nowMs: () => number = monotonicMs): Uses {
  const due = new Set<string>();
  /** By subject, when it was written. Bounded: what is forgotten is written once more. */
  const written = new Map<string, number>();
  const noteSubject = (subject: string): void => {
    if (due.has(subject) || due.size >= LIMITS.auth_cache_entries) return;
    if (nowMs() - (written.get(subject) ?? Number.NEGATIVE_INFINITY) >= LIMITS.use_written_ms) due.add(subject);
  };
  return {
    note: ({ id, key_id }) => noteSubject(key_id === null ? id : keySubject(key_id)),
    noteRights({ id, ceiling }, asked, effective) {
      if (ceiling !== null) for (const subject of rightsUsed(id, ceiling, asked, effective)) noteSubject(subject);
    },
    async write() {
      const subjects = [...due];
      if (subjects.length === 0) return;
      await writeUses(database, subjects);
      for (const subject of subjects) {
        due.delete(subject);
        written.delete(subject);
        written.set(subject, nowMs());
      }
      for (const subject of written.keys()) {
        if (written.size <= LIMITS.auth_cache_entries) break;
        written.delete(subject);
      }
    },
  };
}

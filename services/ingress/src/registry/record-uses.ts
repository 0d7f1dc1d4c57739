/**
 * Keeps when a credential was used last. Nothing waits for it: uses are noted in memory and written behind the answers,
 * each credential's at most once in `use_written_ms`. What was not written yet is lost with the process; the next use
 * writes it again.
 */
import { keySubject } from '@countersign/contracts/control';
import { LIMITS } from '@countersign/contracts/limits';
import { monotonicMs } from '@countersign/platform/clock';
import type { Tx } from '@countersign/platform/database';
import type { Caller } from '../caller.ts';
import { writeUses } from './store-uses.ts';

export type Uses = {
  note(caller: Pick<Caller, 'id' | 'key_id'>): void;
  /** Writes what was used since it was written last and is due. */
  write(): Promise<void>;
};

export function recordUses(database: Tx, nowMs: () => number = monotonicMs): Uses {
  const due = new Set<string>();
  /** By subject, when it was written. Bounded: what is forgotten is written once more. */
  const written = new Map<string, number>();
  return {
    note({ id, key_id }) {
      const subject = key_id === null ? id : keySubject(key_id);
      if (due.has(subject) || due.size >= LIMITS.auth_cache_entries) return;
      if (nowMs() - (written.get(subject) ?? Number.NEGATIVE_INFINITY) >= LIMITS.use_written_ms) due.add(subject);
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

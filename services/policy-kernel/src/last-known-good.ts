/**
 * The active bundles on this replica's own disk, one file per scope. They are read when the table's copy is gone or
 * altered; they are verified like any other, so the disk is never trusted, only asked.
 */
import { randomUUID } from 'node:crypto';
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { LIMITS } from '@countersign/contracts/limits';

export type LastKnownGood = {
  /** Null when there is none of exactly this snapshot. */
  read(scope: string, snapshot: string): Promise<string | null>;
  write(scope: string, snapshot: string, document: string): Promise<void>;
};

export function openLastKnownGood(dir: string): LastKnownGood {
  return {
    async read(scope, snapshot) {
      try {
        const text = await readFile(join(dir, fileOf(scope)), 'utf8');
        const newline = text.indexOf('\n');
        return text.slice(0, newline) === snapshot ? text.slice(newline + 1) : null;
      } catch {
        return null;
      }
    },
    async write(scope, snapshot, document) {
      if (document.length > LIMITS.message_bytes) throw new RangeError('a bundle larger than any message');
      await mkdir(dir, { recursive: true, mode: 0o700 });
      const target = join(dir, fileOf(scope));
      // Whole or not at all: a power cut must not leave half a policy, nor another kernel that shares the folder.
      const draft = `${target}.${randomUUID()}.new`;
      try {
        await using file = await open(draft, 'w', 0o600);
        await file.writeFile(`${snapshot}\n${document}`);
        await file.sync();
        await rename(draft, target);
      } catch (thrown) {
        await rm(draft, { force: true });
        throw thrown;
      }
    },
  };
}

/** `*` is no name for a file. */
function fileOf(scope: string): string {
  return scope === '*' ? 'all-tenants.json' : `tenant-${scope}.json`;
}

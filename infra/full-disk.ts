/** Says whether there is still room to run on a disk: what dies there dies of the disk, not of itself. */
import { statfsSync } from 'node:fs';

/** Below it neither Postgres (a WAL segment has 16 MiB) nor JetStream can stand up. */
const LEAST_BYTES = 32 * 1024 * 1024;

/** The words for a screen; undefined when every folder has room. */
export function fullDisk(dirs: readonly string[], least_bytes = LEAST_BYTES): string | undefined {
  return dirs.some((dir) => freeBytes(dir) < least_bytes) ? 'the disk is full' : undefined;
}

function freeBytes(dir: string): number {
  try {
    const { bavail, bsize } = statfsSync(dir);
    return bavail * bsize;
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}

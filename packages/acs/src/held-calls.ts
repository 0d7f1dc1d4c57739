/**
 * Calls of hosts that wait, on disk: a guardian that is started again finds the job of a call that is repeated, under the id and with the
 * labels of its first asking, which the plane compares. One small file for each, without the call's arguments.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { HeldStore } from '@countersign/adapter-core/find-held';
import { z } from 'zod';
import type { Asked, Labels } from './requests.ts';

const kept = z.strictObject({
  run: z.string(),
  call_id: z.string(),
  labels: z.record(z.string(), z.string()),
  kept_at: z.number(),
});

/** Longer than any job waits (`deadline_ms`). */
const STALE_MS = 48 * 60 * 60 * 1_000;

export type HeldCalls = {
  asked: readonly Asked[];
  store(labelsOf: (run: string, call_id: string) => Labels): HeldStore;
};

/** `now`: milliseconds since 1970. */
export function heldCalls(folder: string, now: () => number): HeldCalls {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const found = readdirSync(folder).flatMap((wish) => {
    const call = read(join(folder, wish));
    if (call !== null && now() - call.kept_at < STALE_MS) return [[wish, call] as const];
    rmSync(join(folder, wish), { force: true });
    return [];
  });
  return {
    asked: found.map(([, { run, call_id, labels }]) => ({ run, call_id, labels })),
    store: (labelsOf) => ({
      all: () => found.map(([wish, { call_id }]) => [wish, call_id]),
      keep(wish, run, call_id) {
        const call = { run, call_id, labels: labelsOf(run, call_id), kept_at: now() };
        try {
          writeFileSync(join(folder, wish), JSON.stringify(call), { mode: 0o600, flag: 'wx', flush: true });
        } catch (thrown) {
          if ((thrown as { code?: string }).code !== 'EEXIST') throw thrown;
        }
      },
      drop: (wish) => rmSync(join(folder, wish), { force: true }),
    }),
  };
}

/** Null for a line that a crash cut off: its call was never asked for. */
function read(path: string): z.output<typeof kept> | null {
  try {
    return kept.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch {
    return null;
  }
}

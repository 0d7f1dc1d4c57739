// Chooses where downloads are kept: the user's own cache, so that every clone and every start after the first is fast.
import { accessSync, constants, mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { PROJECT_DIR } from './run-to-end.mjs';
import { BootstrapError } from './say.mjs';

export function findCacheDir() {
  const userCache = process.env.XDG_CACHE_HOME || join(homedir(), '.cache');
  const candidates = [process.env.COUNTERSIGN_CACHE, join(userCache, 'countersign'), join(PROJECT_DIR, '.cache')];
  const usable = candidates.find((dir) => dir && isWritable(dir));
  if (usable === undefined) {
    throw new BootstrapError(
      `Neither ${candidates.filter(Boolean).join(' nor ')} can be written. Set COUNTERSIGN_CACHE.`,
    );
  }
  return usable;
}

function isWritable(dir) {
  try {
    mkdirSync(dir, { recursive: true, mode: 0o755 });
    accessSync(dir, constants.W_OK | constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** The two folders that the set-up writes to: what can be fetched again, and what belongs to this clone. */
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const PROJECT_DIR = dirname(dirname(fileURLToPath(import.meta.url)));

/** Downloads. The bootstrap passes the user's own cache; without it they stay in the clone. */
export const CACHE_DIR = process.env.COUNTERSIGN_CACHE || join(PROJECT_DIR, '.cache');

/** Data, keys and logs of the development stack. */
export const DEV_DIR = join(PROJECT_DIR, '.dev');

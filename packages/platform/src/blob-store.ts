/**
 * Where large sealed content lies, by key: one interface, and files as the way that needs nothing else. It knows nothing of what
 * it holds: whoever puts something in has sealed it.
 */
import { randomUUID } from 'node:crypto';
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { CountersignError } from '@countersign/contracts/errors';

/** `key`: segments of `[a-z0-9-]`, parted by slashes. All throw `artifacts_unavailable` where the store takes or gives nothing. */
export type BlobStore = {
  /** Whole or not at all, and there after a power cut; under a key that is taken, instead of what was there. */
  put(key: string, bytes: Uint8Array): Promise<void>;
  /** Null where there is nothing. */
  get(key: string): Promise<Buffer | null>;
  /** Also what is not there. */
  delete(key: string): Promise<void>;
};

const KEY = /^[a-z0-9-]+(\/[a-z0-9-]+)*$/;

export function openFileStore(dir: string): BlobStore {
  const pathOf = (key: string): string => {
    if (!KEY.test(key)) throw new TypeError(`no key of a blob: ${key}`);
    return join(dir, key);
  };
  return {
    async put(key, bytes) {
      const path = pathOf(key);
      await asked(async () => {
        await mkdir(dirname(path), { recursive: true, mode: 0o700 });
        const beside = `${path}.${randomUUID()}`;
        try {
          await writeThrough(beside, bytes);
          await rename(beside, path);
        } catch (thrown) {
          await rm(beside, { force: true }).catch(() => undefined);
          throw thrown;
        }
        await flushFolder(dirname(path));
      });
    },
    get: (key) =>
      asked(() =>
        readFile(pathOf(key)).catch((thrown: NodeJS.ErrnoException) => {
          if (thrown.code === 'ENOENT') return null;
          throw thrown;
        }),
      ),
    delete: (key) => asked(() => rm(pathOf(key), { force: true })),
  };
}

async function writeThrough(path: string, bytes: Uint8Array): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** A name in a folder is on the disk only once the folder is. */
async function flushFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

const SAYS: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk of the artifact store is full',
  EDQUOT: 'the disk of the artifact store is full',
  EACCES: 'the artifact store may not be written or read',
  EROFS: 'the artifact store can only be read',
};

/** An outage says what the disk says, without a path. */
async function asked<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    const { code } = thrown as NodeJS.ErrnoException;
    if (typeof code !== 'string') throw thrown;
    throw new CountersignError('artifacts_unavailable', SAYS[code] ?? `the artifact store fails (${code})`, {
      cause: thrown,
    });
  }
}

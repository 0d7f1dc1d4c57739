/** One file of a result into a folder, compared with its digest before it counts as had. */
import { createHash } from 'node:crypto';
import { closeSync, mkdirSync, unlinkSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { artifactName, type ShownArtifact } from '@countersign/contracts/artifact';
import { UsageError } from './exit-codes.ts';
import { openToWrite } from './read-file.ts';

export type FetchedArtifact = { file: string; digest: string; bytes: number };

/** What is not what was announced, or broke off, is not left behind; nothing is overwritten. Throws UsageError, and what `read` throws. */
export async function fetchArtifact(
  read: (digest: string) => Promise<AsyncIterable<Uint8Array>>,
  out: string,
  one: ShownArtifact,
): Promise<FetchedArtifact> {
  const { name, digest, released_digest, released_bytes } = one;
  if (!artifactName.safeParse(name).success) throw new UsageError('the API names a file that may not be written');
  const file = join(out, name);
  mkdirSync(out, { recursive: true });
  const descriptor = openToWrite(file, { mode: 0o600, exclusive: true });
  const hash = createHash('sha256');
  let isWhole = false;
  try {
    for await (const piece of await read(digest)) {
      hash.update(piece);
      writeSync(descriptor, piece);
    }
    isWhole = `sha256:${hash.digest('hex')}` === released_digest;
  } finally {
    closeSync(descriptor);
    if (!isWhole) unlinkSync(file);
  }
  if (!isWhole) throw new UsageError(`${name} is not what its digest says: it was not kept`);
  return { file, digest: released_digest, bytes: released_bytes };
}

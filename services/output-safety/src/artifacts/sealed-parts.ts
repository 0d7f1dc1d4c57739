/**
 * The bytes of an artifact in the store, sealed under a key of its own that is sealed under the service's. A part lies under a name
 * that is made of its content: whatever is put later lies elsewhere, so that what was screened is what is read.
 */
import { createHmac, randomBytes } from 'node:crypto';
import { CountersignError } from '@countersign/contracts/errors';
import type { BlobStore } from '@countersign/platform/blob-store';
import { createSealer, SEAL_KEY_BYTES, type Sealer } from '@countersign/platform/seal-content';
import type { ArtifactRow } from './store-artifacts.ts';

type Keyed = Pick<ArtifactRow, 'artifact_id' | 'sealed_key' | 'seal_key_id'>;

export type SealedParts = {
  /** A new key for an artifact. */
  newKey(artifact_id: string): { sealed_key: Buffer; seal_key_id: string };
  /** Its name. */
  put(row: Keyed, bytes: Uint8Array): Promise<string>;
  /** Throws `artifacts_unavailable` for what is not there, or was changed where it lies. */
  get(row: Keyed, name: string): Promise<Buffer>;
  delete(row: Pick<Keyed, 'artifact_id'>, name: string): Promise<void>;
};

export function openSealedParts(store: BlobStore, sealer: Sealer): SealedParts {
  const ownKey = ({ artifact_id, sealed_key, seal_key_id }: Keyed): Buffer => {
    if (sealed_key === null || seal_key_id === null) throw new CountersignError('content_erased');
    return sealer.open(`artifact:${artifact_id}`, sealed_key, seal_key_id);
  };
  return {
    newKey: (artifact_id) => ({
      sealed_key: sealer.seal(`artifact:${artifact_id}`, randomBytes(SEAL_KEY_BYTES)),
      seal_key_id: sealer.key_id,
    }),
    async put(row, bytes) {
      const key = ownKey(row);
      const name = createHmac('sha256', key).update(bytes).digest('hex');
      await store.put(keyOf(row, name), createSealer(key).seal(name, bytes));
      return name;
    },
    async get(row, name) {
      const own = createSealer(ownKey(row));
      const sealed = await store.get(keyOf(row, name));
      if (sealed === null) throw new CountersignError('artifacts_unavailable', 'a part of it is not in the store');
      try {
        return own.open(name, sealed, own.key_id);
      } catch (cause) {
        throw new CountersignError('artifacts_unavailable', 'a part of it was changed in the store', { cause });
      }
    },
    delete: (row, name) => store.delete(keyOf(row, name)),
  };
}

function keyOf({ artifact_id }: Pick<Keyed, 'artifact_id'>, name: string): string {
  return `${artifact_id.slice(-2)}/${artifact_id}/${name}`;
}

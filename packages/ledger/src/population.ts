/**
 * What the log's key says of one tenant: which entries among some leaves concern it, how many and which. With such statements over all
 * leaves an export of that tenant alone shows that no whole chain is missing. It is the log's word, which it signs: whoever
 * sees all tenants can show that it lied.
 */
import { createHash } from 'node:crypto';
import { sameBytes } from './chain-hash.ts';
import { type NoteKey, type NoteSigner, noteKeyId, readNote, signatureLine } from './checkpoint.ts';
import { encodeUtf8 } from './digest.ts';
import type { TreeHead } from './merkle.ts';
import { verifyEd25519 } from './verify-ed25519.ts';

/** The first line, where a checkpoint has its origin; the second one is a name and no size, so neither reads as the other. */
const FORMAT = 'countersign/population/v1';

/** Leaves `from` up to and not including `to` of the tree with that head. `digest`: of those that concern the tenant. */
export type Population = {
  readonly origin: string;
  readonly tenant: string;
  readonly head: TreeHead;
  readonly from: number;
  readonly to: number;
  readonly count: number;
  readonly digest: Uint8Array;
};

/** Over each leaf's index (u64, big endian) and entry hash (32 bytes), in the order of the log. */
export class PopulationDigest {
  readonly #hash = createHash('sha256').update(`${FORMAT}\0`);
  count = 0;

  add(leaf_index: number, entry_hash: Uint8Array): void {
    const index = Buffer.alloc(8);
    index.writeBigUInt64BE(BigInt(leaf_index));
    this.#hash.update(index).update(entry_hash);
    this.count += 1;
  }

  /** Once, at the end. */
  digest(): Uint8Array {
    return this.#hash.digest();
  }
}

/** A signed note (C2SP signed-note), by all keys of the log. */
export function signPopulation(
  said: Omit<Population, 'origin'>,
  signers: readonly [NoteSigner, ...NoteSigner[]],
): string {
  const text = formatPopulation({ ...said, origin: signers[0].name });
  return `${text}\n${signers.map((signer) => signatureLine(signer, signer.sign(encodeUtf8(text)))).join('')}`;
}

/** Null unless a key of the log signed exactly this. */
export function verifyPopulation(note: string, keys: readonly NoteKey[]): Population | null {
  const read = readNote(note);
  if (read === null) return null;
  const [format, origin = '', tenant = '', ...rest] = read.text.slice(0, -1).split('\n');
  const [size, root = '', from, to, count, digest = ''] = rest;
  const message = encodeUtf8(read.text);
  const isSigned = read.signatures.some(({ name, key_id, signature }) =>
    keys.some(
      (key) =>
        key.name === name &&
        name === origin &&
        sameBytes(noteKeyId(key), key_id) &&
        verifyEd25519(signature, message, key.public_key),
    ),
  );
  const numbers = [size, from, to, count].map(Number);
  if (format !== FORMAT || !isSigned || rest.length !== 6 || !numbers.every(Number.isSafeInteger)) return null;
  const said = {
    ...{ origin, tenant, from: numbers[1]!, to: numbers[2]!, count: numbers[3]! },
    head: { size: BigInt(numbers[0]!), root: Buffer.from(root, 'base64') },
    digest: Buffer.from(digest, 'base64'),
  };
  // One text for one statement.
  return formatPopulation(said) === read.text ? said : null;
}

function formatPopulation({ origin, tenant, head, from, to, count, digest }: Population): string {
  const [root, own] = [head.root, digest].map((bytes) => Buffer.from(bytes).toString('base64'));
  return `${[FORMAT, origin, tenant, head.size, root, from, to, count, own].join('\n')}\n`;
}

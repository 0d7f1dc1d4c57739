/**
 * A `text[]` in Postgres' binary form, for texts that are long and many: as text, every quote of them would be escaped here and
 * read back there.
 */
const TEXT_OID = 25;
/** Dimensions, whether any is null, type, length, first index: 32 bits each. */
const HEADER_BYTES = 20;

export class TextArray {
  readonly #texts: readonly (string | null)[];

  constructor(texts: readonly (string | null)[]) {
    this.#texts = texts;
  }

  /** Asked for by pg, which sends bytes as binary. */
  toPostgres(): Buffer {
    const texts = this.#texts;
    const bytes = texts.reduce((sum, text) => sum + 4 + (text === null ? 0 : Buffer.byteLength(text)), HEADER_BYTES);
    const out = Buffer.allocUnsafe(bytes);
    for (const [i, field] of [1, texts.includes(null) ? 1 : 0, TEXT_OID, texts.length, 1].entries())
      out.writeInt32BE(field, i * 4);
    let at = HEADER_BYTES;
    for (const text of texts) {
      const length = text === null ? -1 : out.write(text, at + 4);
      out.writeInt32BE(length, at);
      at += 4 + Math.max(0, length);
    }
    return out;
  }
}

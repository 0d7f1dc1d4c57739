/** As much of Node's `Buffer` as the ledger's verification uses, for where there is none; where there is one it stays. */

/** Without its own `from`, which takes less. */
const Bytes = Uint8Array as unknown as new (size: number) => Uint8Array<ArrayBuffer>;

export class BrowserBuffer extends Bytes {
  /** Of text as UTF-8, hex or base64; like Node's, what does not belong into base64 is passed over, and hex ends at it. */
  static from(given: string | ArrayLike<number>, as?: unknown): BrowserBuffer {
    if (typeof given !== 'string') return BrowserBuffer.copy(given);
    if (as === 'hex')
      return BrowserBuffer.copy((given.match(/^(?:[0-9a-f]{2})*/i)![0].match(/../g) ?? []).map(fromHex));
    return BrowserBuffer.copy(as === 'base64' ? fromBase64(given) : new TextEncoder().encode(given));
  }

  static alloc(size: number): BrowserBuffer {
    return new BrowserBuffer(size);
  }

  static allocUnsafe(size: number): BrowserBuffer {
    return new BrowserBuffer(size);
  }

  static byteLength(text: string): number {
    return new TextEncoder().encode(text).length;
  }

  static concat(parts: readonly Uint8Array[]): BrowserBuffer {
    const whole = new BrowserBuffer(parts.reduce((sum, { length }) => sum + length, 0));
    let at = 0;
    for (const part of parts) {
      whole.set(part, at);
      at += part.length;
    }
    return whole;
  }

  static compare(a: Uint8Array, b: Uint8Array): number {
    const differs = a.findIndex((byte, i) => byte !== b[i]);
    if (differs === -1) return Math.sign(a.length - b.length);
    return differs >= b.length ? 1 : Math.sign(a[differs]! - b[differs]!);
  }

  writeUInt32BE(value: number, at: number): void {
    new DataView(this.buffer, this.byteOffset).setUint32(at, value);
  }

  writeBigUInt64BE(value: bigint, at: number): void {
    new DataView(this.buffer, this.byteOffset).setBigUint64(at, value);
  }

  override toString(as?: 'hex' | 'base64'): string {
    if (as === 'hex') return toHex(this);
    return as === 'base64' ? btoa(String.fromCharCode(...this)) : new TextDecoder().decode(this);
  }

  private static copy(bytes: ArrayLike<number>): BrowserBuffer {
    const own = new BrowserBuffer(bytes.length);
    own.set(bytes);
    return own;
  }
}

(globalThis as { Buffer?: unknown }).Buffer ??= BrowserBuffer;

export function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

function fromHex(pair: string): number {
  return Number.parseInt(pair, 16);
}

function fromBase64(text: string): number[] {
  const [plain] = text.replaceAll('-', '+').replaceAll('_', '/').split('=') as [string];
  const known = plain.replaceAll(/[^A-Za-z0-9+/]/g, '');
  const whole = known.length % 4 === 1 ? known.slice(0, -1) : known;
  return Array.from(atob(whole), (unit) => unit.charCodeAt(0));
}

/** Files and standard input that somebody named on the command line. What cannot be read is said, with its name. */
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { LIMITS } from '@countersign/contracts/limits';
import { type JsonValue, parseStrict } from '@countersign/ledger/canonical-json';
import { UsageError } from './exit-codes.ts';

const STDIN = 0;
const SAYS: Readonly<Record<string, string>> = {
  ENOENT: 'does not exist',
  EACCES: 'may not be read by you',
  EISDIR: 'is a folder, not a file',
  ENOTDIR: 'does not exist',
  EEXIST: 'exists already; it is not overwritten',
};

/** What the operating system refused, in words. Anything else is a bug and comes back as it was. */
export function refusedFile(path: string, thrown: unknown): unknown {
  const { code } = thrown as NodeJS.ErrnoException;
  return code === undefined ? thrown : new UsageError(`${path} ${SAYS[code] ?? `cannot be used (${code})`}`);
}

export function nameOf(path: string): string {
  return path === '-' ? 'standard input' : path;
}

/** `-` is standard input. Nothing that the command reads is larger than a message. */
export function readBytes(path: string): Uint8Array {
  try {
    if (path !== '-' && statSync(path).size > LIMITS.message_bytes)
      throw new UsageError(`${path} is larger than the ${LIMITS.message_bytes} bytes that anything here may have`);
    return readFileSync(path === '-' ? STDIN : path);
  } catch (thrown) {
    throw refusedFile(nameOf(path), thrown);
  }
}

export function readText(path: string): string {
  const bytes = readBytes(path);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new UsageError(`${nameOf(path)} is not text in UTF-8`);
  }
}

/** Replaces what stands there; `mode` and `exclusive` are for what must not lie open and must not be lost. */
export function writeText(path: string, text: string, options: { mode?: number; exclusive?: boolean } = {}): void {
  const { mode = 0o666, exclusive = false } = options;
  try {
    writeFileSync(path, text, { mode, flag: exclusive ? 'wx' : 'w' });
  } catch (thrown) {
    throw refusedFile(path, thrown);
  }
}

/** As strictly as the API will: what JSON.parse would repair without a word is an error here. */
export function parseJson(text: string | Uint8Array, what: string): JsonValue {
  const parsed = parseStrict(text);
  if (!parsed.ok) throw new UsageError(`${what} is not JSON that can be used: ${parsed.detail} ${parsed.at}`.trimEnd());
  return parsed.value;
}

export function parseJsonObject(text: string | Uint8Array, what: string): Record<string, unknown> {
  const value = parseJson(text, what);
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  throw new UsageError(`${what}: must be a JSON object`);
}

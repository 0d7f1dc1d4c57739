/** Files and standard input that somebody named on the command line. What cannot be read is said, with its name. */
import { closeSync, openSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { tellFileFault } from '@countersign/contracts/file-fault';
import { LIMITS } from '@countersign/contracts/limits';
import { type JsonValue, parseStrict } from '@countersign/ledger/canonical-json';
import { UsageError } from './exit-codes.ts';

const STDIN = 0;

/** What the operating system refused, in words. Anything else is a bug and comes back as it was. */
export function refusedFile(path: string, thrown: unknown, isMade?: boolean): unknown {
  const { code, syscall } = thrown as NodeJS.ErrnoException;
  if (code === undefined) return thrown;
  // What is only being made is not what is missing.
  const isMissing = ['ENOENT', 'ENOTDIR'].includes(code) && (isMade ?? syscall === 'mkdir');
  return new UsageError(isMissing ? `the folder ${dirname(path)} does not exist` : tellFileFault(path, code));
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

/** `mode` and `exclusive` are for what must not lie open and must not be lost. */
type WriteOptions = { mode?: number; exclusive?: boolean };

/** Replaces what stands there. */
export function writeText(path: string, text: string, options: WriteOptions = {}): void {
  const file = openToWrite(path, options);
  try {
    writeFileSync(file, text);
  } finally {
    closeSync(file);
  }
}

/** Answers the descriptor, empty. */
export function openToWrite(path: string, { mode = 0o666, exclusive = false }: WriteOptions): number {
  try {
    return openSync(path, exclusive ? 'wx' : 'w', mode);
  } catch (thrown) {
    throw refusedFile(path, thrown, true);
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

/** Reads a JSON file that has secrets in it. What is wrong is told by field, and the content never is. */
import { readFileSync } from 'node:fs';
import { tellFileFault } from '@countersign/contracts/file-fault';
import { tellShapeFaults } from '@countersign/contracts/shape-fault';
import type { z } from 'zod';

/** `kind`: what the file should be, for the message. Throws TypeError. */
export function readSecretFile<T extends z.ZodType>(path: string, schema: T, kind: string): z.output<T> {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, 'utf8'));
  } catch (thrown) {
    const { code } = thrown as { code?: string };
    throw new TypeError(code === undefined ? `${path}: not JSON` : tellFileFault(path, code));
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new TypeError(`${path} is no ${kind}: ${tellShapeFaults(parsed.error.issues, value, 'the file')}`);
}

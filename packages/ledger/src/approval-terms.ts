/** How terms and times of approvals are compared, as they stand in entries. */
import { canonicalize, type JsonValue } from './canonical-json.ts';
import type { Body } from './derived-fault.ts';

/** What is absent is null. */
export function isEqual(a: Body, b: Body, field: string): boolean {
  return canonicalize((a[field] ?? null) as JsonValue) === canonicalize((b[field] ?? null) as JsonValue);
}

/** Of an instant as the database wrote it. */
export function microsecondsOf(instant: unknown): number {
  const [seconds, micros = ''] = String(instant).replace(/Z$/, '').split('.');
  return Date.parse(`${seconds}Z`) * 1000 + Number(micros.padEnd(6, '0'));
}

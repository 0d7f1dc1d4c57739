/** The alphabets of every name in the system. A name that passes here may stand in a subject, a chain or a path. */
import { z } from 'zod';
import { LIMITS } from './limits.ts';

export const TOKEN = /^[a-z0-9_-]{1,64}$/;
const VISIBLE = /^(?! )[^\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]*(?<! )$/u;
const DIGITS = /^(0|[1-9]\d{0,15})$/;
const TOPIC = /^job(\.[a-z0-9_-]{1,64}){1,8}$/;

export const token = z.string().regex(TOKEN, 'must match ^[a-z0-9_-]{1,64}$');
/** `_` alone stands for "no tenant" in audit subjects and can be nobody's name. */
export const tenantName = token.refine((name) => name !== '_', 'must not be "_"');
export const topicName = z
  .string()
  .regex(TOPIC, `must be "job." and 1 to ${LIMITS.topic_segments} segments of ^[a-z0-9_-]{1,64}$, no wildcards`);
/** As for policies: `*` is one token, a trailing `*` is one or more. */
export const topicPattern = z
  .string()
  .max(LIMITS.reason_chars)
  .regex(/^job(\.([a-z0-9_-]+|\*))+$/, 'must be a topic or a pattern of topics');
/** Capability: dotted tokens, e.g. `infra.write`. */
export const capabilityName = z
  .string()
  .max(128)
  .regex(/^[a-z0-9_-]{1,64}(\.[a-z0-9_-]{1,64}){0,7}$/, 'must be dotted tokens, e.g. infra.write');
export const jobId = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/, 'must match ^[A-Za-z0-9_-]{1,64}$');
/** Starts with a letter, so that no prototype key (`__proto__`) can pose as a label. */
export const labelKey = z.string().regex(/^[a-z][a-z0-9_.-]{0,63}$/, 'must match ^[a-z][a-z0-9_.-]{0,63}$');
/**
 * What can be seen, on one line, without spaces around it: labels are compared as they stand, and a value that only looks
 * like another would slip past the rule for it.
 */
export const labelValue = z
  .string()
  .max(LIMITS.label_chars)
  .refine((text) => VISIBLE.test(text), 'must be visible, on one line, without spaces around it');
export const principalId = z
  .string()
  .regex(/^[a-z0-9][a-z0-9_.@-]{0,127}$/, 'must match ^[a-z0-9][a-z0-9_.@-]{0,127}$');

/** Names an API key in evidence and gives nothing of it away. */
export const keyId = z.string().regex(/^key_[0-9a-f]{16}$/, 'must be key_ and 16 hex digits');
/** `sha256:` and 64 hex digits. */
export const digest = z.string().regex(/^sha256:[0-9a-f]{64}$/, 'must be sha256:<64 hex digits>');
export const uuid = z.string().regex(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/, 'must be a UUID');
/** RFC 3339 in UTC with microseconds, as the database wrote it. */
export const instant = z.string().regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z$/, 'must be RFC 3339 in UTC');

/** A whole number as a path or query carries it: digits alone, so that no `1e3`, `0x10`, `+5` or ` 7` is one. */
export function digitsOf(number: z.ZodInt) {
  const { $schema: _, ...shown } = z.toJSONSchema(number);
  return z
    .custom<string | number>(
      (given) => typeof given !== 'object' && DIGITS.test(String(given)),
      'must be a whole number in digits',
    )
    .meta(shown)
    .transform(Number)
    .pipe(number);
}

export function isToken(text: string): boolean {
  return TOKEN.test(text);
}

export function isTopic(text: string): boolean {
  return TOPIC.test(text);
}

/** `job.deploy.apply` → `deploy.apply`. */
export function topicTail(topic: string): string {
  return topic.slice('job.'.length);
}

/** Durations as people write them in a policy. */
import { z } from 'zod';
import { LIMITS } from './limits.ts';

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** `500ms`, `30s`, `5m`, `1h`, `7d`; milliseconds once parsed. */
export const duration = z
  .string()
  .regex(/^[1-9]\d{0,8}(ms|s|m|h|d)$/, 'must be a duration such as 500ms, 30s, 5m, 1h or 7d')
  .transform((text) => Number.parseInt(text, 10) * UNIT_MS[text.replace(/^\d+/, '')]!)
  .pipe(z.int().max(LIMITS.policy_duration_ms));

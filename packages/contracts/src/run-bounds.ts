/** What a run is bound to, each enforced or the job does not run. The less of two is the stricter one. */
import { z } from 'zod';
import { token } from './names.ts';

export const runBounds = z.strictObject({
  timeout_ms: z.int().min(1).optional(),
  max_attempts: z.int().min(1).max(100).optional(),
  max_output_bytes: z.int().min(1).optional(),
  /** Things that the run may touch, by the worker's own signed word: more, or no word, and the attempt has failed. */
  max_affected: z.int().min(0).optional(),
  /** Each must be a name that the pool declares it enforces. */
  worker: z.array(token).max(32).optional(),
});

/** How calls of one server are treated, whichever way its clients come in. */
import { LIMITS } from '@countersign/contracts/limits';
import { workerFile } from '@countersign/contracts/worker-file';
import { z } from 'zod';

export const CALL_SETTINGS = {
  /** `claimed`: an approved call runs when somebody asks for its result. `granted`: at once, and the result waits. */
  run_when: z.enum(['claimed', 'granted']).default('claimed'),
  /** Milliseconds for which an approved call waits for its caller; then it fails, not run. It takes a slot of the pool. */
  caller_grace_ms: z
    .int()
    .min(1_000)
    .max(LIMITS.deadline_ms)
    .default(60 * 60 * 1000),
  /** Whether a client that cancels a call cancels its job. Otherwise it stays, and the same call finds it again. */
  cancel_on_abort: z.boolean().default(false),
  /** Milliseconds that a call waits for its outcome before it is told to come again. */
  wait_ms: z.int().min(0).max(20_000).default(20_000),
};
export type CallSettings = z.output<z.ZodObject<typeof CALL_SETTINGS>>;

/** Secret: the one worker of the pool `mcp-<server>`, over HTTP. */
export const httpWorker = workerFile.extend({ url: z.url({ protocol: /^https?$/ }) });
export type HttpWorker = z.output<typeof httpWorker>;

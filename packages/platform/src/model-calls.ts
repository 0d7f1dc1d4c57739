/**
 * Asks a model-based detector under a deadline, a few at once, and counts what became of it. Who waits for no answer hears a
 * fault and never what was thrown, which may quote what was sent.
 */
import { type Detector, MODEL_FAIL_MODES, type ModelFault } from '@countersign/contracts/detector';
import { LIMITS } from '@countersign/contracts/limits';
import { z } from 'zod';
import { openHttpDetector } from './http-detector.ts';
import { jsonSetting } from './json-setting.ts';
import type { Metrics } from './metrics.ts';

/** The setting: where content is sent. No policy can name a destination. */
const modelDetector = z.strictObject({
  url: z.url({ protocol: /^https?$/ }),
  token: z.string().min(1).max(4_096).optional(),
  deadline_ms: z.int().min(1).max(LIMITS.input_scan_ms).default(1_000),
  concurrency: z.int().min(1).max(256).default(8),
  /** Of all texts of one content. */
  max_chars: z
    .int()
    .min(1)
    .max(LIMITS.output_bytes)
    .default(64 * 1024),
  fail_mode: z.enum(MODEL_FAIL_MODES).default('closed'),
  /** Whether the same content always gets the same answer: only then a decision may be used again. */
  deterministic: z.boolean().default(false),
});
export type ModelSettings = z.infer<typeof modelDetector>;

export const modelSetting = jsonSetting(modelDetector).optional();

type Answered<T> = { ok: true; value: T } | { ok: false; fault: ModelFault };
/** Given to `call`: asks the detector; `max_chars` of texts at most. */
type Ask<T> = (detector: Detector, max_chars: number, signal: AbortSignal) => Promise<Answered<T>>;

export type ModelCalls = {
  readonly fail_mode: ModelSettings['fail_mode'];
  readonly deterministic: boolean;
  /** Never throws. */
  call<T>(gate: string, ask: Ask<T>): Promise<Answered<T>>;
};

/** Without settings every call is answered `missing`. `detector`: one in this process, instead of the one behind HTTP. */
export function openModelCalls(
  metrics: Metrics,
  settings: ModelSettings | undefined,
  detector: Detector | null = settings === undefined ? null : openHttpDetector(settings),
): ModelCalls {
  let running = 0;
  const run = async <T>(ask: Ask<T>): Promise<Answered<T>> => {
    if (settings === undefined || detector === null) return { ok: false, fault: 'missing' };
    if (running >= settings.concurrency) return { ok: false, fault: 'busy' };
    const aborting = new AbortController();
    const late = Promise.withResolvers<Answered<T>>();
    const timer = setTimeout(() => {
      late.resolve({ ok: false, fault: 'deadline' });
      aborting.abort();
    }, settings.deadline_ms);
    running += 1;
    const asked = Promise.resolve()
      .then(() => ask(detector, settings.max_chars, aborting.signal))
      .catch((): Answered<T> => ({ ok: false, fault: 'error' }))
      // One that ignores its signal still counts as running: it does not get more to do.
      .finally(() => {
        running -= 1;
      });
    const answered = await Promise.race([asked, late.promise]);
    clearTimeout(timer);
    return answered;
  };
  return {
    fail_mode: settings?.fail_mode ?? 'closed',
    deterministic: settings?.deterministic ?? false,
    async call(gate, ask) {
      const answered = await run(ask);
      metrics.count('model_calls_total', { gate, outcome: answered.ok ? 'answered' : answered.fault });
      return answered;
    },
  };
}

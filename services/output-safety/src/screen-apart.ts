/**
 * Screens in child processes under a hard deadline what is large or takes own rules much work, the rest at once. A screening
 * that gives no answer counts as a failed scan: quarantined, unless the policy says `fail_mode: open`.
 */
import { LIMITS } from '@countersign/contracts/limits';
import { ChildError, openChildProcesses } from '@countersign/platform/child-processes';
import type { Metrics } from '@countersign/platform/metrics';
import type { ModelCalls } from '@countersign/platform/model-calls';
import type { CompiledOutputPolicy } from '@countersign/policy/decide-output';
import { askDetector } from '@countersign/scanners/model-findings';
import {
  failedScan,
  type ModelSaid,
  quarantine,
  type ScreenedOutput,
  type Screening,
  screenOutput,
  screenWithin,
} from './screen-output.ts';

export type Screen = {
  screen(policy: CompiledOutputPolicy | null, subject: ScreenedOutput): Promise<Screening>;
  stop(): Promise<void>;
};

/** `module`: what answers; another one only in tests. */
export function openScreen(
  metrics: Metrics,
  models: ModelCalls,
  module = new URL('./screen-child.ts', import.meta.url),
  deadline_ms: number = LIMITS.output_scan_ms,
): Screen {
  const children = openChildProcesses<object, Screening>({
    module,
    processes: LIMITS.scan_processes,
    queued: LIMITS.queued_scans,
    deadline_ms,
    memory_mb: LIMITS.scan_process_mb,
  });
  /** Null where the policy asks none, or the output is not looked at anyway. */
  const modelSays = async (policy: CompiledOutputPolicy, { output, text }: ScreenedOutput) => {
    const wanted = policy.scanning.own?.models;
    if (wanted === undefined || policy.scanners.length === 0 || Buffer.byteLength(text) > LIMITS.output_bytes)
      return null;
    const said = await models.call<ModelSaid>('output', async (detector, max_chars, signal) => {
      const result = await askDetector(detector, output, wanted, max_chars, signal);
      return result.ok ? { ok: true, value: result } : result;
    });
    if (said.ok) return said.value;
    return models.fail_mode === 'open' ? 'failed' : 'refused';
  };
  return {
    async screen(policy, asked) {
      const isSmall = asked.text.length <= LIMITS.inline_scan_bytes || asked.text.length > LIMITS.output_bytes;
      if (policy === null || !policy.enabled) return screenOutput(policy, asked);
      const model = await modelSays(policy, asked);
      if (model === 'refused') return quarantine('a model that the policy asks gave no answer');
      const subject = { ...asked, ...(model !== null && { model }) };
      const here = isSmall ? screenWithin(policy, subject, LIMITS.inline_rule_work) : null;
      if (here !== null) return here;
      const { output: _, ...rest } = subject;
      try {
        return await children.run({ policy, subject: rest });
      } catch (thrown) {
        if (!(thrown instanceof ChildError)) throw thrown;
        metrics.count('scans_failed_total', { gate: 'output', fault: thrown.fault });
        return failedScan(policy, subject);
      }
    },
    stop: () => children.stop(),
  };
}

/**
 * Screens in child processes under a hard deadline what is large or takes own rules much work, the rest at once. A screening
 * that gives no answer counts as a failed scan: quarantined, unless the policy says `fail_mode: open`.
 */
import { LIMITS } from '@countersign/contracts/limits';
import { ChildError, openChildProcesses } from '@countersign/platform/child-processes';
import type { Metrics } from '@countersign/platform/metrics';
import type { CompiledOutputPolicy } from '@countersign/policy/decide-output';
import { failedScan, type ScreenedOutput, type Screening, screenOutput, screenWithin } from './screen-output.ts';

export type Screen = {
  screen(policy: CompiledOutputPolicy | null, subject: ScreenedOutput): Promise<Screening>;
  stop(): Promise<void>;
};

/** `module`: what answers; another one only in tests. */
export const openScreen = (
  metrics: Metrics,
  module = new URL('./screen-child.ts', import.meta.url),
  deadline_ms: number = LIMITS.output_scan_ms,
): Screen => {
  const children = openChildProcesses<object, Screening>({
    module,
    processes: LIMITS.scan_processes,
    queued: LIMITS.queued_scans,
    deadline_ms,
    memory_mb: LIMITS.scan_process_mb,
  });
  return {
    async screen(policy, subject) {
      const isSmall = subject.text.length <= LIMITS.inline_scan_bytes || subject.text.length > LIMITS.output_bytes;
      if (policy === null || !policy.enabled) return screenOutput(policy, subject);
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
};

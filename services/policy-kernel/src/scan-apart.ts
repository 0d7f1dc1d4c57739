/**
 * Scans the content of large requests in child processes, before they are decided, so that no request's content keeps the
 * decision of another waiting. A scan that gives no answer is remembered as failed: a rule that looks at findings then
 * denies.
 */
import type { DecideItem, Finding } from '@countersign/contracts/decision';
import { CountersignError } from '@countersign/contracts/errors';
import { LIMITS } from '@countersign/contracts/limits';
import type { ScanSettings } from '@countersign/contracts/policy';
import { ChildError, openChildProcesses } from '@countersign/platform/child-processes';
import type { Metrics } from '@countersign/platform/metrics';
import type { ScannedBefore } from '@countersign/policy/read-subject';
import { limitsOf } from '@countersign/policy/scan-settings';
import type { ScanResult } from '@countersign/scanners/scan';
import type { ScanQuestion } from './scan-child.ts';

/** Null for a tenant that has no policy: nothing will be decided for it. */
export type SettingsOf = (tenant: string) => ScanSettings | null;

export type Scans = {
  /** Resolves when every large one among the items was looked at, with the settings of its tenant's policy. */
  look(items: readonly DecideItem[], settingsOf: SettingsOf): Promise<void>;
  /** The findings; undefined where nothing was scanned. Throws `overloaded` when no process was free. */
  of(item: DecideItem): ScannedBefore | undefined;
  stop(): Promise<void>;
};

/** `module`: what answers; another one only in tests. */
export const openScans = (
  metrics: Metrics,
  module = new URL('./scan-child.ts', import.meta.url),
  deadline_ms: number = LIMITS.input_scan_ms,
): Scans => {
  const children = openChildProcesses<ScanQuestion, ScanResult>({
    module,
    processes: LIMITS.scan_processes,
    queued: LIMITS.queued_scans,
    deadline_ms,
    memory_mb: LIMITS.scan_process_mb,
  });
  const known = new WeakMap<DecideItem, ScannedBefore | 'busy'>();

  const scan = async (item: DecideItem, settings: ScanSettings): Promise<readonly Finding[] | 'busy' | null> => {
    const { prompt, payload } = item.request;
    try {
      const content = { ...(prompt !== undefined && { prompt }), ...(payload !== undefined && { payload }) };
      const result = await children.run({ content, settings: limitsOf(settings) });
      return result.ok ? result.findings : null;
    } catch (thrown) {
      if (!(thrown instanceof ChildError)) throw thrown;
      metrics.count('scans_failed_total', { gate: item.gate, fault: thrown.fault });
      return thrown.fault === 'busy' ? 'busy' : null;
    }
  };
  return {
    async look(items, settingsOf) {
      await Promise.all(
        items.filter(isLarge).map(async (item) => {
          const { prompt, payload } = item.request;
          const settings = settingsOf(item.request.tenant);
          if (settings === null) return;
          const findings = await scan(item, settings);
          known.set(item, findings === 'busy' ? 'busy' : { prompt, payload, settings, findings });
        }),
      );
    },
    of(item) {
      const found = known.get(item);
      if (found === 'busy') throw new CountersignError('overloaded');
      return found;
    },
    stop: () => children.stop(),
  };
};

const isLarge = ({ request: { prompt, payload } }: DecideItem): boolean =>
  (prompt?.length ?? 0) > LIMITS.inline_scan_bytes || exceeds(payload, { left: LIMITS.inline_scan_bytes });

/** Whether strings and names come to more than what is left; it stops looking as soon as they do. */
function exceeds(value: unknown, budget: { left: number }): boolean {
  if (typeof value === 'string') budget.left -= value.length;
  else if (typeof value === 'object' && value !== null) {
    for (const [name, member] of Object.entries(value)) {
      budget.left -= name.length + 2;
      if (budget.left < 0 || exceeds(member, budget)) return true;
    }
  }
  return budget.left < 0;
}

/**
 * Scans in child processes what would keep other decisions waiting: contents that are large, or that an operator's own rules
 * take much work over. Whoever decides is told which content that is, and decides again when it has been scanned. A scan
 * that gives no answer counts as failed: a rule that looks at findings then denies.
 */
import type { DecideItem, Finding, Gate } from '@countersign/contracts/decision';
import { CountersignError } from '@countersign/contracts/errors';
import { LIMITS } from '@countersign/contracts/limits';
import { ChildError, openChildProcesses } from '@countersign/platform/child-processes';
import type { Metrics } from '@countersign/platform/metrics';
import type { ScannedBefore, ScansApart, WantedScan } from '@countersign/policy/read-subject';
import { limitsOf } from '@countersign/policy/scan-settings';
import type { ScanResult } from '@countersign/scanners/scan';
import type { ScanQuestion } from './scan-child.ts';

/** Of one question: what was scanned for it. */
export type Scanning = ScansApart & { known: ScannedBefore[] };

export type Scans = {
  /** What belongs to an item, as long as it is asked about. */
  of(item: DecideItem): Scanning;
  /** Scans what is wanted. Throws `overloaded` when no process was free. */
  scan(scanning: Scanning, gate: Gate): Promise<void>;
  /** Decides, and again each time that something was scanned for it. Throws `overloaded`. */
  decide<T>(gate: Gate, decide: (scans: Scanning) => T): Promise<T>;
  stop(): Promise<void>;
};

/** The request, each of its rewrites, and its compensation. */
export const MOST_SCANS: number = LIMITS.rewrites + 2;

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
  const scannings = new WeakMap<DecideItem, Scanning>();

  const findingsIn = async (
    { prompt, payload, settings }: WantedScan,
    gate: Gate,
  ): Promise<readonly Finding[] | null> => {
    try {
      const content = { ...(prompt !== undefined && { prompt }), ...(payload !== undefined && { payload }) };
      const result = await children.run({ content, settings: limitsOf(settings) });
      return result.ok ? result.findings : null;
    } catch (thrown) {
      if (!(thrown instanceof ChildError)) throw thrown;
      metrics.count('scans_failed_total', { gate, fault: thrown.fault });
      if (thrown.fault === 'busy') throw new CountersignError('overloaded');
      return null;
    }
  };
  const scan: Scans['scan'] = async (scanning, gate) => {
    const { wanted } = scanning;
    if (wanted === null) return;
    if (scanning.known.length >= MOST_SCANS) throw new CountersignError('overloaded');
    scanning.known.push({ ...wanted, findings: await findingsIn(wanted, gate) });
    scanning.wanted = null;
  };
  return {
    of(item) {
      const scanning = scannings.get(item) ?? { known: [], wanted: null };
      scannings.set(item, scanning);
      return scanning;
    },
    scan,
    async decide(gate, decide) {
      const scanning: Scanning = { known: [], wanted: null };
      for (;;) {
        const decided = decide(scanning);
        if (scanning.wanted === null) return decided;
        await scan(scanning, gate);
      }
    },
    stop: () => children.stop(),
  };
};

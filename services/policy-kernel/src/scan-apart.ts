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
import type { ModelCalls } from '@countersign/platform/model-calls';
import type { ScannedBefore, ScansApart, WantedScan } from '@countersign/policy/read-subject';
import { limitsOf } from '@countersign/policy/scan-settings';
import { askDetector } from '@countersign/scanners/model-findings';
import type { ScanResult } from '@countersign/scanners/scan';
import type { ScanQuestion } from './scan-child.ts';

/** Of one question: what was scanned for it. `modelRepeats`: a model that was asked always says the same. */
export type Scanning = ScansApart & { known: ScannedBefore[]; readonly modelRepeats: boolean };

export type Scans = {
  /** What belongs to an item, as long as it is asked about. */
  of(item: DecideItem): Scanning;
  /** Scans what is wanted. Throws `overloaded` when no process was free. */
  scan(scanning: Scanning, gate: Gate, asksModel?: boolean): Promise<void>;
  /** Decides, and again each time that something was scanned for it. `asksModel` false: content is sent to nobody. Throws `overloaded`. */
  decide<T>(gate: Gate, decide: (scans: Scanning) => T, asksModel?: boolean): Promise<T>;
  stop(): Promise<void>;
};

/** The request, each of its rewrites, and its compensation. */
export const MOST_SCANS: number = LIMITS.rewrites + 2;

/** `module`: what answers; another one only in tests. */
export function openScans(
  metrics: Metrics,
  models: ModelCalls,
  module = new URL('./scan-child.ts', import.meta.url),
  deadline_ms: number = LIMITS.input_scan_ms,
): Scans {
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
  const modelSays = async ({ prompt, payload, settings }: WantedScan, gate: Gate) => {
    const content = { ...(prompt !== undefined && { prompt }), ...(payload !== undefined && { payload }) };
    return models.call<readonly Finding[]>(gate, async (detector, max_chars, signal) => {
      const result = await askDetector(detector, content, settings.own!.models!, max_chars, signal);
      return result.ok ? { ok: true, value: result.findings } : result;
    });
  };
  /** What the scan finds and what the model says. */
  const lookAt = async ({ scanned, ...wanted }: WantedScan, gate: Gate, asksModel: boolean): Promise<ScannedBefore> => {
    const finding = scanned === undefined ? findingsIn(wanted, gate) : Promise.resolve(scanned);
    if (!asksModel || wanted.settings.own?.models === undefined) return { ...wanted, findings: await finding };
    const [findings, said] = await Promise.all([finding, modelSays(wanted, gate)]);
    if (said.ok) return { ...wanted, findings: findings && [...findings, ...said.value], model: 'answered' };
    if (models.fail_mode === 'open') return { ...wanted, findings, model: 'failed_open' };
    return { ...wanted, findings: null, model: 'failed_closed' };
  };
  const scan: Scans['scan'] = async (scanning, gate, asksModel = true) => {
    const { wanted } = scanning;
    if (wanted === null) return;
    if (scanning.known.length >= MOST_SCANS) throw new CountersignError('overloaded');
    scanning.known.push(await lookAt(wanted, gate, asksModel));
    scanning.wanted = null;
  };
  const newScanning = (): Scanning => ({ known: [], wanted: null, modelRepeats: models.deterministic });
  return {
    of(item) {
      const scanning = scannings.get(item) ?? newScanning();
      scannings.set(item, scanning);
      return scanning;
    },
    scan,
    async decide(gate, decide, asksModel) {
      const scanning = newScanning();
      for (;;) {
        const decided = decide(scanning);
        if (scanning.wanted === null) return decided;
        await scan(scanning, gate, asksModel);
      }
    },
    stop: () => children.stop(),
  };
}

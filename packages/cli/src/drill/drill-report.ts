/** What a drill found, as it is kept: one row for each step, and nothing of a key, a prompt or a payload. */
export const DRILL_FORMAT = 'countersign-drill/1';

/** `found`: what was there, or why the step was skipped. */
export type DrillStep = {
  name: string;
  outcome: 'passed' | 'failed' | 'skipped';
  expected: string;
  found: string;
  took_ms: number;
  job_id?: string;
};

/** Instants are RFC 3339. `policy`: null where none could be asked. */
export type DrillReport = {
  format: typeof DRILL_FORMAT;
  url: string;
  started_at: string;
  ended_at: string;
  policy: { version: number; snapshot: string; epoch: number } | null;
  passed: number;
  failed: number;
  skipped: number;
  steps: readonly DrillStep[];
};

export type Wanted = { name: string; expected: string };
export type Found = { ok: boolean; found: string; job_id?: string };

/** Collects steps. One that throws has failed, and the next one runs all the same. */
export class Steps {
  readonly done: DrillStep[] = [];

  async run({ name, expected }: Wanted, step: () => Promise<Found>): Promise<Found> {
    const started = performance.now();
    const outcome = await step().catch((thrown: unknown): Found => ({ ok: false, found: messageOf(thrown) }));
    const { ok, ...rest } = outcome;
    const took_ms = Math.round(performance.now() - started);
    this.done.push({ name, outcome: ok ? 'passed' : 'failed', expected, took_ms, ...rest });
    return outcome;
  }

  skip({ name, expected }: Wanted, why: string): void {
    this.done.push({ name, outcome: 'skipped', expected, found: why, took_ms: 0 });
  }
}

export function count(steps: readonly DrillStep[], outcome: DrillStep['outcome']): number {
  return steps.filter((step) => step.outcome === outcome).length;
}

function messageOf(thrown: unknown): string {
  const { code, message } = thrown as { code?: string; message?: string };
  return [code, message].filter((part) => part !== undefined && part !== '').join(': ') || String(thrown);
}

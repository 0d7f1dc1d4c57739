/**
 * Screening and end in one step: a result that succeeded and may be read is stored, released and recorded in one statement
 * that checks claim, attempt, worker, policy and stops, and again what may have changed as it writes. What it leaves takes the careful path.
 */
import { type Tx, unlessMoved } from '@countersign/platform/database';
import type { Sealer } from '@countersign/platform/seal-content';
import type { CommitItem, Outcome } from './commit-item.ts';
import type { ScreenedResult } from './judge-result.ts';
import { screenedTemplate, succeededTemplate } from './result-entries.ts';
import { reportOf, toRow } from './result-row.ts';
import { looksAtCapability } from './screen-output.ts';
import { type FinishItem, type FinishOutcome, finishStep } from './store.ts';

/** By item; those that are absent have to be looked at. */
export async function finishResults(
  database: Tx,
  items: readonly CommitItem[],
  sealer: Sealer,
): Promise<Map<CommitItem, Outcome>> {
  const plain = plainResults(items);
  if (plain.length === 0) return new Map();
  const steps = plain.map((item) => planFinish(item, sealer));
  const looked = steps.map((): FinishOutcome => 'look');
  const outcomes = await unlessMoved(finishStep(database, steps), looked);
  return new Map(
    plain.flatMap((item, i) => {
      const outcome = outcomes[i]!;
      if (outcome === 'look') return [];
      const { topic } = item.from;
      const { fail_mode } = item.screening;
      return [[item, { kind: 'ended', row: steps[i]!.row, topic, fail_mode, waited_for: outcome === 'waited_for' }]];
    }),
  );
}

/** Of two results for one attempt the second sees what became of the first. */
function plainResults(items: readonly CommitItem[]): ScreenedResult[] {
  const screened = items.filter((item): item is ScreenedResult => item.kind === 'screened');
  return [...Map.groupBy(screened, (item) => item.result.dispatch_id).values()]
    .map(([first]) => first!)
    .filter(endsWithScreening);
}

function endsWithScreening({ result, screening, policy, artifacts }: ScreenedResult): boolean {
  return (
    artifacts === null && result.status === 'succeeded' && screening.decision !== 'quarantine' && policy.active !== null
  );
}

function planFinish(item: ScreenedResult, sealer: Sealer): FinishItem {
  const { from, result, screening, policy, capability, output_text } = item;
  const row = toRow(reportOf(item), screening, '', sealer);
  return {
    row,
    checked: {
      topic: from.topic,
      claim_id: result.claim_id,
      capability,
      any_capability: !looksAtCapability(policy.compiled),
      bytes: Buffer.byteLength(output_text),
      ...(result.affected !== undefined && { affected: result.affected }),
    },
    screened: screenedTemplate(row, screening.fail_mode),
    ended: succeededTemplate(row),
  };
}

/** Checks that each limit says one thing that can be counted, and stands where something runs that it could bind. */
import type { LimitSource } from '@countersign/contracts/counted-limits';
import type { DecisionName } from '@countersign/contracts/decision';
import type { Sections } from './place-sections.ts';
import { type At, below, type Report } from './report-faults.ts';

const RUNS_NOTHING: ReadonlySet<DecisionName | undefined> = new Set<DecisionName>(['deny', 'remediate']);

/** Whether the yes that a rule or floor names is asked for by one of its limits. */
export function asksWhenExceeded(source: object): boolean {
  const { limits } = source as { limits?: readonly LimitSource[] };
  return limits?.some(({ exceeded }) => exceeded === 'require_approval') ?? false;
}

export function checkLimits({ rules, tiers }: Sections, report: Report): void {
  for (const placed of rules) checkList(placed.source, below(placed, 'limits'), report);
  for (const placed of tiers) checkList(placed.source.floor, below(placed, 'floor', 'limits'), report);
}

function checkList(
  { decision, limits }: { decision?: DecisionName | undefined; limits?: readonly LimitSource[] | undefined },
  at: At,
  report: Report,
): void {
  if (limits === undefined) return;
  if (RUNS_NOTHING.has(decision)) report('field_misplaced', at, `${decision} runs nothing that this could count`);
  for (const [i, limit] of limits.entries()) {
    checkBound(limit, below(at, i), report);
    if (limit.exceeded === 'require_approval' && decision === 'require_approval')
      report('field_misplaced', below(at, i, 'exceeded'), 'an approval is asked for anyway', 'write deny or park');
  }
}

function checkBound(limit: LimitSource, at: At, report: Report): void {
  const { count, max_open, max_running, cost, budget, within, exceeded } = limit;
  const said = [count, max_open, max_running, budget ?? cost].filter((bound) => bound !== undefined).length;
  if (said !== 1)
    report(
      'field_misplaced',
      at,
      'a limit has one of count, max_open, max_running, and cost with budget',
      'keep one of them',
    );
  if (exceeded !== undefined && (exceeded === 'wait') !== (max_running !== undefined))
    report(
      'field_misplaced',
      below(at, 'exceeded'),
      exceeded === 'wait' ? 'only what runs at once is waited for so' : 'what would be one too many at once waits',
      exceeded === 'wait' ? 'write park' : 'remove it, or write wait',
    );
  if ((cost === undefined) !== (budget === undefined))
    report('field_misplaced', at, 'cost says where the amount stands, and budget how much there is', 'write both');
  if ((within === undefined) !== ((max_open ?? max_running) !== undefined))
    report(
      'field_misplaced',
      at,
      within === undefined ? 'no time says in what it counts' : 'open and running jobs are counted at any time',
      within === undefined ? 'add within, such as 1h' : 'remove within',
    );
}

/** `countersign kpis`: what people steer by, over some days. */
import type { KpiQuery, Kpis } from '@countersign/contracts/kpis';
import type { Command } from 'commander';
import { clientOf, type Output, print } from './context.ts';
import { table } from './table.ts';

export function addKpisCommand(program: Command, output: Output): void {
  program
    .command('kpis')
    .description('rates of denials, constraints and redactions, times of approvals, missing evidence')
    .option('--from <day>', 'as 2026-01-31, in UTC; by default 30 days before --to')
    .option('--to <day>', 'by default today')
    .action(async (query: KpiQuery, command: Command) =>
      print(output, command, await clientOf(command).kpis(query), showKpis),
    );
}

function showKpis({ decisions, approvals, outputs, remediations, evidence, ended, fail_open, ...days }: Kpis): string {
  const lacks = evidence.missing.map(({ field, count }) => `${field} ${count}`);
  return [
    `${days.from} to ${days.to}, entries below leaf ${days.up_to_leaf}`,
    '',
    table(
      ['CAPABILITY', 'ENV', 'JOBS', 'DENIED', 'HELD', 'CONSTRAINED', 'REWRITTEN'],
      decisions.map((row) => [
        ...[row.capability, row.environment, row.jobs, share(row.deny_rate), row.held],
        ...[share(row.constrain_rate), row.remediated],
      ]),
    ),
    '',
    table(
      ['GROUP', 'OUTCOME', 'APPROVALS', 'MEDIAN', '95 %'],
      approvals.map((row) => [row.group, row.outcome, row.closed, seconds(row.median_ms), seconds(row.p95_ms)]),
    ),
    '',
    table(
      ['TOPIC', 'OUTPUTS', 'REDACTED', 'QUARANTINED'],
      outputs.map((row) => [row.topic, row.screened, share(row.redact_rate), share(row.quarantine_rate)]),
    ),
    '',
    table(
      ['REMEDIATION', 'APPLIED', 'ENDED', 'SUCCEEDED'],
      remediations.map((row) => [row.remediation, row.applied, row.ended, share(row.success_rate)]),
    ),
    '',
    `ended: ${
      Object.entries(ended)
        .map(([state, count]) => `${count} ${state}`)
        .join(', ') || 'none'
    }`,
    `let through by an open fail mode: ${fail_open}`,
    `records that lack nothing: ${share(evidence.completeness)} of ${evidence.judged} judged${lacks.length > 0 ? `; others lack ${lacks.join(', ')}` : ''}`,
  ].join('\n');
}

function share(rate: number | null): string {
  return rate === null ? '-' : `${(rate * 100).toFixed(1)} %`;
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

/** A drill's report for people: as text for a terminal, as one HTML file for a folder of evidence. */
import { printable } from '@countersign/contracts/printable';
import type { DrillReport, DrillStep } from './drill-report.ts';

export function showDrill(report: DrillReport): string {
  const { policy, steps } = report;
  return [
    `Drill of ${report.url}, ${report.started_at} to ${report.ended_at}`,
    policy === null ? 'no policy could be asked' : `policy version ${policy.version}, ${policy.snapshot}`,
    '',
    ...steps.flatMap(linesOf),
    '',
    `${report.passed} passed, ${report.failed} failed, ${report.skipped} skipped`,
  ].join('\n');
}

export function drillPage(report: DrillReport): string {
  const { policy } = report;
  const rows = report.steps.map(
    (step) =>
      `<tr class="${step.outcome}"><td>${html(step.name)}</td><td>${step.outcome}</td><td>${html(step.expected)}</td>` +
      `<td>${html(step.found)}</td><td>${html(step.job_id ?? '')}</td><td>${step.took_ms} ms</td></tr>`,
  );
  return `<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Countersign drill, ${html(report.started_at)}</title>
<style>body{font:16px/1.5 system-ui;margin:2rem}table{border-collapse:collapse}td,th{border:1px solid #999;padding:.3rem .6rem;text-align:left;vertical-align:top}
.failed td:nth-child(2){background:#b00020;color:#fff}.skipped td:nth-child(2){background:#777;color:#fff}</style>
<h1>Drill: ${report.failed === 0 ? 'passed' : 'failed'}</h1>
<p>${html(report.url)}, ${html(report.started_at)} to ${html(report.ended_at)}<br>
${policy === null ? 'No policy could be asked' : `Policy version ${policy.version}, ${html(policy.snapshot)}`}<br>
${report.passed} passed, ${report.failed} failed, ${report.skipped} skipped</p>
<table><tr><th>Step<th>Outcome<th>Expected<th>Found<th>Job<th>Took</tr>
${rows.join('\n')}
</table></html>
`;
}

function linesOf({ name, outcome, expected, found, job_id }: DrillStep): string[] {
  const first = `${outcome.padEnd(7)} ${name}: ${found}`;
  if (outcome === 'passed') return [job_id === undefined ? first : `${first} (${job_id})`];
  return [first, `        expected: ${expected}`];
}

/** Answers of the API hold names that others chose. */
function html(text: string): string {
  return printable(text).replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}

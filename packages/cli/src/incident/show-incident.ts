/** An incident for people: what happened, in order, and under it what may be typed now. */
import { tellFinding } from '../tell-entry.ts';
import type { AffectedJob, Incident, IncidentLine } from './incident-report.ts';

export function showIncident(incident: Incident): string {
  const { from, to, jobs, timeline, stops, stop_commands, undo, fixtures, cut, not_shown } = incident;
  return [
    `Incident: ${aboutOf(incident)}, ${from} to ${to}`,
    ...(cut ? ['NOT ALL: there are more jobs than were asked for (--jobs)'] : []),
    ...not_shown.map((what) => `NOT SHOWN: ${what}`),
    section('Timeline', timeline.map(lineOf)),
    section(`Jobs (${jobs.length}, ${jobs.filter(({ ran }) => ran).length} ran)`, jobs.map(jobOf)),
    section(
      'Stops in force',
      stops?.map(({ kind, target, reason, set_by }) => `${kind} ${target} (${reason}) by ${set_by ?? '?'}`) ?? [
        'not shown',
      ],
    ),
    section('To stop it', stop_commands),
    section(
      'Might be undone',
      undo.map(({ command, names_compensation, compensated_by }) =>
        compensated_by === null
          ? `${command}   # ${names_compensation === 'required' ? 'it names a compensation' : 'if it names a compensation'}`
          : `${command}   # asked for already: ${compensated_by}`,
      ),
    ),
    section('Tests for the policy', [
      fixtures.length === 0
        ? 'none'
        : `${fixtures.length}; --fixtures <file> writes them for \`countersign policy test\``,
    ]),
  ].join('\n');
}

function aboutOf({ about }: Incident): string {
  const parts = Object.entries(about).map(([name, value]) => `${name} ${value}`);
  return parts.length === 0 ? 'all jobs' : parts.join(', ');
}

function section(title: string, lines: readonly string[]): string {
  return [`\n${title}`, ...(lines.length === 0 ? ['none'] : lines).map((line) => `  ${line}`)].join('\n');
}

function lineOf({ at, job_id, chain, kind, says }: IncidentLine): string {
  return `${at}  ${job_id ?? chain}  ${kind}${says === '' ? '' : `  ${says}`}`;
}

function jobOf({ job_id, topic, actor, state, decision, rule_id, approved_by, ran, output }: AffectedJob): string {
  const parts = [
    `${job_id}  ${topic}  by ${actor}: ${state}${ran ? '' : ', never ran'}`,
    `${decision ?? 'undecided'} by ${rule_id ?? 'no rule'}`,
    ...(approved_by.length > 0 ? [`approved by ${approved_by.join(', ')}`] : []),
    ...(output === null ? [] : [`output: ${[output.decision, ...output.findings.map(tellFinding)].join(', ')}`]),
  ];
  return parts.join('; ');
}

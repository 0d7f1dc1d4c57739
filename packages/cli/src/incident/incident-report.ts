/**
 * An incident as one report: what happened in which order, which jobs it touched, what stops it, what might be undone, and
 * tests that keep it from happening again. Made from entries alone; it decides and changes nothing.
 */
import type { ShownEntry } from '@countersign/contracts/ledger-entry';
import type { PolicyIncident } from '@countersign/contracts/policy-tests';
import { isTerminal, type JobState } from '@countersign/contracts/states';
import type { StopView } from '@countersign/contracts/stops';
import { incidentOf } from '../incident-command.ts';
import { decisionsIn, type FoundIn, findingsIn, tellEntry, textIn } from '../tell-entry.ts';
import type { Collected, CollectedJob } from './collect-incident.ts';

export const INCIDENT_FORMAT = 'countersign-incident/1';

/** `job_id`: null for what concerns no single job. Times are RFC 3339 with microseconds. */
export type IncidentLine = {
  at: string;
  job_id: string | null;
  chain: string;
  seq: number;
  kind: string;
  recorded_by: string;
  says: string;
};

export type AffectedJob = {
  job_id: string;
  topic: string;
  actor: string;
  state: string;
  decision: string | null;
  rule_id: string | null;
  approved_by: string[];
  /** Whether a worker ever had it: then it may have had its effect, however it ended. */
  ran: boolean;
  /** `none`: nothing was screened. Types and places only. */
  output: { decision: string; findings: FoundIn[] } | null;
};

/** `names_compensation`: `required` where the policy made sure; else only the request says, and asking is how one learns. */
export type UndoCandidate = {
  job_id: string;
  names_compensation: 'required' | 'unknown';
  compensated_by: string | null;
  command: string;
};

export type Incident = {
  format: typeof INCIDENT_FORMAT;
  about: Collected['about'];
  from: string;
  to: string;
  /** Jobs beyond the limit were left out. */
  cut: boolean;
  /** What this credential may not see, and what it would take. */
  not_shown: string[];
  timeline: IncidentLine[];
  jobs: AffectedJob[];
  /** In force now; null where they may not be seen. */
  stops: StopView[] | null;
  /** Ready to be typed: the narrowest first. */
  stop_commands: string[];
  undo: UndoCandidate[];
  /** For `tests/*.yaml` of a policy. */
  fixtures: PolicyIncident[];
};

export function incidentReport(collected: Collected): Incident {
  const { about, from, to, cut, not_shown, jobs, others, stops } = collected;
  const lines = [
    ...jobs.flatMap(({ job, timeline }) => timeline.map((entry) => lineOf(entry, job.job_id))),
    ...others.map((entry) => lineOf(entry, null)),
  ];
  return {
    format: INCIDENT_FORMAT,
    ...{ about, from, to, cut, not_shown },
    timeline: lines.toSorted((a, b) => compare(a.at, b.at) || compare(a.chain, b.chain) || a.seq - b.seq),
    jobs: jobs.map(affectedOf),
    stops,
    stop_commands: stopCommands(collected),
    undo: jobs.filter(({ timeline }) => didRun(timeline)).map(undoOf),
    fixtures: jobs.flatMap(fixtureOf),
  };
}

/** For a shell: in quotes that nothing can leave. */
export function quoted(text: string): string {
  return /^[\w.,@/:-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

function lineOf(entry: ShownEntry, job_id: string | null): IncidentLine {
  const { recorded_at: at, chain, seq, kind, recorded_by } = entry;
  return { at, job_id, chain, seq, kind, recorded_by, says: tellEntry(entry) };
}

/** Instants all end in six digits and `Z`, so that their order is that of their letters. */
function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

function affectedOf({ job, timeline }: CollectedJob): AffectedJob {
  const { job_id, topic, actor, state } = job;
  const stood = timeline.flatMap(decisionsIn).at(-1);
  const screened = timeline.findLast(({ kind }) => kind === 'output_screened');
  const granted = timeline.filter(({ kind, body }) => kind === 'approval_voted' && body.vote === 'approve');
  return {
    ...{ job_id, topic, actor, state },
    decision: stood?.decision ?? null,
    rule_id: stood?.rule_id ?? null,
    approved_by: granted.map((entry) => textIn(entry, 'voter') ?? '?'),
    ran: didRun(timeline),
    output:
      screened === undefined
        ? null
        : { decision: textIn(screened, 'output_decision') ?? '?', findings: findingsIn(screened) },
  };
}

function didRun(timeline: readonly ShownEntry[]): boolean {
  return timeline.some(({ kind }) => kind === 'job_running');
}

function undoOf({ job: { job_id }, timeline }: CollectedJob): UndoCandidate {
  const required = timeline.flatMap(decisionsIn).some(({ obligations }) => obligations.rollback === 'required');
  const back = timeline.findLast(({ kind, body }) => kind === 'job_followed' && body.kind === 'compensates');
  return {
    job_id,
    names_compensation: required ? 'required' : 'unknown',
    compensated_by: back === undefined ? null : textIn(back, 'by'),
    command: `countersign jobs compensate ${quoted(job_id)}`,
  };
}

function stopCommands({ about, jobs }: Collected): string[] {
  const stop = (kind: string, target: string): string =>
    `countersign stops set --kind ${kind} --target ${quoted(target)} --reason 'incident'`;
  const each = (of: (one: CollectedJob) => string | undefined): string[] => [
    ...new Set(jobs.map(of).filter((name) => name !== undefined)),
  ];
  const open = jobs.filter(({ job }) => !isTerminal(job.state as JobState));
  return [
    ...open.map(({ job }) => `countersign jobs cancel ${quoted(job.job_id)} --reason 'incident'`),
    ...each(({ job }) => job.labels.run).map((run) => stop('run', run)),
    ...[...new Set([...each(({ job }) => job.actor), ...('agent' in about ? [about.agent] : [])])].map((agent) =>
      stop('agent', agent),
    ),
    ...each(({ job }) => job.topic).map((topic) => stop('topic', topic)),
    ...each(({ job }) => job.pool ?? undefined).map((pool) => stop('pool', pool)),
    `countersign stops set --kind all --reason 'incident'`,
  ];
}

/** A job that nobody decided, or whose actor is no agent of now, is no test. */
function fixtureOf({ job, timeline }: CollectedJob): PolicyIncident[] {
  const decisions = timeline.flatMap(decisionsIn).toReversed();
  if (!decisions.some(({ gate }) => gate === 'submit')) return [];
  return [incidentOf({ job, decisions, timeline }, `incident ${job.job_id}`)];
}

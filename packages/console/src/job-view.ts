/** One job from the door to its release: how it stands, what was decided, every entry of its evidence, the result as released. */
import type { ShownJob } from '@countersign/contracts/http';
import type { ShownEntry } from '@countersign/contracts/ledger-entry';
import type { ResultView } from '@countersign/contracts/output';
import type { Told } from './api.ts';
import { heading } from './heading.ts';
import { html, type View } from './html.ts';
import type { WholeJob } from './load-job.ts';
import { DecisionView, findingsLine } from './say-decision.ts';
import { entrySays, stageOf, titleOf } from './say-entry.ts';
import { facts, seen, seenJson, utc, when } from './show-text.ts';

type Shown = { whole: WholeJob; now: number /** What belongs to it and is asked for by hand. */; more?: View };

export function JobView({ whole: { job, timeline, decisions, result }, now, more }: Shown): View {
  return html`<article>
    ${heading(seen(job.topic))}
    ${standing(job, now)}
    <section aria-labelledby="decided"><h2 id="decided">What was decided</h2>
      ${orProblem(decisions, (list) => list.toReversed().map((decision) => html`<${DecisionView} decision=${decision} />`))}</section>
    <section aria-labelledby="way"><h2 id="way">From the door to the end</h2>
      ${orProblem(timeline, (entries) => html`<ol class="way">${entries.map((entry) => step(entry, entries[0]!))}</ol>`)}</section>
    ${more}
    <section aria-labelledby="result"><h2 id="result">Result</h2>${result === null ? html`<p class="note">Whoever is signed in may not read results.</p>` : orProblem(result, released)}</section>
  </article>`;
}

function standing(job: ShownJob, now: number): View {
  const { waiting_for: waits, follows, followed_by = [], offers = [], review } = job;
  return facts([
    ['state', html`<b class=${`state ${job.state}`}>${job.state}</b>`],
    ['reason', job.reason && html`<q>${seen(job.reason)}</q>`],
    ['cancelled because', job.cancel_reason && html`<q>${seen(job.cancel_reason)}</q>`],
    ['waits for', waits?.approval_id && question(waits.approval_id, waits.groups.join(' or '))],
    ['was asked about', !waits && job.approval_id && question(job.approval_id, 'the question')],
    ['asked by', seen(job.actor)],
    ['capability', job.capability],
    ['labels', labelsOf(job.labels)],
    ['pool', job.pool && `${job.pool}, attempt ${job.attempt}`],
    ['asked', when(job.created_at, now)],
    ['changed', when(job.updated_at, now)],
    ['offered instead', offers.map(({ reason }) => html`<q>${seen(reason)}</q> `)],
    ['follows', follows && jobLink(follows.job_id, follows.kind)],
    ['review', review && (review.state === 'signed' ? `${review.outcome} by ${review.signed_by}` : review.state)],
    ['followed by', followed_by.map(({ job_id, kind }) => html`${jobLink(job_id, kind)} `)],
    ['job', html`<code>${job.job_id}</code>`],
    ['what was asked', html`<code>${job.job_hash}</code>`],
  ]);
}

function step(entry: ShownEntry, first: ShownEntry): View {
  const after = (Date.parse(entry.recorded_at) - Date.parse(first.recorded_at)) / 1000;
  const stage = stageOf(entry.kind);
  return html`<li class=${stage} key=${entry.seq}>
    <p><span class="stage">${stage}</span> <b>${titleOf(entry)}</b>${' '}
      <time class="soft" datetime=${entry.recorded_at} title=${utc(entry.recorded_at)}>${entry === first ? utc(entry.recorded_at) : `+${after.toFixed(2)} s`}</time></p>
    ${entrySays(entry)}
    <details><summary>Entry ${entry.seq} and its proof</summary>
      ${facts([
        ['recorded by', entry.recorded_by],
        ['place in the log', entry.leaf_index ?? 'not sealed yet'],
        ['hash', html`<code>${entry.hash}</code>`],
        ['entry before', html`<code>${entry.prev_hash}</code>`],
      ])}${seenJson(entry.body)}</details></li>`;
}

function released(result: ResultView): View {
  const { status, output_decision, rule_id, findings, output, output_digest, screened_at, reviewed } = result;
  return html`${facts([
    ['status', status],
    ['screened', `${output_decision}${rule_id === null ? '' : `, by rule ${rule_id}`}, ${utc(screened_at)}`],
    ['findings', findingsLine(findings)],
    ['released from quarantine', reviewed && `by ${reviewed.by.join(', ')}, ${utc(reviewed.released_at)}`],
    ['digest', html`<code>${output_digest}</code>`],
  ])}${seenJson(output)}`;
}

function orProblem<T>(told: Told<T>, show: (value: T) => View): View {
  return told.ok ? show(told.value) : html`<p class="note">${told.problem.detail}</p>`;
}

export function jobLink(job_id: string, text: View): View {
  return html`<a href=${`/console/jobs/${encodeURIComponent(job_id)}`}>${text}</a>`;
}

function question(approval_id: string, text: string): View {
  return html`<a href=${`/console/approvals/${approval_id}`}>${text}</a>`;
}

function labelsOf(labels: ShownJob['labels']): View {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}=${value}`);
  return pairs.length > 0 && seen(pairs.join(', '));
}

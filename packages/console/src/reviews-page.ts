/** What people look at afterwards: outputs that are held back, runs that policy marks, and what somebody granted alone. Content is shown to who opens it. */
import type { OpenedOutput, Quarantined } from '@countersign/contracts/quarantine';
import type { ReviewView } from '@countersign/contracts/review';
import { useState } from 'preact/hooks';
import { Act, reason, textIn } from './act.ts';
import { may, type Person } from './api.ts';
import { html, type View } from './html.ts';
import { jobLink } from './job-view.ts';
import type { Tell } from './other-votes.ts';
import { headed, LOOK_MS, useLooks, useNow, usePages, useSaid } from './router.ts';
import { findingsLine } from './say-decision.ts';
import { listed } from './show-problem.ts';
import { facts, seen, seenJson, when } from './show-text.ts';

const STATES = ['released', 'discarded'];

export function ReviewsPage({ person, tick }: { person: Person; tick: number }): View {
  const now = useNow(LOOK_MS);
  const [state, setState] = useState('');
  const held = usePages<Quarantined>(`/quarantine${state && `?state=${state}`}`, 'quarantined', useLooks());
  const single = usePages<ReviewView>('/reviews?state=open', 'reviews', tick);
  const [said, tell] = useSaid(() => Promise.all([held.again(), single.again()]));
  return html`${headed('Reviews', said)}
    <h2 id="held">Outputs held back</h2>
    <label>Which<select onChange=${(event: Event) => setState((event.target as HTMLSelectElement).value)}>
      <option value="">those to review</option>${STATES.map((each) => html`<option>${each}</option>`)}</select></label>
    ${listed(
      held.told,
      ({ rows }) => rows,
      (row) => row.job_id,
      (row) => html`<${HeldOutput} ...${{ row, person, now, tell }} />`,
      'None.',
    )}${held.more}
    <h2>Runs that policy marks, and grants by one person alone</h2>
    ${listed(
      single.told,
      ({ rows }) => rows,
      (row) => row.review_id,
      (row) => OpenReview({ row, person, tell }),
      'None.',
    )}${single.more}`;
}

type Held = { row: Quarantined; person: Person; now: number; tell: Tell; seenBefore?: OpenedOutput };

/** `seenBefore`: as it was opened. */
export function HeldOutput({ row, person, now, tell, seenBefore }: Held): View {
  const [opened, setOpened] = useState(seenBefore);
  const { job_id, topic, actor, owner, rule_id, findings, state, reviews, screened_at, output_digest } = row;
  const reviewable =
    may(person, 'quarantine:review') && owner !== person.principal && (state === 'waiting' || state === 'proposed');
  const show = (output: OpenedOutput): void => {
    setOpened(output);
    tell(`The output of ${topic} is open below; that is recorded.`);
  };
  const acts = opened ? [release(opened, tell), discard(row, tell)] : [open(row, show), discard(row, tell)];
  return html`<h3>${seen(topic)}</h3>${facts([
    ['state', html`<b class="state">${state}</b>`],
    ['of', seen(`${actor}${owner === null ? '' : `, owned by ${owner}`}`)],
    ['held back', html`by ${rule_id ?? 'no rule'}: <q>${seen(row.reason)}</q>, ${when(screened_at, now)}`],
    ['findings', findingsLine(findings)],
    ['digest', html`<code>${output_digest}</code>`],
    [
      'reviews',
      reviews.map(
        ({ action, reviewer, reason: why, at }) =>
          html`<p>${action} by ${reviewer}, ${when(at, now)}: <q>${seen(why)}</q></p>`,
      ),
    ],
    ['job', jobLink(job_id, html`<code>${job_id}</code>`)],
  ])}
  ${opened && seenJson(opened.output)}
  ${opened?.artifacts.map(heldFile)}
  ${reviewable && acts}`;
}

/** What leaves with a release of the whole: nobody lets out a file that they were not told of. */
function heldFile({ name, released_bytes, decision, findings, digest }: OpenedOutput['artifacts'][number]): View {
  return html`<p>File <q>${seen(name)}</q>, ${released_bytes} bytes, ${decision}: ${findingsLine(findings)} <code>${digest}</code></p>`;
}

function pathOf({ job_id }: Quarantined, verb: string): string {
  return `/quarantine/${encodeURIComponent(job_id)}/${verb}`;
}

function because(form: FormData): { reason: string } {
  return { reason: textIn(form, 'reason') };
}

function open(row: Quarantined, done: (output: OpenedOutput) => void): View {
  return html`<${Act} name="Open" path=${pathOf(row, 'open')} fields=${reason()} body=${because} done=${done} />`;
}

function release(opened: OpenedOutput, tell: Tell): View {
  const fields = html`${reason()}<label><input type="checkbox" name="redact" /> Without anything that a scanner finds, and without its artifacts</label>
    <label>Taken out besides, and then no file leaves: JSON pointers, one a line<textarea name="remove" rows="2" spellcheck=${false}></textarea></label>`;
  const body = (form: FormData): object => ({
    ...because(form),
    digest: opened.output_digest,
    redact: form.has('redact'),
    remove: textIn(form, 'remove')
      .split(/\s*\n\s*/)
      .filter(Boolean),
  });
  const done = ({ state, topic }: Quarantined): void =>
    tell(
      state === 'released'
        ? `The output of ${topic} is released.`
        : `It is ${state}: a second person has to release it as well.`,
    );
  return html`<${Act} name="Release" path=${pathOf(opened, 'release')} ...${{ fields, body, done }} />`;
}

function discard(row: Quarantined, tell: Tell): View {
  const done = (): void => tell(`The output of ${row.topic} is erased; its digest and evidence stay.`);
  return html`<${Act} name="Discard" path=${pathOf(row, 'discard')} fields=${reason()} body=${because} typed=${() => 'discard'} confirm=${html`<code>discard</code>`} done=${done} />`;
}

export function OpenReview({ row, person, tell }: { row: ReviewView; person: Person; tell: Tell }): View {
  const { review_id, kind, job_id, topic, requester, rule_id, apart } = row;
  const what =
    kind === 'run'
      ? html`has run (${jobLink(job_id, job_id)})`
      : html`was <a href=${`/console/approvals/${review_id}`}>granted by one person alone</a>`;
  const signs = may(person, 'approvals:review') && !apart.includes(person.principal);
  return html`<h3>${seen(topic)}</h3><p>What ${seen(requester)} asked for ${what}, by ${seen(rule_id ?? 'no rule')}.</p>${signs && sign(row, tell)}`;
}

function sign({ review_id, topic }: ReviewView, tell: Tell): View {
  const fields = html`<label>Outcome<select name="outcome"><option>accepted</option><option>finding</option></select></label>
    <label>Reason, which a finding needs<textarea name="reason" rows="2" maxlength="2000"></textarea></label>`;
  const body = (form: FormData): object => ({
    outcome: textIn(form, 'outcome'),
    reason: textIn(form, 'reason') || undefined,
  });
  const done = (): void => tell(`The review of ${topic} is signed.`);
  return html`<${Act} name="Sign off" path=${`/reviews/${review_id}/sign`} ...${{ fields, body, done }} />`;
}

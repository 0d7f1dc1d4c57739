/** What people look at afterwards: outputs that are held back, and what somebody granted alone. Content is shown to who opens it. */
import type { ApprovalView } from '@countersign/contracts/approval';
import type { OpenedOutput, Quarantined } from '@countersign/contracts/quarantine';
import { useState } from 'preact/hooks';
import { Act, reason, textIn } from './act.ts';
import { may, type Person } from './api.ts';
import { html, type View } from './html.ts';
import { jobLink } from './job-view.ts';
import { signOff, type Tell } from './other-votes.ts';
import { alone } from './question-view.ts';
import { headed, LOOK_MS, useLooks, useNow, usePages, useSaid } from './router.ts';
import { findingsLine } from './say-decision.ts';
import { listed } from './show-problem.ts';
import { facts, seen, seenJson, when } from './show-text.ts';

const STATES = ['released', 'discarded'];

export function ReviewsPage({ person, tick }: { person: Person; tick: number }): View {
  const now = useNow(LOOK_MS);
  const [state, setState] = useState('');
  const held = usePages<Quarantined>(`/quarantine${state && `?state=${state}`}`, 'quarantined', useLooks());
  const single = usePages<ApprovalView>('/approvals?break_glass=unreviewed', 'approvals', tick);
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
    <h2>Granted by one person alone, not reviewed</h2>
    ${listed(
      single.told,
      ({ rows }) => rows,
      (row) => row.approval_id,
      (row) => GrantedAlone({ row, person, tell }),
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
  ${reviewable && acts}`;
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
  const fields = html`${reason()}<label><input type="checkbox" name="redact" /> Without anything that a scanner finds</label>
    <label>Taken out besides: JSON pointers, one a line<textarea name="remove" rows="2" spellcheck=${false}></textarea></label>`;
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

export function GrantedAlone({ row, person, tell }: { row: ApprovalView; person: Person; tell: Tell }): View {
  return html`<h3><a href=${`/console/approvals/${row.approval_id}`}>${seen(row.topic)}</a></h3><p>${alone(row)}</p>
    ${signOff({ approval: row, person, tell })}`;
}

/** What else may become of a question, where its rule and its state allow it: a yes for several jobs, another offer, a grant alone. */
import type { ApprovalView } from '@countersign/contracts/approval';
import { Act, reason, textIn } from './act.ts';
import { may, type Person } from './api.ts';
import { html, type View } from './html.ts';
import type { Question } from './load-question.ts';

export type Tell = (said: string) => void;
type Asked = { approval: ApprovalView; person: Person; tell: Tell };

const OFFERED = '{\n  "payload": {}\n}';

export function OtherVotes({ question, person, tell }: { question: Question; person: Person; tell: Tell }): View {
  const { approval, votable } = question;
  const asked = { approval, person, tell };
  const { state, break_glass, requester, owner } = approval;
  const votes = may(person, 'approvals:vote') && state === 'open';
  const isParty = [requester, owner].includes(person.principal);
  return html`
    ${votes && votable && approval.grant && forSeveral(asked)}
    ${votes && votable && offerInstead(asked)}
    ${votes && break_glass && !isParty && person.groups.includes(break_glass.group) && grantAlone(asked)}
    ${state === 'open' && isParty && ['cancel', 'approvals:vote'].some((each) => may(person, each)) && withdraw(asked)}
    ${signOff(asked)}`;
}

function forSeveral({ approval, tell }: Asked): View {
  const { digest, grant } = approval;
  const number = (name: string, least: number, most: number): View =>
    html`<label>${name}, ${least} to ${most}<input type="number" name=${name} min=${least} max=${most} required /></label>`;
  const fields = html`${number('jobs', 2, grant!.max_uses)}${number('minutes', 1, grant!.max_minutes)}${comment()}`;
  const body = (form: FormData): object => ({
    digest,
    comment: textIn(form, 'comment') || undefined,
    grant: { uses: Number(form.get('jobs')), minutes: Number(form.get('minutes')) },
  });
  const done = ({ state }: ApprovalView): void => tell(`Your vote counts, for several jobs. The question is ${state}.`);
  return html`<${Act} name="Approve for several" path=${pathOf(approval, 'approve')} ...${{ fields, body, done }} />`;
}

function offerInstead({ approval, tell }: Asked): View {
  const fields = html`<p>The job is refused. Whoever asked may take the offer as a new job, decided and voted on anew.</p>
    <label>What would be otherwise, as JSON: topic, capability, labels (set, remove), payload (a merge patch), constraints
      <textarea name="change" rows="5" spellcheck=${false} required defaultValue=${OFFERED}></textarea></label>${reason()}`;
  const body = (form: FormData): object => ({
    digest: approval.digest,
    reason: textIn(form, 'reason'),
    change: JSON.parse(textIn(form, 'change')),
  });
  const done = (): void => tell('The job is refused, and the offer made.');
  return html`<${Act} name="Offer another job instead" path=${pathOf(approval, 'counter-offer')} ...${{ fields, body, done }} />`;
}

function grantAlone({ approval, tell }: Asked): View {
  const { topic, digest } = approval;
  const fields = html`<p>For emergencies: nobody else is asked, and somebody else reviews it.</p>${reason()}`;
  const body = (form: FormData): object => ({ digest, reason: textIn(form, 'reason') });
  const done = (): void => tell('Granted by you alone. Somebody else will review it.');
  return html`<${Act} name="Grant alone" path=${pathOf(approval, 'break-glass')} typed=${() => topic} confirm=${html`<code>${topic}</code>`} ...${{ fields, body, done }} />`;
}

function withdraw({ approval, tell }: Asked): View {
  const body = (form: FormData): object => ({ reason: textIn(form, 'reason') });
  const done = (): void => tell('The question is withdrawn, and its job ends.');
  return html`<${Act} name="Withdraw" path=${pathOf(approval, 'withdraw')} fields=${reason()} ...${{ body, done }} />`;
}

/** Of what somebody else granted alone. */
function signOff({ approval, person, tell }: Asked): View {
  const broken = approval.glass_broken;
  const voted = approval.votes.some(({ voter, delegated_by }) => [voter, delegated_by].includes(person.principal));
  if (!may(person, 'approvals:review') || broken?.reviewed_by !== null || voted || broken.used_by === person.principal)
    return null;
  const body = (form: FormData): object => ({ outcome: 'accepted', reason: textIn(form, 'comment') || undefined });
  const done = (): void => tell(`The grant of ${approval.topic} is signed off.`);
  const path = `/reviews/${approval.approval_id}/sign`;
  return html`<${Act} name="Sign off" path=${path} fields=${comment()} ...${{ body, done }} />`;
}

function pathOf({ approval_id }: ApprovalView, verb: string): string {
  return `/approvals/${approval_id}/${verb}`;
}

function comment(): View {
  return html`<label>Comment, shown with it<textarea name="comment" rows="2" maxlength="2000"></textarea></label>`;
}

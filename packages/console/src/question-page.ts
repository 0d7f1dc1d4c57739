/** One question in the console: shown as it stands now, voted on in place, and told of when somebody else decides it. */
import type { ApprovalView } from '@countersign/contracts/approval';
import { useState } from 'preact/hooks';
import type { Person, Told } from './api.ts';
import { ask } from './ask-browser.ts';
import { html, type View } from './html.ts';
import { loadQuestion, type Question } from './load-question.ts';
import { OtherVotes } from './other-votes.ts';
import { decidedBy, QuestionView } from './question-view.ts';
import { useNow, useTold } from './router.ts';
import { problem, waiting } from './show-problem.ts';

export function QuestionPage({ id, person, tick }: { id: string; person: Person; tick: number }): View {
  const now = useNow();
  const { told, again } = useTold<Question>((asking) => loadQuestion(asking, id), id, tick);
  const [said, setSaid] = useState<View>();
  if (told === undefined) return waiting();
  if (!told.ok) return problem(told);
  const onSubmit = async (event: Event): Promise<void> => {
    event.preventDefault();
    setSaid('Voting.');
    const { form, cast } = readBallot(event as SubmitEvent);
    const result = await castVote(id, cast, {
      digest: String(form.get('digest')),
      comment: String(form.get('comment')),
    });
    await tell(result);
  };
  const tell = async (text: string): Promise<void> => {
    await again();
    setSaid(text);
    document.querySelector<HTMLElement>('.question h1')?.focus();
  };
  const more = html`<${OtherVotes} question=${told.value} person=${person} tell=${tell} />`;
  return html`<${QuestionView} ...${{ question: told.value, person, now, said, onSubmit, more }} />`;
}

export type Cast = 'approve' | 'reject';

export function readBallot(event: SubmitEvent): { form: FormData; cast: Cast } {
  const form = new FormData(event.target as HTMLFormElement);
  return { form, cast: (event.submitter as HTMLButtonElement | null)?.value === 'approve' ? 'approve' : 'reject' };
}

/** What became of it, in words. `digest`: of what was on the screen. */
export async function castVote(id: string, cast: Cast, vote: { digest: string; comment: string }): Promise<string> {
  const comment = vote.comment.trim();
  const body = { digest: vote.digest, ...(comment === '' ? {} : { comment }) };
  const told = await ask<ApprovalView>(`/approvals/${id}/${cast}`, body);
  if (told.ok)
    return `Your vote counts: ${cast === 'approve' ? 'approved' : 'rejected'}. The question is ${told.value.state}.`;
  return `Not counted: ${await whyNot(id, told)}.`;
}

/** Somebody was quicker, or it is what the API says. */
async function whyNot(id: string, told: Extract<Told<never>, { ok: false }>): Promise<string> {
  if (told.status !== 409) return told.problem.detail;
  const now = await ask<ApprovalView>(`/approvals/${id}`);
  return now.ok && now.value.state !== 'open' ? decidedBy(now.value) : told.problem.detail;
}

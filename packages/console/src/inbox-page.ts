/** What waits for the person who looks: oldest first, with the time that is left. Several at once only with each one's digest. */
import type { ApprovalView } from '@countersign/contracts/approval';
import { useState } from 'preact/hooks';
import type { Ask, Told } from './api.ts';
import { loadPages } from './api.ts';
import { ask } from './ask-browser.ts';
import { heading } from './heading.ts';
import { html, type View } from './html.ts';
import { loadQuestion, type Question } from './load-question.ts';
import { castVote, readBallot } from './question-page.ts';
import { useNow } from './router.ts';
import { problem, waiting } from './show-problem.ts';
import { facts, relative, seen, seenJson, utc } from './show-text.ts';

/** Pages of the API that one look reads. */
const MOST_PAGES = 10;

/** Open questions that this person may vote on now, oldest first. */
export async function loadInbox(asking: Ask): Promise<Told<ApprovalView[]>> {
  const told = await loadPages<ApprovalView>(asking, '/approvals?state=open&mine=true', 'approvals', MOST_PAGES);
  return told.ok ? { ok: true, value: told.value.rows.reverse() } : told;
}

export function InboxPage({ inbox, refresh }: { inbox: Told<ApprovalView[]> | undefined; refresh: () => void }): View {
  const now = useNow();
  const [chosen, setChosen] = useState<readonly string[]>([]);
  const [batch, setBatch] = useState<readonly Question[] | null>(null);
  if (inbox === undefined) return waiting();
  if (!inbox.ok) return problem(inbox);
  const open = inbox.value;
  const picked = chosen.filter((id) => open.some(({ approval_id }) => approval_id === id));
  const choose = (id: string): void =>
    setChosen(picked.includes(id) ? picked.filter((each) => each !== id) : [...picked, id]);
  const gather = async (): Promise<void> => {
    const told = await Promise.all(picked.map((id) => loadQuestion(ask, id)));
    setBatch(told.flatMap((each) => (each.ok ? [each.value] : [])));
  };
  const leave = (): void => {
    setBatch(null);
    setChosen([]);
    refresh();
  };
  if (batch !== null) return html`<${Batch} questions=${batch} leave=${leave} />`;
  return html`${heading('Inbox')}
    <p role="status">${open.length === 0 ? 'Nothing waits for you.' : `${open.length} ${open.length === 1 ? 'question waits' : 'questions wait'} for you.`}</p>
    <ul class="cards">${open.map((approval) => html`<li key=${approval.approval_id}>${card(approval, { now, picked, choose })}</li>`)}</ul>
    ${
      open.length > 1 &&
      html`<div class="buttons"><button disabled=${picked.length < 2} onClick=${gather}>Look at ${picked.length} together</button></div>
    <p class="soft">${picked.length < 2 ? 'Choose two or more to vote on them together.' : ''}</p>`
    }`;
}

type Choosing = { now: number; picked: readonly string[]; choose: (id: string) => void };

function card(approval: ApprovalView, { now, picked, choose }: Choosing): View {
  const { approval_id, topic, requester, reason, expires_at, waiting: asked, stages } = approval;
  const left = Date.parse(expires_at) - now;
  return html`<label class="pick"><input type="checkbox" checked=${picked.includes(approval_id)} onChange=${() => choose(approval_id)} /><span class="hidden">choose ${topic} of ${requester}</span></label>
    <div><a class="title" href=${`/console/approvals/${approval_id}`}>${seen(topic)}</a>
    <p>${seen(requester)}: <q>${seen(reason)}</q></p>
    <p class="soft">${asked && `${asked.groups.join(' or ')}, stage ${asked.stage + 1} of ${stages.length}`}${' · '}
      <time datetime=${expires_at} title=${utc(expires_at)} class=${left < 300_000 ? 'soon' : ''}>expires ${relative(left)}</time></p></div>`;
}

function Batch({ questions, leave }: { questions: readonly Question[]; leave: () => void }): View {
  const [said, setSaid] = useState<Readonly<Record<string, string>>>({});
  const done = Object.keys(said).length > 0;
  const onSubmit = async (event: Event): Promise<void> => {
    event.preventDefault();
    const { form, cast } = readBallot(event as SubmitEvent);
    const comment = String(form.get('comment'));
    for (const { approval } of questions) {
      const { approval_id, digest } = approval;
      const result = await castVote(approval_id, cast, { digest, comment });
      setSaid((before) => ({ ...before, [approval_id]: result }));
    }
    document.querySelector<HTMLElement>('h1')?.focus();
  };
  return html`${heading(`${questions.length} questions together`)}
    <p>Each vote is for one digest. Nothing is voted on that is not listed here in full.</p>
    <form class="ballot" onSubmit=${onSubmit}>
      <ol class="plain">${questions.map(
        ({ approval, votable }) => html`<li class="card" key=${approval.approval_id}>
        <h2>${seen(approval.topic)}</h2>
        ${facts([
          ['asked by', seen(approval.requester)],
          ['why it waits', seen(approval.reason)],
          ['digest', html`<code class="digest">${approval.digest}</code>`],
          ['', votable ? '' : 'no vote of yours counts here'],
        ])}
        ${seenJson(approval.effective)}
        <p role="status">${said[approval.approval_id] ?? ''}</p></li>`,
      )}</ol>
      ${
        !done &&
        html`<label>Comment, shown with each vote<textarea name="comment" rows="2" maxlength="2000"></textarea></label>
      <div class="buttons"><button name="vote" value="reject" class="no">Reject these ${questions.length}</button>
      <button name="vote" value="approve" class="yes">Approve these ${questions.length}</button></div>`
      }
    </form>
    <div class="buttons"><button onClick=${leave}>Back to the inbox</button></div>`;
}

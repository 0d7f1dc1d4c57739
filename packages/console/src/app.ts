/** The console: one frame around all pages, for whoever is signed in. What somebody may not see has no link. */
import { render } from 'preact';
import { useEffect } from 'preact/hooks';
import { may, type Person } from './api.ts';
import { whoIsHere } from './ask-browser.ts';
import { heading } from './heading.ts';
import { APPROVAL_KINDS } from './heard-kinds.ts';
import { html, type View } from './html.ts';
import { InboxPage, loadInbox } from './inbox-page.ts';
import { Loaded, PAGES } from './pages.ts';
import { useEvents, usePath, useTold } from './router.ts';
import { problem, waiting } from './show-problem.ts';

function App(): View {
  const { told } = useTold(whoIsHere, 'session');
  if (told === undefined) return waiting();
  return told.ok ? html`<${Console} person=${told.value} />` : problem(told);
}

function Console({ person }: { person: Person }): View {
  const [path = ''] = usePath().split('?');
  const sees = may(person, 'approvals:read');
  const [tick, listen] = useEvents(APPROVAL_KINDS);
  listen(sees ? '/approvals/events' : null);
  const { told: inbox, again } = useTold(loadInbox, 'inbox', tick);
  const count = inbox?.ok ? inbox.value.length : 0;
  const below = path.replace(/^\/console/, '').replace(/\/$/, '');
  const page = PAGES.find((each) => each.path.test(below));
  useEffect(() => {
    (document.activeElement as HTMLElement | null)?.blur();
    document.querySelector<HTMLElement>('h1')?.focus();
    scrollTo(0, 0);
  }, [path]);
  useEffect(() => {
    document.title = `${count > 0 ? `(${count}) ` : ''}${document.querySelector('h1')?.textContent ?? 'Console'} · Countersign`;
  });
  const id = page?.path.exec(below)?.[1] ?? '';
  return html`<a class="skip" href="#main">To the content</a>
    <header><nav aria-label="Console">
      ${sees && link('/console', html`Inbox${count > 0 && html` <span class="badge">${count}<span class="hidden"> waiting</span></span>`}`, below === '')}
      ${PAGES.map(({ link: to, needs, path: own }) => to && may(person, needs) && link(...to, own.test(below)))}
    </nav>
    <form method="post" action="/console/sign-out"><input type="hidden" name="csrf" value=${person.csrf_token} />
      <span>${person.principal} <span class="soft">of ${person.tenant}</span></span> <button>Sign out</button></form></header>
    <main id="main">${
      page !== undefined
        ? html`<${Loaded} load=${page.load} shown=${{ id, person, tick }} />`
        : sees && below === ''
          ? html`<${InboxPage} inbox=${inbox} refresh=${again} />`
          : html`${heading('Console')}<p>Choose above.</p>`
    }</main>`;
}

function link(href: string, text: View, isHere: boolean): View {
  return html`<a href=${href} aria-current=${isHere ? 'page' : undefined}>${text}</a>`;
}

const root = document.getElementById('console');
if (root !== null) {
  // What the server made for whoever has no script gives way.
  root.replaceChildren();
  render(html`<${App} />`, root);
}

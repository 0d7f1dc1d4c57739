/** The pages of the console: where each is, what one needs to see it, and what the menu calls it. Each is loaded when it is gone to. */
import type { Person, Told } from './api.ts';
import { html, type View } from './html.ts';
import { useTold } from './router.ts';
import { problem, waiting } from './show-problem.ts';

/** `id`: what the path names; `tick` changes when something became of an approval. */
type Shown = { id: string; person: Person; tick: number };
type Load = () => Promise<(shown: Shown) => View>;
type Page = {
  /** Below the console. */
  path: RegExp;
  /** In the menu. */
  link?: readonly [href: string, text: string];
  needs: string;
  load: Load;
};

export const PAGES: readonly Page[] = [
  {
    path: /^\/approvals\/([\w-]+)$/,
    needs: 'approvals:read',
    load: () => import('./question-page.ts').then((page) => page.QuestionPage),
  },
  { path: /^\/jobs\/([^/]+)$/, needs: 'jobs:read', load: () => import('./job-page.ts').then((page) => page.JobPage) },
  {
    ...menu('reviews', 'Reviews'),
    needs: 'quarantine:read',
    load: () => import('./reviews-page.ts').then((page) => page.ReviewsPage),
  },
  {
    ...menu('jobs', 'Jobs'),
    needs: 'jobs:read',
    load: () => import('./search-page.ts').then((page) => page.SearchPage),
  },
  {
    ...menu('stops', 'Stops'),
    needs: 'stops:read',
    load: () => import('./stops-page.ts').then((page) => page.StopsPage),
  },
  {
    ...menu('policy', 'Policy'),
    needs: 'policy:read',
    load: () => import('./policy-page.ts').then((page) => page.PolicyPage),
  },
  { ...menu('kpis', 'KPIs'), needs: 'kpis:read', load: () => import('./kpis-page.ts').then((page) => page.KpisPage) },
  {
    path: /^\/registry\/(agents|people|keys|workers)$/,
    link: ['/console/registry/agents', 'Who may act'],
    needs: 'identity:read',
    load: () => import('./registry-page.ts').then((page) => page.RegistryPage),
  },
];

export function Loaded({ load, shown }: { load: Load; shown: Shown }): View {
  const { told } = useTold(() => tryTo(load), String(load));
  if (told === undefined) return waiting();
  return told.ok ? html`<${told.value} key=${shown.id} ...${shown} />` : problem(told);
}

async function tryTo(load: Load): Promise<Told<(shown: Shown) => View>> {
  try {
    return { ok: true, value: await load() };
  } catch {
    return { ok: false, status: 0, problem: { code: 'unreachable', detail: 'the page did not load' } };
  }
}

function menu(name: string, text: string): Pick<Page, 'path' | 'link'> {
  return { path: new RegExp(`^/${name}$`), link: [`/console/${name}`, text] };
}

/** The pages of the console: where each is, what one needs to see it, and what the menu calls it. */
import type { Person } from './api.ts';
import { html, type View } from './html.ts';
import { JobPage } from './job-page.ts';
import { KpisPage } from './kpis-page.ts';
import { PolicyPage } from './policy-page.ts';
import { QuestionPage } from './question-page.ts';
import { RegistryPage } from './registry-page.ts';
import { ReviewsPage } from './reviews-page.ts';
import { SearchPage } from './search-page.ts';
import { StopsPage } from './stops-page.ts';

/** `id`: what the path names; `tick` changes when something became of an approval. */
export type Shown = { id: string; person: Person; tick: number };
export type Page = {
  /** Below the console. */
  path: RegExp;
  /** In the menu. */
  link?: readonly [href: string, text: string];
  needs: string;
  show: (shown: Shown) => View;
};

export const PAGES: readonly Page[] = [
  { path: /^\/approvals\/([\w-]+)$/, needs: 'approvals:read', show: (shown) => html`<${QuestionPage} ...${shown} />` },
  { path: /^\/jobs\/([^/]+)$/, needs: 'jobs:read', show: (shown) => html`<${JobPage} ...${shown} />` },
  { ...menu('reviews', 'Reviews'), needs: 'quarantine:read', show: (shown) => html`<${ReviewsPage} ...${shown} />` },
  { ...menu('jobs', 'Jobs'), needs: 'jobs:read', show: () => html`<${SearchPage} />` },
  { ...menu('stops', 'Stops'), needs: 'stops:read', show: (shown) => html`<${StopsPage} ...${shown} />` },
  { ...menu('policy', 'Policy'), needs: 'policy:read', show: (shown) => html`<${PolicyPage} ...${shown} />` },
  { ...menu('kpis', 'KPIs'), needs: 'kpis:read', show: () => html`<${KpisPage} />` },
  {
    path: /^\/registry\/(agents|people|keys|workers)$/,
    link: ['/console/registry/agents', 'Who may act'],
    needs: 'identity:read',
    show: (shown) => html`<${RegistryPage} ...${shown} />`,
  },
];

function menu(name: string, text: string): Pick<Page, 'path' | 'link'> {
  return { path: new RegExp(`^/${name}$`), link: [`/console/${name}`, text] };
}

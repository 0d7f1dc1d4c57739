/** Jobs of the tenant, searched by all that is known of them. What is looked for stands in the address, so that it can be passed on. */
import type { JobView } from '@countersign/contracts/job';
import { JOB_STATES } from '@countersign/contracts/states';
import { textIn } from './act.ts';
import { queryOf } from './api.ts';
import { html, type View } from './html.ts';
import { goTo, headed, LOOK_MS, useNow, usePages } from './router.ts';
import { SAYS, SUBMIT_DECISIONS } from './say-decision.ts';
import { listed } from './show-problem.ts';
import { seen, when } from './show-text.ts';

const FIELDS = ['actor', 'topic', 'run', 'rule', 'pool', 'label'];
const HINTS: Readonly<Record<string, string>> = { topic: ' (job.desk.* for all below)', label: ' (name=value)' };

export function SearchPage(): View {
  const now = useNow(LOOK_MS);
  const query = location.search;
  const { told, more } = usePages<JobView>(`/jobs${query}`, 'jobs');
  const onSubmit = (event: Event): void => {
    event.preventDefault();
    const asked = queryOf(searched(new FormData(event.target as HTMLFormElement)));
    goTo(location.pathname + asked);
  };
  return html`${headed('Jobs')}${searchForm(new URLSearchParams(query), onSubmit)}
    ${listed(
      told,
      ({ rows }) => rows,
      ({ job_id }) => job_id,
      (job) => found(job, now),
      'Nothing was found so far.',
    )}${more}`;
}

/** As the API takes it; times are typed in UTC, to the minute. */
export function searched(form: FormData): Record<string, string> {
  const times = ['from', 'to'].map((name) => [name, textIn(form, name) && `${textIn(form, name)}:00Z`]);
  const rest = [...FIELDS, 'state', 'decision'].map((name) => [name, textIn(form, name)]);
  return Object.fromEntries([...times, ...rest]);
}

export function searchForm(now: URLSearchParams, onSubmit: (event: Event) => void): View {
  const value = (name: string): string => now.get(name) ?? '';
  const choice = (name: string, choices: readonly string[]): View =>
    html`<label>${name}<select name=${name}><option value="">any</option>${choices.map((each) => html`<option value=${each} selected=${value(name) === each}>${SAYS[each] ?? each}</option>`)}</select></label>`;
  return html`<form class="grid" role="search" key=${String(now)} onSubmit=${onSubmit}>
    ${['from', 'to'].map((name) => html`<label>${name} (UTC)<input type="datetime-local" name=${name} defaultValue=${value(name).slice(0, 16)} /></label>`)}
    ${FIELDS.map((name) => html`<label>${name}${HINTS[name]}<input type="text" name=${name} autocomplete="off" spellcheck=${false} defaultValue=${value(name)} /></label>`)}
    ${choice('state', JOB_STATES)}${choice('decision', SUBMIT_DECISIONS)}
    <div class="buttons"><button>Search</button></div></form>`;
}

function found(job: JobView, now: number): View {
  const { job_id, topic, actor, state, decision, rule_id, pool, created_at } = job;
  return html`<a class="title" href=${`/console/jobs/${encodeURIComponent(job_id)}`}>${seen(topic)}</a> <b class=${`state ${state}`}>${state}</b>
    <p>${seen(actor)}, ${when(created_at, now)}</p>
    <p class="soft">${SAYS[decision] ?? decision}, by ${rule_id ?? 'no rule'}${pool && `, in pool ${pool}`}</p>`;
}

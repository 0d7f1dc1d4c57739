/** The policy in force and those before it: their texts, what is different between two, and what one of them says to a request. */
import type { PolicyDocument } from '@countersign/contracts/evidence';
import type { Explanation } from '@countersign/contracts/http';
import type { BundleView, ReplayAnswer, ShadowView } from '@countersign/contracts/policy-rollout';
import { useState } from 'preact/hooks';
import { textIn } from './act.ts';
import { type Ask, may, type Person, type Told } from './api.ts';
import { ask } from './ask-browser.ts';
import { type Changed, diffLines } from './diff-lines.ts';
import { html, type View } from './html.ts';
import { headed, LOOK_MS, useNow, usePages, useTold } from './router.ts';
import { listed, problemLine } from './show-problem.ts';
import { facts, seen, seenJson, when } from './show-text.ts';

type Answer = { ok: true; value: Explanation } | { ok: false; error: { detail: string } };
type Texts = Readonly<Record<string, string>>;

const WEEK_MS = 7 * 86_400_000;
const REQUEST = '{\n  "topic": "job.demo.read",\n  "prompt": "status"\n}';

export function PolicyPage({ person }: { person: Person }): View {
  const now = useNow(LOOK_MS);
  const { told, more } = usePages<BundleView>('/policy/bundles', 'bundles');
  const { told: shadow } = useTold<{ shadow: ShadowView | null }>((asking) => asking('/policy/shadow'), 'shadow');
  const shadowing = shadow?.ok && shadow.value.shadow;
  const bundles = told?.ok ? told.value.rows : [];
  return html`${headed('Policy')}
    ${shadowing && html`<p class="note">Version ${shadowing.version} decides beside the active one, affecting nothing, until ${when(shadowing.until, now)}.</p>`}
    <h2>Versions</h2>
    ${listed(
      told,
      ({ rows }) => rows,
      ({ snapshot }) => snapshot,
      (bundle) => shown(bundle, now),
      'None is published.',
    )}${more}
    ${bundles.length > 0 && html`<h2>Text</h2><${Comparing} bundles=${bundles} />`}
    ${may(person, 'explain') && html`<h2>What would it say?</h2><${Asking} bundles=${bundles} person=${person} />`}`;
}

function shown(bundle: BundleView, now: number): View {
  const { version, state, tenants, snapshot, published_by, published_at, not_after, key_ids } = bundle;
  return html`<h3>Version ${version}</h3>${facts([
    ['state', html`<b class=${state === 'active' ? 'yes' : ''}>${state}</b>`],
    ['for', tenants.map((tenant) => (tenant === '*' ? 'every tenant without its own' : tenant)).join(', ')],
    ['published', html`${when(published_at, now)}${published_by && ` by ${published_by}`}`],
    ['signed with', key_ids.join(', ')],
    ['ends', when(not_after, now)],
    ['snapshot', html`<code>${snapshot}</code>`],
  ])}`;
}

function versions(name: string, label: string, bundles: readonly BundleView[], none: string): View {
  return html`<label>${label}<select name=${name}><option value="">${none}</option>${bundles.map(({ version, snapshot }) => html`<option value=${name === 'version' ? version : snapshot}>version ${version}</option>`)}</select></label>`;
}

function Comparing({ bundles }: { bundles: readonly BundleView[] }): View {
  const [texts, setTexts] = useState<Told<[before: Texts, after: Texts]>>();
  const onSubmit = async (event: Event): Promise<void> => {
    event.preventDefault();
    const form = new FormData(event.target as HTMLFormElement);
    setTexts(await loadBoth(ask, textIn(form, 'before'), textIn(form, 'after') || bundles[0]!.snapshot));
  };
  return html`<form class="grid" onSubmit=${onSubmit}>${versions('after', 'Of', bundles, 'the newest')}${versions('before', 'Compared with', bundles, 'nothing')}
    <div class="buttons"><button>Show</button></div></form>
    <div role="status">${texts && (texts.ok ? differences(...texts.value) : problemLine(texts))}</div>`;
}

async function loadBoth(asking: Ask, before: string, after: string): Promise<Told<[Texts, Texts]>> {
  const load = async (snapshot: string): Promise<Told<Texts>> => {
    if (snapshot === '') return { ok: true, value: {} };
    const told = await asking<PolicyDocument>(`/policies/${snapshot}`);
    return told.ok ? { ok: true, value: JSON.parse(told.value.document).files } : told;
  };
  const [left, right] = await Promise.all([load(before), load(after)]);
  if (!left.ok) return left;
  return right.ok ? { ok: true, value: [left.value, right.value] } : right;
}

/** Files of both, those that are the same by name alone; without `before`, all of the text. */
export function differences(before: Texts, after: Texts): View {
  const isText = Object.keys(before).length === 0;
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
  return names.map((name) => {
    const [left = '', right = ''] = [before[name], after[name]];
    if (left === right) return html`<p><code>${name}</code>: the same</p>`;
    const lines = isText ? seen(right) : diffLines(left.split('\n'), right.split('\n')).map(line);
    return html`<h3><code>${name}</code></h3><pre class="content" tabindex="0">${lines}</pre>`;
  });
}

function line([sign, text]: Changed): View {
  if (sign === ' ') return html`  ${seen(text)}\n`;
  return sign === '+' ? html`<ins>+ ${seen(text)}${'\n'}</ins>` : html`<del>- ${seen(text)}${'\n'}</del>`;
}

function Asking({ bundles, person }: { bundles: readonly BundleView[]; person: Person }): View {
  const [said, setSaid] = useState<View>();
  const tries = may(person, 'policy:try');
  const onSubmit = async (event: Event): Promise<void> => {
    event.preventDefault();
    const form = new FormData(event.target as HTMLFormElement);
    const version = Number(form.get('version'));
    const candidate = version > 0 ? { version } : undefined;
    const history = (event as SubmitEvent).submitter?.getAttribute('value') === 'history';
    setSaid('One moment.');
    setSaid(history ? await replay(candidate) : await explain(textIn(form, 'request'), candidate));
  };
  return html`<form onSubmit=${onSubmit}>
    ${tries && versions('version', 'Asked', bundles, 'the active one')}
    <label>A job as it would be submitted, as JSON; nothing is stored, and you ask<textarea name="request" rows="5" spellcheck=${false} defaultValue=${REQUEST}></textarea></label>
    <div class="buttons"><button>Explain</button>${tries && html`<button value="history">Decide the last 7 days again</button>`}</div></form>
    <div role="status">${said}</div>`;
}

async function explain(request: string, candidate?: object): Promise<View> {
  try {
    const told = await ask<{ answers: Answer[] }>('/policy/explain', { requests: [JSON.parse(request)], candidate });
    if (!told.ok) return problemLine(told);
    const [answer] = told.value.answers;
    return answer!.ok
      ? html`<pre class="content" tabindex="0">${seen(answer!.value.text)}</pre>`
      : html`<p class="caution">${answer!.error.detail}</p>`;
  } catch (thrown) {
    return html`<p class="caution">${(thrown as Error).message}</p>`;
  }
}

/** What-if on history. */
async function replay(candidate?: object): Promise<View> {
  const [from, to] = [Date.now() - WEEK_MS, Date.now()].map((at) => new Date(at).toISOString());
  const told = await ask<ReplayAnswer>('/policy/replay', { candidate, from, to });
  if (!told.ok) return problemLine(told);
  const { jobs, replayed, same, changes, groups } = told.value;
  return html`<p>Of ${jobs} jobs ${replayed} were decided again, ${same} as before.</p>${Object.keys(changes).length > 0 && seenJson({ changes, groups })}`;
}

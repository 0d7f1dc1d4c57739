/** What is stopped, and the kill switch: set with a reason and the target typed twice, lifted with a reason, by two where it was set so. */
import type { StopList, StopView } from '@countersign/contracts/stops';
import { Act, reason, textIn } from './act.ts';
import { may, type Person, type Told } from './api.ts';
import { html, type View } from './html.ts';
import { headed, LOOK_MS, useLooks, useNow, useSaid, useTold } from './router.ts';
import { listed } from './show-problem.ts';
import { facts, seen, when } from './show-text.ts';

const KINDS = ['agent', 'topic', 'pool', 'run', 'capability', 'tenant', 'all'];

type Stops = { told: Told<StopList> | undefined; person: Person; now: number; tell: (said: string) => void };

export function StopsPage({ person }: { person: Person }): View {
  const now = useNow(LOOK_MS);
  const { told, again } = useTold<StopList>((asking) => asking('/stops'), 'stops', useLooks());
  const [said, tell] = useSaid(again);
  return html`${headed('Stops', said)}<${StopsView} ...${{ told, person, now, tell }} />`;
}

export function StopsView({ told, person, now, tell }: Stops): View {
  const sets = may(person, 'stops:write');
  return html`${listed(
    told,
    ({ stops }) => stops,
    ({ switch_id }) => switch_id,
    (stop) => shown(stop, { person, now, tell, sets }),
    'Nothing is stopped.',
  )}
    ${sets && html`<h2>Stop something</h2><p>What matches waits, and what runs is ended, within a second.</p>${setting(person, tell)}`}`;
}

function shown(stop: StopView, { person, now, tell, sets }: Omit<Stops, 'told'> & { sets: boolean }): View {
  const { switch_id, kind, target, tenant, reason: because, set_at, set_by, expires_at, lift } = stop;
  const asked = stop.lift_requested_by;
  const reaches = may(person, 'stops:global') || tenant === person.tenant;
  const lifted = (answer: { lifted: boolean }): void =>
    tell(
      answer.lifted ? `The stop of ${kind} ${target} is lifted.` : 'It stands until a second person lifts it as well.',
    );
  return html`<h2>${kind} ${seen(target)}</h2>
    ${facts([
      ['because', html`<q>${seen(because)}</q>`],
      ['reaches', tenant ?? 'every tenant'],
      ['since', html`${when(set_at, now)}${set_by && ` by ${set_by}`}`],
      ['ends by itself', when(expires_at, now)],
      [
        'lifting takes',
        lift === 'two_person' ? `two people${asked === null ? '' : `, of whom ${asked} was the first`}` : 'one person',
      ],
    ])}
    ${
      sets &&
      reaches &&
      asked !== person.principal &&
      html`<${Act} name="Lift" path=${`/stops/${switch_id}/lift`} fields=${reason()} body=${(form: FormData) => ({ reason: textIn(form, 'reason') })} done=${lifted} />`
    }`;
}

function setting(person: Person, tell: Stops['tell']): View {
  const fields = html`<label>What<select name="kind">${KINDS.map((kind) => html`<option>${kind}</option>`)}</select></label>
    <label>Target: a name, or a pattern of topic or capability. Of "all" it stays empty<input type="text" name="target" autocomplete="off" spellcheck=${false} /></label>
    ${reason()}
    <label>Ends by itself after so many minutes; empty: never<input type="number" name="minutes" min="1" /></label>
    <label><input type="checkbox" name="two" /> Two people lift it</label>
    ${may(person, 'stops:global') && html`<label><input type="checkbox" name="everywhere" /> Of every tenant</label>`}`;
  const body = (form: FormData): object => ({
    kind: form.get('kind'),
    reason: textIn(form, 'reason'),
    lift: form.has('two') ? 'two_person' : 'one_person',
    everywhere: form.has('everywhere'),
    ...(form.get('kind') === 'all' ? {} : { target: textIn(form, 'target') }),
    ...(textIn(form, 'minutes') === '' ? {} : { expires_in: 60 * Number(form.get('minutes')) }),
  });
  const typed = (form: FormData): string => (form.get('kind') === 'all' ? 'all' : textIn(form, 'target'));
  const done = ({ kind, target }: StopView): void => tell(`Stopped: ${kind} ${target}.`);
  return html`<${Act} name="Stop" path="/stops" confirm="the target once more (of all: all)" ...${{ fields, body, typed, done }} />`;
}

/** Who may act here: agents, people, workers and their keys, with their last use; each is revoked with a reason and its name typed. */
import type { AgentView, KeyView, PersonView, WorkerView } from '@countersign/contracts/identity';
import { Act, reason, textIn } from './act.ts';
import { may, type Person, type Rows, type Told } from './api.ts';
import { html, type View } from './html.ts';
import { headed, LOOK_MS, useNow, usePages, useSaid } from './router.ts';
import { listed } from './show-problem.ts';
import { facts, seen, when } from './show-text.ts';

type Row = Partial<AgentView & PersonView & KeyView & WorkerView> & { created_at: string; revoked_at: string | null };
type Kind = { reads: string; writes: string; what: string };
const IDENTITY = { reads: 'identity:read', writes: 'identity:write' };
const KINDS: Readonly<Record<string, Kind>> = {
  agents: { ...IDENTITY, what: 'The agent with all its keys; what it has under way ends.' },
  people: { ...IDENTITY, what: 'The person with all their keys; no vote of theirs counts any more.' },
  keys: { ...IDENTITY, what: 'This key alone; what was asked for with it goes on.' },
  workers: {
    reads: 'workers:read',
    writes: 'workers:write',
    what: 'No claim, no lease and no result of it counts any more.',
  },
};

export function RegistryPage({ id, person }: { id: string; person: Person }): View {
  const { told, more, again } = usePages<Row>(`/${id}`, id);
  const [said, tell] = useSaid(again);
  return html`${headed('Who may act', said)}<${RegistryView} ...${{ id, told, person, now: useNow(LOOK_MS), tell }} />${more}`;
}

type Shown = {
  id: string;
  told: Told<Rows<Row>> | undefined;
  person: Person;
  now: number;
  tell: (said: string) => void;
};

export function RegistryView({ id, told, person, now, tell }: Shown): View {
  const kinds = Object.keys(KINDS).filter((kind) => may(person, KINDS[kind]!.reads));
  const { writes, what } = KINDS[id]!;
  const card = (row: Row): View => {
    const name = nameOf(row);
    const revoked = (): void => tell(`${name} is revoked.`);
    return html`<h2>${seen(name)}</h2>${facts(factsOf(row, now))}
      ${
        may(person, writes) &&
        row.revoked_at === null &&
        name !== person.principal &&
        html`<${Act} name="Revoke" path=${`/${id}/${name.split('/').map(encodeURIComponent).join('/')}/revoke`} fields=${html`<p>${what}</p>${reason()}`}
          body=${(form: FormData) => ({ reason: textIn(form, 'reason') })} typed=${() => name} confirm=${html`<code>${name}</code>`} done=${revoked} />`
      }`;
  };
  return html`<nav aria-label="Kinds">${kinds.map((kind) => html`<a href=${`/console/registry/${kind}`} aria-current=${kind === id ? 'page' : undefined}>${kind}</a>`)}</nav>
    ${listed(told, ({ rows }) => rows, nameOf, card, 'None.')}`;
}

function nameOf({ key_id, id, pool, worker }: Row): string {
  return key_id ?? id ?? `${pool}/${worker}`;
}

function factsOf(row: Row, now: number): [string, View][] {
  const { owner, ceiling, groups, person, principal, permissions, expires_at, ended } = row;
  const { signing_key, former_key_until, created_at, revoked_at, last_used_at } = row;
  return [
    [
      'state',
      html`<b class=${revoked_at || ended ? 'no' : 'yes'}>${revoked_at ? 'revoked' : ended ? 'ended' : 'active'}</b>`,
    ],
    ['of', principal],
    ['owner', owner],
    ['may ask for', ceiling && [...ceiling.topics, ...ceiling.capabilities].join(', ')],
    ['groups', groups?.join(', ')],
    ['same human as', person],
    ['may', permissions?.join(', ')],
    ['last used', last_used_at === undefined ? null : when(last_used_at, now)],
    ['ends', expires_at && when(expires_at, now)],
    ['signs', signing_key && 'its own requests'],
    ['former key good until', former_key_until && when(former_key_until, now)],
    ['made', when(created_at, now)],
    ['revoked', revoked_at && when(revoked_at, now)],
  ];
}

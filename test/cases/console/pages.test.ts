/** Pages of the console, rendered without a browser: what each role is offered, and that texts of others stay texts. */
import { type Person, queryOf } from '@countersign/console/api';
import { html } from '@countersign/console/html';
import type { Question } from '@countersign/console/load-question';
import { OtherVotes } from '@countersign/console/other-votes';
import { PAGES } from '@countersign/console/pages';
import { RegistryView } from '@countersign/console/registry-page';
import { renderView } from '@countersign/console/render-view';
import { HeldOutput, OpenReview } from '@countersign/console/reviews-page';
import { SUBMIT_DECISIONS } from '@countersign/console/say-decision';
import { searched, searchForm } from '@countersign/console/search-page';
import { listed } from '@countersign/console/show-problem';
import { StopsView } from '@countersign/console/stops-page';
import { ACCESS } from '@countersign/contracts/access';
import { glassBreaking, yes } from '@countersign/contracts/approval';
import { counterOffer } from '@countersign/contracts/counter-offer';
import { DECISIONS } from '@countersign/contracts/decision';
import { jobQuery } from '@countersign/contracts/http';
import { PERMISSION_SETS, ROLES, type Role } from '@countersign/contracts/permissions';
import { describe, expect, test } from 'vitest';
import { openQuestion } from '../ingress/play-peers.ts';

const AT = '2026-11-26T05:00:00.000000Z';
const HOSTILE = '<img src=x onerror=alert(1)>\u202E"\'';
const now = Date.parse(AT) + 61_000;

function personOf(role: Role, more: readonly string[] = []): Person {
  const who = { principal: role, type: 'human' as const, tenant: 'acme', groups: [], auth_method: 'session' };
  return { ...who, permissions: [...PERMISSION_SETS[role], ...more], on_behalf_of: [], csrf_token: 'c' };
}

/** Names of what may be pressed. */
function buttonsIn(text: string): string[] {
  return [...text.matchAll(/<button[^>]*>([^<]*)</g)].map(([, name]) => name!);
}

test('a page is in the menu of exactly those who may call what it is made of', async () => {
  const made = {
    ...{ reviews: 'GET /quarantine', jobs: 'GET /jobs', stops: 'GET /stops', policy: 'GET /policy/bundles' },
    ...{ kpis: 'GET /kpis', registry: 'GET /agents' },
  } as const;
  const access: Readonly<Record<string, readonly Role[]>> = ACCESS;
  // An agent sees its own jobs alone, and has no inbox.
  const people = ROLES.filter((role) => role !== 'agent');
  const menu = PAGES.filter(({ link }) => link !== undefined);
  expect(menu.map(({ link }) => link![0].split('/')[2])).toEqual(Object.keys(made));
  for (const { load } of PAGES) expect(await load()).toBeTypeOf('function');
  for (const { link, needs, path } of menu) {
    expect(path.test(link![0].slice('/console'.length)), link![0]).toBe(true);
    const seen = people.filter((role) => personOf(role).permissions.includes(needs));
    const may = access[made[link![0].split('/')[2] as keyof typeof made]]!;
    expect(seen, link![0]).toEqual(people.filter((role) => may.includes(role)));
  }
});

describe('stops', () => {
  const stop = {
    ...{
      switch_id: 's1',
      kind: 'agent' as const,
      target: 'desk',
      tenant: 'acme',
      reason: HOSTILE,
      set_at: AT,
      set_by: 'eve',
    },
    ...{ expires_at: null, lift: 'two_person' as const, lift_requested_at: null, lift_requested_by: null },
  };
  const show = (person: Person, ...stops: Partial<typeof stop>[]): string => {
    const value = { stops: stops.map((more) => ({ ...stop, ...more })) };
    return renderView(html`<${StopsView} ...${{ told: { ok: true, value }, person, now, tell: () => undefined }} />`);
  };

  test('are set and lifted by those who may, and each only where it would count', () => {
    expect(buttonsIn(show(personOf('auditor'), {}))).toEqual([]);
    for (const role of ['operator', 'admin'] as const)
      expect(buttonsIn(show(personOf(role), {}))).toEqual(['Lift', 'Stop']);
    const everywhere = { tenant: null as never };
    const global = personOf('operator', ['stops:global']);
    expect(buttonsIn(show(personOf('operator'), everywhere))).toEqual(['Stop']);
    expect(buttonsIn(show(global, everywhere))).toEqual(['Lift', 'Stop']);
    expect(show(global)).toContain('name="everywhere"');
    expect(show(personOf('operator'))).not.toContain('name="everywhere"');
    const asked = { lift_requested_by: 'operator' as never };
    expect(buttonsIn(show(personOf('operator'), asked))).toEqual(['Stop']);
    expect(show(personOf('admin'), asked)).toContain('two people, of whom operator was the first');
    expect(show(personOf('admin'), {})).not.toContain('<img');
  });
});

describe('who may act', () => {
  const key = {
    ...{ key_id: 'key_1', tenant: 'acme', principal: HOSTILE, permissions: ['submit'], expires_at: AT, ended: false },
    created_at: AT,
  };
  const show = (id: string, person: Person, row: object): string => {
    const told = { ok: true, value: { rows: [{ revoked_at: null, last_used_at: null, ...row }], more: false } };
    return renderView(html`<${RegistryView} ...${{ id, told, person, now, tell: () => undefined }} />`);
  };

  test('is shown with its last use, and revoked by an admin alone, workers by who may', () => {
    const plain = show('keys', personOf('admin'), key);
    expect(plain.replaceAll(/<[^>]*>/g, '')).toMatch(/last usednever.*made2026-11-26/);
    expect(plain).not.toContain('<img');
    expect(buttonsIn(plain)).toEqual(['Revoke']);
    expect(buttonsIn(show('keys', personOf('admin'), { ...key, revoked_at: AT }))).toEqual([]);
    for (const role of ['operator', 'auditor'] as const)
      expect(buttonsIn(show('keys', personOf(role), key))).toEqual([]);
    const worker = { pool: 'infra', worker: 'w1', created_at: AT };
    expect(show('keys', personOf('admin'), key)).not.toContain('/registry/workers');
    expect(buttonsIn(show('workers', personOf('operator', ['workers:read']), worker))).toEqual([]);
    const mayRevoke = show('workers', personOf('admin', ['workers:read', 'workers:write']), worker);
    expect([buttonsIn(mayRevoke), mayRevoke.includes('/registry/workers')]).toEqual([['Revoke'], true]);
    expect(buttonsIn(show('people', personOf('admin'), { id: 'admin', groups: [], created_at: AT }))).toEqual([]);
  });
});

describe('jobs are searched', () => {
  test('by all that the API takes, as it takes it', () => {
    expect(SUBMIT_DECISIONS).toEqual([...DECISIONS]);
    const form = new FormData();
    for (const [name, value] of Object.entries({
      from: '2026-11-26T05:00',
      to: '',
      actor: ' desk-agent ',
      state: 'held',
    }))
      form.set(name, value);
    const query = queryOf(searched(form));
    expect(jobQuery.parse(Object.fromEntries(new URLSearchParams(query)))).toEqual({
      ...{ from: '2026-11-26T05:00:00Z', actor: 'desk-agent', state: 'held' },
    });
    expect(Object.keys(searched(form)).sort()).toEqual(
      Object.keys(jobQuery.shape)
        .filter((name) => !['cursor', 'limit'].includes(name))
        .sort(),
    );
    const shown = renderView(searchForm(new URLSearchParams(query), () => undefined));
    expect(shown).toMatch(/value="2026-11-26T05:00"/);
    expect(shown).toMatch(/<option[^>]* selected[^>]*>held/);
  });
});

describe('reviews', () => {
  const row = {
    ...{
      tenant: 'acme',
      job_id: 'job-1',
      dispatch_id: '',
      topic: 'job.desk.read',
      actor: 'desk',
      owner: 'carl',
      rule_id: null,
    },
    ...{
      reason: HOSTILE,
      findings: [],
      output_digest: `sha256:${'a'.repeat(64)}`,
      screened_at: AT,
      state: 'waiting' as const,
      reviews: [],
    },
  };
  const file = {
    ...{ name: HOSTILE, digest: `sha256:${'f'.repeat(64)}`, artifact_digest: '', salt: '', decision: 'quarantine' },
    ...{ findings: [], released_digest: '', released_bytes: 3 },
  };
  const show = (person: Person, more: object = {}, seenBefore?: object): string =>
    renderView(
      html`<${HeldOutput} ...${{ row: { ...row, ...more }, person, now, tell: () => undefined, seenBefore }} />`,
    );

  test('an output is opened before it is released, by who may review and does not own the agent', () => {
    expect(buttonsIn(show(personOf('approver')))).toEqual(['Open', 'Discard']);
    const opened = show(personOf('approver'), {}, { ...row, output: { note: HOSTILE }, artifacts: [file] });
    expect(buttonsIn(opened)).toEqual(['Release', 'Discard']);
    expect(opened).not.toMatch(/<img|\u202E/);
    expect(opened).toContain(file.digest);
    expect(buttonsIn(show({ ...personOf('approver'), principal: 'carl' }))).toEqual([]);
    expect(buttonsIn(show(personOf('approver'), { state: 'released' }))).toEqual([]);
    for (const role of ['operator', 'auditor', 'admin'] as const) expect(buttonsIn(show(personOf(role)))).toEqual([]);
  });

  test('a run that policy marks, and what one person granted alone, are signed off by another who may', () => {
    const review = {
      ...{
        review_id: '00000000-0000-7000-8000-00000000000a',
        tenant: 'acme',
        job_id: 'job-1',
        state: 'open',
        topic: 'job.a',
      },
      ...{ capability: null, requester: 'desk', owner: 'carl', on_behalf_of: null, rule_id: HOSTILE, opened_at: AT },
      ...{ apart: ['desk', 'carl', 'bob'], outcome: null, signed_by: null, signed_at: null, reason: null },
    };
    for (const kind of ['run', 'break_glass']) {
      const shown = (person: Person): string =>
        renderView(html`<${OpenReview} ...${{ row: { ...review, kind }, person, tell: () => undefined }} />`);
      expect(ROLES.filter((role) => buttonsIn(shown(personOf(role))).length > 0)).toEqual(['auditor', 'admin']);
      expect(buttonsIn(shown({ ...personOf('auditor'), principal: 'bob' }))).toEqual([]);
      expect(shown(personOf('auditor'))).not.toMatch(/<img|\u202E/);
      expect(shown(personOf('auditor'))).toContain(kind === 'run' ? '/console/jobs/job-1' : '/console/approvals/');
    }
  });

  test('a card keeps what is typed in it when another comes before it', () => {
    const told = { ok: true as const, value: ['a', 'b'] };
    const list: any = listed(
      told,
      (rows) => rows,
      (row) => row,
      (row) => row,
      'None.',
    );
    expect(list.props.children.map(({ key }: { key: string }) => key)).toEqual(['a', 'b']);
  });
});

describe('beside a yes and a no', () => {
  const approval = {
    ...openQuestion({ tenant: 'acme' }, { approval_id: '00000000-0000-7000-8000-00000000000a', groups: ['sre'] }),
    ...{ grant: { max_uses: 5, max_minutes: 60, same: ['labels.env'] }, break_glass: { group: 'emergency' } },
  };
  /** Forms that are offered, by their names. */
  const offered = (person: Person, more: Partial<Question['approval']> = {}, votable = true): Map<string, any> => {
    const question = { approval: { ...approval, ...more }, decision: undefined, before: [], run: null, votable };
    const forms = [OtherVotes({ question, person, tell: () => undefined })].flat(9) as any[];
    return new Map(forms.filter((each) => each?.props?.name).map(({ props }) => [props.name, props]));
  };
  const filled = (fields: object): FormData => {
    const form = new FormData();
    for (const [name, value] of Object.entries(fields)) form.set(name, value);
    return form;
  };
  const alice = { ...personOf('approver'), principal: 'alice', groups: ['emergency'] };

  test('what the rule, the state and the person allow is offered, and nothing else', () => {
    const names = (...asked: Parameters<typeof offered>) => [...offered(...asked).keys()];
    expect(names(alice)).toEqual(['Approve for several', 'Offer another job instead', 'Grant alone']);
    expect(names({ ...alice, groups: [] })).toEqual(['Approve for several', 'Offer another job instead']);
    expect(names(alice, { grant: null, break_glass: null })).toEqual(['Offer another job instead']);
    expect(names(alice, {}, false)).toEqual(['Grant alone']);
    expect(names({ ...alice, principal: approval.requester }, {}, false)).toEqual(['Withdraw']);
    expect(names(alice, { state: 'granted' }, false)).toEqual([]);
    for (const role of ['operator', 'policy_author', 'auditor', 'admin'] as const)
      expect(names({ ...alice, ...personOf(role), principal: 'x' }), role).toEqual([]);
  });

  test('each says what its route takes, for the digest on the screen', () => {
    const forms = offered(alice);
    const bodyOf = (name: string, fields: object) => JSON.parse(JSON.stringify(forms.get(name).body(filled(fields))));
    const { digest } = approval;
    const pathOf = (name: string) => forms.get(name).path.split('/').at(-1);
    expect(yes.parse(bodyOf('Approve for several', { jobs: '3', minutes: '30', comment: ' ' }))).toEqual({
      ...{ digest, grant: { uses: 3, minutes: 30 } },
    });
    const offer = { change: '{"payload":{"replicas":1}}', reason: 'one is enough' };
    expect(counterOffer.parse(bodyOf('Offer another job instead', offer))).toEqual({
      ...{ digest, reason: 'one is enough', change: { payload: { replicas: 1 } } },
    });
    expect(glassBreaking.parse(bodyOf('Grant alone', { reason: 'it burns' }))).toEqual({ digest, reason: 'it burns' });
    expect(forms.get('Grant alone').typed()).toBe(approval.topic);
    expect([...forms.keys()].map(pathOf)).toEqual(['approve', 'counter-offer', 'break-glass']);
    expect(() => bodyOf('Offer another job instead', { change: '{' })).toThrow(/JSON/);
  });
});

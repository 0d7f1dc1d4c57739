/** Pages of the console, rendered without a browser: what each role is offered, and that texts of others stay texts. */
import { type Person, queryOf } from '@countersign/console/api';
import { html } from '@countersign/console/html';
import { PAGES } from '@countersign/console/pages';
import { RegistryView } from '@countersign/console/registry-page';
import { renderView } from '@countersign/console/render-view';
import { SUBMIT_DECISIONS } from '@countersign/console/say-decision';
import { searched, searchForm } from '@countersign/console/search-page';
import { StopsView } from '@countersign/console/stops-page';
import { ACCESS } from '@countersign/contracts/access';
import { DECISIONS } from '@countersign/contracts/decision';
import { jobQuery } from '@countersign/contracts/http';
import { PERMISSION_SETS, ROLES, type Role } from '@countersign/contracts/permissions';
import { describe, expect, test } from 'vitest';

const AT = '2026-11-26T05:00:00.000000Z';
const HOSTILE = '<img src=x onerror=alert(1)>\u202E"\'';
const now = Date.parse(AT) + 61_000;

function personOf(role: Role, more: readonly string[] = []): Person {
  const who = { principal: role, type: 'human' as const, tenant: 'acme', groups: [], auth_method: 'session' };
  return { ...who, permissions: [...PERMISSION_SETS[role], ...more], csrf_token: 'c' };
}

/** Names of what may be pressed. */
function buttonsIn(text: string): string[] {
  return [...text.matchAll(/<button[^>]*>([^<]*)</g)].map(([, name]) => name!);
}

test('a page is in the menu of exactly those who may call what it is made of', () => {
  const made = { jobs: 'GET /jobs', stops: 'GET /stops', registry: 'GET /agents' } as const;
  // An agent sees its own jobs alone, and has no inbox.
  const people = ROLES.filter((role) => role !== 'agent');
  const menu = PAGES.filter(({ link }) => link !== undefined);
  expect(menu.map(({ link }) => link![0].split('/')[2])).toEqual(Object.keys(made));
  for (const { link, needs, path } of menu) {
    expect(path.test(link![0].slice('/console'.length)), link![0]).toBe(true);
    const seen = people.filter((role) => personOf(role).permissions.includes(needs));
    const may: readonly Role[] = ACCESS[made[link![0].split('/')[2] as keyof typeof made]];
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

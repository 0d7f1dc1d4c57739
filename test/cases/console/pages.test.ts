/** Pages of the console, rendered without a browser: what each role is offered, and that texts of others stay texts. */
import type { Person } from '@countersign/console/api';
import { html } from '@countersign/console/html';
import { PAGES } from '@countersign/console/pages';
import { renderView } from '@countersign/console/render-view';
import { StopsView } from '@countersign/console/stops-page';
import { ACCESS } from '@countersign/contracts/access';
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
  const made = { stops: 'GET /stops' } as const;
  const menu = PAGES.filter(({ link }) => link !== undefined);
  expect(menu.map(({ link }) => link![0].split('/')[2])).toEqual(Object.keys(made));
  for (const { link, needs, path } of menu) {
    expect(path.test(link![0].slice('/console'.length)), link![0]).toBe(true);
    const seen = ROLES.filter((role) => personOf(role).permissions.includes(needs));
    expect(seen, link![0]).toEqual(ACCESS[made[link![0].split('/')[2] as keyof typeof made]]);
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

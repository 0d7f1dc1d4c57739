/** How the console asks the API: the same routes as everybody, under the caller's own session. */
import type { WhoAsks } from '@countersign/contracts/login';

type Problem = { code: string; detail: string };
export type Told<T> = { ok: true; value: T } | { ok: false; status: number; problem: Problem };
/** `path` under the API's prefix. With a body it is a change. */
export type Ask = <T>(path: string, body?: object) => Promise<Told<T>>;
export type Person = WhoAsks;

export function may(person: Pick<Person, 'permissions'>, permission: string): boolean {
  return person.permissions.includes(permission);
}

/** What was told, or nothing where it was refused: for what is shown besides. */
export function orNothing<T>(told: Told<T>): T | undefined {
  return told.ok ? told.value : undefined;
}

/** Left out what is empty. */
export function queryOf(fields: Readonly<Record<string, string | number | undefined>>): string {
  const given = Object.entries(fields).filter(([, value]) => value !== undefined && value !== '');
  return given.length === 0 ? '' : `?${new URLSearchParams(given.map(([name, value]) => [name, String(value)]))}`;
}

export type Rows<T> = { rows: T[]; more: boolean };

/** Up to so many pages of a list, one after the other. `field`: where its rows are. */
export async function loadPages<T>(asking: Ask, path: string, field: string, most: number): Promise<Told<Rows<T>>> {
  const rows: T[] = [];
  let cursor: string | null = '';
  for (let page = 0; page < most && cursor !== null; page += 1) {
    const at: string = cursor && `${path.includes('?') ? '&' : '?'}cursor=${encodeURIComponent(cursor)}`;
    const told = await asking<{ [field: string]: T[] } & { next_cursor: string | null }>(path + at);
    if (!told.ok) return told;
    rows.push(...told.value[field]!);
    cursor = told.value.next_cursor;
  }
  return { ok: true, value: { rows, more: cursor !== null } };
}

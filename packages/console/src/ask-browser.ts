/** The API from inside the browser: with the session's cookie, and its token on whatever changes something. */
import type { Ask, Person, Told } from './api.ts';

const PREFIX = '/api/v1';
let csrf = '';

/** What somebody's hand asked for. */
export const ask: Ask = (path, body) => send(path, body, {});

/** What the page asks for by itself: it keeps no session from ending. */
export const askInBackground: Ask = (path, body) => send(path, body, { 'x-background': '1' });

/** Where nobody is signed in, the browser is on its way to sign in. */
export async function whoIsHere(asking: Ask): Promise<Told<Person>> {
  const told = await asking<Person>('/session');
  if (told.ok) csrf = told.value.csrf_token ?? '';
  return told;
}

async function send<T>(path: string, body: object | undefined, headers: Record<string, string>): Promise<Told<T>> {
  const change = { 'content-type': 'application/json', 'x-csrf-token': csrf };
  const init: RequestInit =
    body === undefined
      ? { headers }
      : { method: 'POST', headers: { ...headers, ...change }, body: JSON.stringify(body) };
  try {
    const response = await fetch(PREFIX + path, init);
    if (response.status === 401) location.assign(`/console/sign-in?to=${encodeURIComponent(location.pathname)}`);
    const answer = response.status === 204 ? null : await response.json();
    return response.ok ? { ok: true, value: answer as T } : { ok: false, status: response.status, problem: answer };
  } catch {
    return { ok: false, status: 0, problem: { code: 'unreachable', detail: 'the server does not answer' } };
  }
}

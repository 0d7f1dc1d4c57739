/**
 * A question as a page that needs no script, and its vote as a plain form. Both ask the API in the name of whoever looks, with
 * their cookie and nothing else: what the API refuses, the page cannot do.
 */
import type { Ask, Told } from '@countersign/console/api';
import { html } from '@countersign/console/html';
import { loadQuestion } from '@countersign/console/load-question';
import { decidedBy, QuestionView } from '@countersign/console/question-view';
import { renderView } from '@countersign/console/render-view';
import type { ApprovalView } from '@countersign/contracts/approval';
import { API_PREFIX } from '@countersign/contracts/http';
import type { WhoAsks } from '@countersign/contracts/login';
import { nowMs } from '@countersign/platform/clock';
import type { Context, Hono } from 'hono';
import { escapeHtml } from './page.ts';
import { CSRF_HEADER } from './session-cookie.ts';

export type Shown = { status: number; title: string; body: string };

/** Null when nobody is signed in. */
export async function showQuestion(c: Context, app: Hono, id: string, said = ''): Promise<Shown | null> {
  const ask = askAs(c, app);
  const who = await ask<WhoAsks>('/session');
  if (!who.ok) return who.status === 401 ? null : problemPage(who);
  const told = await loadQuestion(ask, id);
  if (!told.ok) return problemPage(told);
  const shown = { question: told.value, person: who.value, now: nowMs(), said };
  const body = renderView(html`<${QuestionView} ...${shown} />`);
  return { status: 200, title: told.value.approval.topic, body };
}

/** Why the vote does not count, in words; null when it does. */
export async function castVote(
  c: Context,
  app: Hono,
  id: string,
  form: URLSearchParams,
): Promise<{ status: number; said: string } | null> {
  const cast = form.get('vote') === 'approve' ? 'approve' : 'reject';
  const comment = form.get('comment')?.trim() ?? '';
  const body = { digest: form.get('digest') ?? '', ...(comment === '' ? {} : { comment }) };
  const path = `/approvals/${encodeURIComponent(id)}`;
  const told = await askAs(c, app, form.get('csrf') ?? '')<ApprovalView>(`${path}/${cast}`, body);
  if (told.ok) return null;
  const now = await askAs(c, app)<ApprovalView>(path);
  const isLate = told.status === 409 && now.ok && now.value.state !== 'open';
  return { status: told.status, said: `Not counted: ${isLate ? decidedBy(now.value) : told.problem.detail}.` };
}

/** The API as this browser would ask it. `csrf`: as its form brought it, for the API to judge. */
function askAs(c: Context, app: Hono, csrf = ''): Ask {
  const kept = ['cookie', 'host', 'sec-fetch-site', 'traceparent'].flatMap((name) => {
    const value = c.req.header(name);
    return value === undefined ? [] : [[name, value] as [string, string]];
  });
  return async <T>(path: string, body?: object): Promise<Told<T>> => {
    const headers = new Headers([...kept, ['accept', 'application/json']]);
    const init: RequestInit = { headers };
    if (body !== undefined) {
      headers.set('content-type', 'application/json');
      headers.set(CSRF_HEADER, csrf);
      const text = JSON.stringify(body);
      headers.set('content-length', String(Buffer.byteLength(text)));
      Object.assign(init, { method: 'POST', body: text });
    }
    const response = await app.request(`${API_PREFIX}${path}`, init, c.env);
    const answer = await response.json();
    return response.ok
      ? { ok: true, value: answer as T }
      : { ok: false, status: response.status, problem: answer as { code: string; detail: string } };
  };
}

function problemPage({ status, problem }: Extract<Told<never>, { ok: false }>): Shown {
  return { status, title: 'Not to be seen', body: `<h1>Not to be seen</h1><p>${escapeHtml(problem.detail)}</p>` };
}

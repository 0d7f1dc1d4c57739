/**
 * `/console`: pages for people. What they show comes from the API under the caller's own session, so that no right begins here;
 * this serves frames, files and forms.
 */
import { CountersignError, failureOf, httpStatus } from '@countersign/contracts/errors';
import { LIMITS } from '@countersign/contracts/limits';
import type { Logger } from '@countersign/platform/logger';
import { errorFields } from '@countersign/platform/logger';
import type { Context, Hono } from 'hono';
import { readFormBody } from '../read-body.ts';
import { serveAssets } from './assets.ts';
import { beginLogin, endLogin } from './log-in.ts';
import { escapeHtml, pageHeaders, renderPage } from './page.ts';
import { castVote, type Shown, showQuestion } from './question-form.ts';
import { sessionCookies } from './session-cookie.ts';
import { type SignInParts, signInByKey, signInByLogin, signOut } from './sign-in.ts';

/** Pages that are made in the browser. */
const PAGES = ['', '/jobs', '/jobs/:id', '/policy', '/registry/:what', '/stops', '/kpis', '/reviews'];
const HOME = '/console';
/** A path below the console: what a form names to go to never leads anywhere else. */
const OWN_PATH = /^\/console(\/[\w~-][\w.~-]*)*$/;
const QUESTION = '/console/approvals/:id';

type Page = (c: Context) => Promise<Response>;

export function serveConsole(app: Hono, parts: SignInParts & { log: Logger }): void {
  const assets = serveAssets(app);
  const shown = (
    c: Context,
    { status, title, body }: Shown,
    script = true,
    more: Record<string, string> = {},
  ): Response =>
    c.body(renderPage(assets(), title, body, script), status as 200, { ...pageHeaders(assets()), ...more });
  /** Whatever goes wrong is a page that says so. */
  const page =
    (make: Page): Page =>
    (c) =>
      make(c).catch((thrown: unknown) => {
        const { code, detail } = failureOf(thrown);
        if (!(thrown instanceof CountersignError)) parts.log.error(errorFields(thrown), 'a page failed');
        const body = `<h1>It did not work</h1><p>${escapeHtml(detail)}</p><p><a href="/console">To the console</a></p>`;
        return shown(c, { status: httpStatus(code), title: 'It did not work', body }, false);
      });
  for (const path of PAGES)
    app.get(
      HOME + path,
      page(async (c) => shown(c, { status: 200, title: 'Console', body: WITHOUT_SCRIPT })),
    );
  serveSignIn(app, parts, page, shown);
  app.get(
    QUESTION,
    page(async (c) => {
      const told = await showQuestion(c, app, c.req.param('id') ?? '');
      if (told !== null) return shown(c, told);
      return cameFromElsewhere(c)
        ? shown(c, { status: 200, title: 'One moment', body: ONCE_MORE }, false, AT_ONCE)
        : toSignIn(c);
    }),
  );
  app.post(
    QUESTION,
    page(async (c) => {
      const id = c.req.param('id') ?? '';
      const refused = await castVote(c, app, id, await readFormBody(c.req.raw, LIMITS.console_form_bytes));
      if (refused === null) return c.redirect(c.req.path, 303);
      const told = await showQuestion(c, app, id, refused.said);
      return told === null ? toSignIn(c) : shown(c, { ...told, status: refused.status });
    }),
  );
}

const WITHOUT_SCRIPT = `<h1>Console</h1><noscript><p>Lists need script. A question that waits for you is a page without it:
/console/approvals/ and its id, as the message that called you names it. <a href="/console/sign-in">Sign in</a></p></noscript>`;
const ONCE_MORE = `<p>One moment. <a href="">Go on</a></p>`;
/** A browser that was sent here from elsewhere left the cookie behind; the second time it comes from here. */
const AT_ONCE = { refresh: '0' };

type Show = (c: Context, page: Shown, script?: boolean, more?: Record<string, string>) => Response;

function serveSignIn(app: Hono, parts: SignInParts, page: (make: Page) => Page, shown: Show): void {
  const { logins } = parts;
  const enter = (c: Context, to: string, ...cookies: string[]): Response => {
    for (const cookie of cookies) c.header('set-cookie', cookie, { append: true });
    return c.redirect(to, 303);
  };
  app.get(
    '/console/sign-in',
    page(async (c) => shown(c, signInPage(ownPath(c.req.query('to')), logins !== null), false)),
  );
  app.post(
    '/console/sign-in',
    page(async (c) => {
      const form = await readFormBody(c.req.raw, LIMITS.console_form_bytes);
      const to = ownPath(form.get('to'));
      try {
        return enter(c, to, await signInByKey(c, form.get('key')?.trim() ?? '', parts));
      } catch (thrown) {
        if (!(thrown instanceof CountersignError)) throw thrown;
        return shown(c, signInPage(to, logins !== null, thrown), false);
      }
    }),
  );
  app.post(
    '/console/sign-out',
    page(async (c) => {
      const form = await readFormBody(c.req.raw, LIMITS.console_form_bytes);
      return enter(c, '/console/sign-in', await signOut(c, form.get('csrf') ?? '', parts));
    }),
  );
  if (logins === null) return;
  app.get(
    '/console/login',
    page(async (c) => {
      const { location, cookie } = await beginLogin(c, logins, ownPath(c.req.query('to')));
      c.header('set-cookie', cookie);
      return c.redirect(location, 303);
    }),
  );
  app.get(
    '/console/callback',
    page(async (c) => {
      const { api_key, to, cookie } = await endLogin(c, logins);
      return enter(c, to, cookie, await signInByLogin(c, api_key, parts));
    }),
  );
}

function signInPage(to: string, byProvider: boolean, fault?: CountersignError): Shown {
  const provider = byProvider
    ? `<p><a class="button" href="/console/login?to=${encodeURIComponent(to)}">Sign in through the identity provider</a></p>`
    : '';
  const said =
    fault === undefined ? '' : `<p role="alert" class="caution">Not signed in: ${escapeHtml(fault.message)}.</p>`;
  const body = `<h1>Countersign</h1>${said}${provider}<form method="post" action="/console/sign-in" class="sign-in">
<input type="hidden" name="to" value="${escapeHtml(to)}">
<label>API key <input name="key" type="password" required autocomplete="off" spellcheck="false"></label>
<p class="soft">It is exchanged for a session and kept nowhere. The session may what the key may, and ends after half an hour of nobody there.</p>
<button class="yes">Sign in</button></form>`;
  return { status: fault === undefined ? 200 : httpStatus(fault.code), title: 'Sign in', body };
}

function toSignIn(c: Context): Response {
  return c.redirect(`/console/sign-in?to=${encodeURIComponent(ownPath(c.req.path))}`, 303);
}

function cameFromElsewhere(c: Context): boolean {
  const site = c.req.header('sec-fetch-site');
  const isSigned = sessionCookies((name) => c.req.header(name)).length > 0;
  return !isSigned && (site === 'cross-site' || site === 'same-site');
}

function ownPath(to: string | null | undefined): string {
  return to != null && OWN_PATH.test(to) ? to : HOME;
}

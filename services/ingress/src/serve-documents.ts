/** Serves what describes the API: `/openapi.json` and `/docs`, to which `/` leads. Made once, open to everybody, no secret in it. */
import type { Hono } from 'hono';
import { describeApi } from './describe-api.ts';
import { renderDocs } from './render-docs.ts';
import type { Route } from './route.ts';

/** The page needs its own style and nothing else, and nobody may frame it. */
const HEADERS = {
  'content-security-policy':
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
};

export function serveDocuments(app: Hono, routes: readonly Route[]): void {
  const document = describeApi(routes);
  const json = JSON.stringify(document);
  const page = renderDocs(document);
  app.get('/openapi.json', (c) => c.body(json, 200, { ...HEADERS, 'content-type': 'application/json' }));
  app.get('/', (c) => c.redirect('/docs'));
  app.get('/docs', (c) => c.html(page, 200, HEADERS));
}

/** Frames of the console's pages, and the headers that hold a browser to what they are. Nothing in them runs but our own modules. */
import { hash } from 'node:crypto';
import { ENTRY, ICON, STYLE } from '@countersign/console/served-files';

export type Assets = {
  /** Where its files are served, with a slash at the end; the name changes with every change of one. */
  base: string;
  import_map: string;
};

export function pageHeaders({ import_map }: Assets): Record<string, string> {
  const map = hash('sha256', import_map, 'base64');
  return {
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': [
      "default-src 'none'",
      `script-src 'self' 'sha256-${map}'`,
      "style-src 'self'",
      "connect-src 'self'",
      "img-src 'self'",
      "form-action 'self'",
      "base-uri 'none'",
      "frame-ancestors 'none'",
      "require-trusted-types-for 'script'",
    ].join('; '),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    // `no-referrer` would take the origin from forms as well, which is what they are judged by.
    'referrer-policy': 'same-origin',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
  };
}

/** `body` is markup, its texts escaped already. `script`: with the console's own. */
export function renderPage({ base, import_map }: Assets, title: string, body: string, script = true): string {
  const scripts = `<script type="importmap">${import_map}</script><script type="module" src="${base}${ENTRY}"></script>`;
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<meta name="color-scheme" content="light dark"><link rel="icon" href="${base}${ICON}"><title>${escapeHtml(title)} · Countersign</title>
<link rel="stylesheet" href="${base}${STYLE}">${script ? scripts : ''}</head>
<body><div id="console"><main id="main">${body}</main></div></body></html>`;
}

export function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}

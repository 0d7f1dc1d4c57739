/** A view as HTML, for whoever has no script; with one, the console takes its place. */
import { renderToString } from 'preact-render-to-string';
import { html, type View } from './html.ts';

export function renderView(view: View): string {
  return renderToString(html`${view}` as Parameters<typeof renderToString>[0]);
}

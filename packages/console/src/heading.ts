/** The head of a page. Pages come later than their address, so it takes the focus and names the window when it is there. */
import { html, type View } from './html.ts';

export function heading(content: View): View {
  return html`<h1 tabindex="-1" ref=${arrived}>${content}</h1>`;
}

/** Left where it is, if somebody has gone on with the keyboard meanwhile. */
function arrived(h1: HTMLElement | null): void {
  if (h1 === null) return;
  if (document.activeElement === document.body) h1.focus();
  const [count = ''] = /^\(\d+\) /.exec(document.title) ?? [];
  document.title = `${count}${h1.textContent} · Countersign`;
}

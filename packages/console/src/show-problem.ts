/** What stands where an answer is missing. */
import type { Told } from './api.ts';
import { html, type View } from './html.ts';

export function waiting(): View {
  return html`<p role="status" class="soft">Loading.</p>`;
}

export function problem({ problem: { detail, code } }: Extract<Told<never>, { ok: false }>): View {
  return html`<h1 tabindex="-1">Not to be seen</h1><p role="alert" class="caution">${detail} <span class="soft">(${code})</span></p>`;
}

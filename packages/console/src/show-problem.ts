/** A list as it was told, and what stands where an answer is missing. */
import type { Told } from './api.ts';
import { heading } from './heading.ts';
import { html, type View } from './html.ts';

export function waiting(): View {
  return html`<p role="status" class="soft">Loading.</p>`;
}

export function problem({ problem: { detail, code } }: Extract<Told<never>, { ok: false }>): View {
  return html`${heading('Not to be seen')}<p role="alert" class="caution">${detail} <span class="soft">(${code})</span></p>`;
}

/**
 * `rowsOf` an answer, each as a card; `none`: what is said where there are none. By its key a card keeps what somebody is typing in it,
 * whatever comes before it meanwhile.
 */
export function listed<T, R>(
  told: Told<T> | undefined,
  rowsOf: (value: T) => readonly R[],
  keyOf: (row: R) => string,
  show: (row: R) => View,
  none: string,
): View {
  if (told === undefined) return waiting();
  if (!told.ok) return problemLine(told);
  const rows = rowsOf(told.value);
  if (rows.length === 0) return html`<p>${none}</p>`;
  return html`<ul class="plain">${rows.map((row) => html`<li class="card" key=${keyOf(row)}>${show(row)}</li>`)}</ul>`;
}

export function problemLine({ problem: { detail } }: Extract<Told<never>, { ok: false }>): View {
  return html`<p role="alert" class="caution">${detail}</p>`;
}

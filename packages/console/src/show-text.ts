/** How text of others, times and digests are shown: what no eye can see stands out, and nothing is cut off. */
import { escaped, UNSEEN } from '@countersign/contracts/printable';
import { html, type View } from './html.ts';

/** Hidden and direction-changing characters as marked escapes; line ends and tabs stay. */
export function seen(text: string): View {
  const parts: View[] = [];
  let at = 0;
  for (const { 0: unit, index } of text.matchAll(UNSEEN)) {
    if (unit === '\n' || unit === '\t') continue;
    parts.push(
      text.slice(at, index),
      html`<mark class="unseen" title="a character that nobody sees">${escaped(unit)}</mark>`,
    );
    at = index + unit.length;
  }
  // Kept apart from the page's own direction: `bdi`.
  return html`<bdi>${[...parts, text.slice(at)]}</bdi>`;
}

export function seenJson(value: unknown): View {
  return html`<pre class="content" tabindex="0">${seen(JSON.stringify(value, null, 2) ?? 'nothing')}</pre>`;
}

/** UTC, and how long ago or until; `now` in milliseconds. */
export function when(instant: string | null | undefined, now: number): View {
  if (instant == null) return 'never';
  return html`<time datetime=${instant}>${utc(instant)} <span class="soft">(${relative(Date.parse(instant) - now)})</span></time>`;
}

export function utc(instant: string): string {
  return `${instant.slice(0, 19).replace('T', ' ')} UTC`;
}

export function relative(ms: number): string {
  const text = span(Math.abs(ms));
  return ms < 0 ? `${text} ago` : `in ${text}`;
}

/** The two largest units, so that the last hour counts in seconds. */
export function span(ms: number): string {
  const s = Math.floor(ms / 1000);
  const parts: [number, string][] = [
    [Math.floor(s / 86_400), 'd'],
    [Math.floor(s / 3600) % 24, 'h'],
    [Math.floor(s / 60) % 60, 'min'],
    [s % 60, 's'],
  ];
  const first = parts.findIndex(([count]) => count > 0);
  if (first === -1) return '0 s';
  return parts
    .slice(first, first + 2)
    .filter(([count]) => count > 0)
    .map(([count, unit]) => `${count} ${unit}`)
    .join(' ');
}

/** Names and values; what is empty is left out. */
export function facts(rows: readonly (readonly [string, View])[]): View {
  const shown = rows.filter(([, value]) => !isEmpty(value));
  return html`<dl class="facts">${shown.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`;
}

function isEmpty(value: View): boolean {
  return value == null || value === '' || value === false || (Array.isArray(value) && value.length === 0);
}

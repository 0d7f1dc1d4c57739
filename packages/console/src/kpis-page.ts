/** The rates that people steer by, day by day: as bars, and each bar's number below them for whoever cannot see bars. */
import type { Kpis } from '@countersign/contracts/kpis';
import type { Ask, Told } from './api.ts';
import { html, type View } from './html.ts';
import { headed, useTold } from './router.ts';
import { problemLine, waiting } from './show-problem.ts';
import { facts } from './show-text.ts';

const DAYS = 14;
const DAY_MS = 86_400_000;

export type Series = { name: string; unit: '' | '%' | 'min'; values: readonly (number | null)[] };

/** In UTC, the last one being the day of `now`. */
export function daysUntil(now: number): string[] {
  return Array.from({ length: DAYS }, (_, i) => new Date(now - (DAYS - 1 - i) * DAY_MS).toISOString().slice(0, 10));
}

export function KpisPage(): View {
  const { told } = useTold((asking) => loadDays(asking, daysUntil(Date.now())), 'kpis');
  if (told === undefined) return html`${headed('KPIs')}${waiting()}`;
  return html`${headed('KPIs')}${told.ok ? html`<${KpisView} days=${told.value} />` : problemLine(told)}`;
}

export async function loadDays(asking: Ask, days: readonly string[]): Promise<Told<Kpis[]>> {
  const all = await Promise.all(days.map((day) => asking<Kpis>(`/kpis?from=${day}&to=${day}`)));
  const failed = all.find((each) => !each.ok);
  return failed ?? { ok: true, value: all.flatMap((each) => (each.ok ? [each.value] : [])) };
}

export function KpisView({ days }: { days: readonly Kpis[] }): View {
  const dates = days.map(({ from }) => from);
  return html`<p>${dates[0]} to ${dates.at(-1)}, each bar a day in UTC; a day without one counted nothing.</p>
    <div class="grid">${seriesOf(days).map((series) => plot(series, dates))}</div>`;
}

export function seriesOf(days: readonly Kpis[]): Series[] {
  const part = (pick: (day: Kpis) => readonly [part: number, of: number]): (number | null)[] =>
    days.map((day) => {
      const [some, all] = pick(day);
      return all === 0 ? null : Math.round((1000 * some) / all) / 10;
    });
  const decided = (pick: (row: Kpis['decisions'][number]) => number) => (day: Kpis) => sum(day.decisions, pick);
  const jobs = decided((row) => row.jobs);
  const ofJobs = (pick: (row: Kpis['decisions'][number]) => number) => part((day) => [decided(pick)(day), jobs(day)]);
  const ofOutputs = (pick: (row: Kpis['outputs'][number]) => number) =>
    part(({ outputs }) => [sum(outputs, pick), sum(outputs, (row) => row.screened)]);
  const slowest = ({ approvals }: Kpis): number | null =>
    approvals.length === 0 ? null : Math.round(Math.max(...approvals.map((row) => row.p95_ms)) / 600) / 100;
  return [
    { name: 'Jobs asked for', unit: '', values: days.map(jobs) },
    { name: 'Denied', unit: '%', values: ofJobs((row) => row.denied) },
    { name: 'Held for people', unit: '%', values: ofJobs((row) => row.held) },
    { name: 'Let through within bounds', unit: '%', values: ofJobs((row) => row.constrained) },
    { name: 'Outputs redacted', unit: '%', values: ofOutputs((row) => row.redacted) },
    { name: 'Outputs held back', unit: '%', values: ofOutputs((row) => row.quarantined) },
    { name: 'Approvals, p95 of the slowest group', unit: 'min', values: days.map(slowest) },
    { name: 'Let through by an open fail mode', unit: '', values: days.map((day) => day.fail_open) },
    {
      name: 'Run records that lack nothing',
      unit: '%',
      values: part(({ evidence }) => [evidence.complete, evidence.judged]),
    },
  ];
}

function sum<R>(rows: readonly R[], pick: (row: R) => number): number {
  return rows.reduce((total, row) => total + pick(row), 0);
}

function plot({ name, unit, values }: Series, dates: readonly string[]): View {
  const most = Math.max(...values.map((value) => value ?? 0));
  const says = (value: number | null | undefined): string => (value == null ? 'none' : `${value} ${unit}`.trim());
  const bars = values.map((value, i) => {
    const height = value && (58 * value) / most + 2;
    return height
      ? html`<rect x=${i * 10} y=${60 - height} width="8" height=${height}><title>${`${dates[i]}: ${says(value)}`}</title></rect>`
      : null;
  });
  const label = `${name}: at most ${says(most)} a day, last ${says(values.at(-1))}`;
  return html`<figure><figcaption>${name}: <b>${says(values.at(-1))}</b> <span class="soft">at most ${says(most)}</span></figcaption>
    <svg viewBox=${`0 0 ${values.length * 10} 60`} role="img" aria-label=${label}>${bars}</svg>
    <details><summary>Numbers</summary>${facts(dates.map((date, i) => [date, says(values[i])] as const))}</details></figure>`;
}

/**
 * Alerting rules speak of metrics that exist, with labels that those have; otherwise they would stay silent for good.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { METRICS, type MetricSpec } from '@countersign/contracts/metrics';
import { PROJECT_DIR } from '@countersign/infra/project-folders';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';

type Recorded = { record: string; expr: string };
type Alert = {
  alert: string;
  expr: string;
  labels: { severity: string };
  annotations: { summary: string; runbook_url: string };
};
const file = parse(readFileSync(join(PROJECT_DIR, 'infra/metrics/alerts.yml'), 'utf8')) as {
  groups: { rules: (Alert | Recorded)[] }[];
};
const rules = file.groups.flatMap(({ rules }) => rules);
const alerts = rules.filter((rule): rule is Alert => 'alert' in rule);
const recorded = rules.filter((rule): rule is Recorded => 'record' in rule);
const runbook = readFileSync(join(PROJECT_DIR, 'docs/runbook.md'), 'utf8');
const dashboard = readFileSync(join(PROJECT_DIR, 'infra/metrics/dashboard.json'), 'utf8');
const known: Readonly<Record<string, MetricSpec>> = METRICS;

/** `by (…)` and `{…="…"}` of one expression. */
function labelsIn(expr: string): string[] {
  return [
    ...[...expr.matchAll(/by \(([^)]*)\)/g)].flatMap(([, names]) => names!.split(',').map((name) => name.trim())),
    ...[...expr.matchAll(/(\w+)(?:=~|!~|!=|=)"/g)].map(([, name]) => name!),
  ];
}

describe.each(alerts)('$alert', ({ alert, expr, labels, annotations }) => {
  const names = [...expr.matchAll(/countersign_(\w+)/g)].map(([, name]) => name!.replace(/_bucket$/, ''));

  test('speaks of metrics that are declared', () => {
    expect(names.length).toBeGreaterThan(0);
    for (const name of names) expect(Object.keys(known)).toContain(name);
  });

  test('uses labels that they have', () => {
    const has = ['le', 'service', 'instance', ...names.flatMap((name) => known[name]!.labels)];
    expect(has).toEqual(expect.arrayContaining(labelsIn(expr)));
    const told = [...annotations.summary.matchAll(/\$labels\.(\w+)/g)].map(([, name]) => name!);
    expect(has).toEqual(expect.arrayContaining(told));
  });

  test('leads to its place in the runbook', () => {
    expect(annotations.runbook_url).toBe(`docs/runbook.md#${alert.toLowerCase()}`);
    expect(runbook).toContain(`### ${alert}\n`);
  });

  test('says how grave it is', () => {
    expect(['critical', 'warning']).toContain(labels.severity);
  });
});

test('every way to let something through without a decision has one', () => {
  const open = Object.keys(METRICS).filter((name) => name.endsWith('_fail_open_total'));
  expect(open).toHaveLength(3);
  for (const name of open) expect(alerts.some(({ expr }) => expr.includes(name))).toBe(true);
});

test('a part that is down has one', () => {
  expect(alerts.some(({ expr }) => expr.includes('countersign_up'))).toBe(true);
});

test('a baseline is made of metrics that exist, and every baseline that an alert reads is made', () => {
  for (const { expr } of recorded)
    for (const [, name] of expr.matchAll(/countersign_(\w+)/g)) expect(Object.keys(known)).toContain(name);
  const read = alerts.flatMap(({ expr }) => [...expr.matchAll(/countersign:[\w:]+/g)].map(([name]) => name));
  expect(new Set(read)).toEqual(new Set(recorded.map(({ record }) => record)));
});

test('each has its place in the runbook, and the runbook has no other', () => {
  const headings = [...runbook.matchAll(/^### (Countersign\w+)$/gm)].map(([, name]) => name);
  expect(headings.toSorted()).toEqual(alerts.map(({ alert }) => alert).toSorted());
});

test('the dashboard shows metrics that exist, with labels that they have', () => {
  const { panels } = JSON.parse(dashboard) as { panels: { title: string; targets?: { expr: string }[] }[] };
  const exprs = panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));
  expect(exprs.length).toBeGreaterThan(10);
  for (const expr of exprs) {
    const names = [...expr.matchAll(/countersign_(\w+)/g)].map(([, name]) => name!.replace(/_bucket$/, ''));
    expect(names.length, expr).toBeGreaterThan(0);
    for (const name of names) expect(Object.keys(known), expr).toContain(name);
    const has = ['le', 'service', 'instance', ...names.flatMap((name) => known[name]?.labels ?? [])];
    expect(has, expr).toEqual(expect.arrayContaining(labelsIn(expr)));
  }
});

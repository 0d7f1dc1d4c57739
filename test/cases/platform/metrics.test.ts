/** The page that Prometheus reads: each service's own, and all of them merged into one that is still valid. */
import { METRICS, type MetricName } from '@countersign/contracts/metrics';
import { VERSION } from '@countersign/contracts/version';
import { mergeExpositions, nameInstance, serveMetrics, servicePart } from '@countersign/infra/metrics/gather-metrics';
import { listen } from '@countersign/platform/http';
import { createMetrics } from '@countersign/platform/metrics';
import { describe, expect, test } from 'vitest';

/** What is wrong with an exposition (text format 0.0.4). */
function faultsOf(text: string): string[] {
  const faults: string[] = [];
  const seen = new Map<string, { help: number; type: number }>();
  const samples = new Set<string>();
  let current = '';
  if (text !== '' && !text.endsWith('\n')) faults.push('the last line does not end');
  for (const line of text.split('\n')) {
    if (line === '') continue;
    const [, kind, name] = /^# (HELP|TYPE) ([a-zA-Z_:][a-zA-Z0-9_:]*) .+$/.exec(line) ?? [];
    if (kind && name) {
      const known = seen.get(name) ?? { help: 0, type: 0 };
      if (seen.has(name) && name !== current) faults.push(`${name} comes twice`);
      known[kind === 'HELP' ? 'help' : 'type'] += 1;
      seen.set(name, known);
      current = name;
      continue;
    }
    if (line.startsWith('#')) continue;
    const sample = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(\{.*\})? [-+0-9.eE]+$/.exec(line);
    if (!sample) faults.push(`no sample: ${line}`);
    else if (sample[1]!.replace(/_(bucket|sum|count)$/, '') !== current && sample[1] !== current) {
      faults.push(`${sample[1]} stands under ${current}`);
    }
    if (sample && samples.has(`${sample[1]}${sample[2]}`)) faults.push(`twice: ${line}`);
    if (sample) samples.add(`${sample[1]}${sample[2]}`);
  }
  for (const [name, { help, type }] of seen) {
    if (help !== 1 || type !== 1) faults.push(`${name}: ${help} HELP, ${type} TYPE`);
  }
  return faults;
}

const names = Object.keys(METRICS) as MetricName[];

function filled(service: string): ReturnType<typeof createMetrics> {
  const metrics = createMetrics(service, 'countersign_', names);
  for (const name of names) {
    const labels = Object.fromEntries(METRICS[name].labels.map((label) => [label, 'a "quoted\\\n" value']));
    if (METRICS[name].kind === 'counter') metrics.count(name, labels);
    else if (METRICS[name].kind === 'gauge') metrics.set(name, labels, 3);
    else metrics.observe(name, labels, 0.2);
  }
  return metrics;
}

describe('a service’s page', () => {
  test('is valid, with every metric that contracts declare, under the prefix and the service’s name', async () => {
    const text = await filled('ingress').text();
    expect(faultsOf(text)).toEqual([]);
    for (const name of names) expect(text).toContain(`# TYPE countersign_${name} ${METRICS[name].kind}\n`);
    for (const line of text.split('\n')) if (line && !line.startsWith('#')) expect(line).toContain('service="ingress"');
  });

  test('shows what has no labels at 0 from the start, and nothing that is not this service’s', async () => {
    const text = await createMetrics('audit', 'x_', ['ledger_sealed_total']).text();
    expect(text).toContain('x_ledger_sealed_total{service="audit"} 0\n');
    const told = [...text.matchAll(/# TYPE (\S+)/g)].map(([, name]) => name);
    // Which version it is and what its clock says, whatever it does.
    expect(told).toEqual(['x_ledger_sealed_total', 'x_build_info', 'x_clock_timestamp_seconds']);
    expect(text).toContain(`x_build_info{version="${VERSION}",node="${process.versions.node}",service="audit"} 1\n`);
  });

  test('of two services in one process counts each for itself', async () => {
    const [one, two] = [createMetrics('one', '', []), createMetrics('two', '', [])];
    one.count('ledger_sealed_total', {}, 5);
    two.count('ledger_sealed_total');
    expect(await one.text()).toContain('ledger_sealed_total{service="one"} 5\n');
    expect(await two.text()).toContain('ledger_sealed_total{service="two"} 1\n');
  });
});

describe('merged', () => {
  const pages = () => Promise.all(['ingress', 'audit', 'scheduler'].map((service) => filled(service).text()));

  test('is one valid page: each family once, with the samples of all', async () => {
    const texts = await pages();
    const merged = mergeExpositions(texts);
    expect(faultsOf(merged)).toEqual([]);
    const samples = (text: string): string[] => text.split('\n').filter((line) => line && !line.startsWith('#'));
    expect(samples(merged).sort()).toEqual(texts.flatMap(samples).sort());
  });

  test('stays valid while an older version of a service describes a metric differently', () => {
    const page = (service: string, help: string): string =>
      `# HELP jobs ${help}\n# TYPE jobs gauge\njobs{service="${service}"} 1\n`;
    const merged = mergeExpositions([page('new', 'Jobs that wait'), page('old', 'Jobs')]);
    expect(faultsOf(merged)).toEqual([]);
    expect(merged.match(/jobs\{/g)).toHaveLength(2);
  });

  test('two instances of one service stay two series', async () => {
    const page = await filled('ingress').text();
    const merged = mergeExpositions([nameInstance(page, 'ingress'), nameInstance(page, 'ingress-2')]);
    expect(faultsOf(merged)).toEqual([]);
    const samples = merged.split('\n').filter((line) => line && !line.startsWith('#'));
    const series = samples.map((line) => line.slice(0, line.lastIndexOf(' ')));
    expect(new Set(series).size).toBe(samples.length);
    expect(nameInstance('bare 1\n', 'one')).toBe('bare{instance="one"} 1\n');
  });

  test('of nothing is an empty page', () => {
    expect(mergeExpositions([])).toBe('');
    expect(mergeExpositions(['', '\n'])).toBe('');
  });

  test('is served, and names who does not answer in a comment', async () => {
    const text = await filled('ingress').text();
    const one = await listen(() => new Response(text), 0, '127.0.0.1');
    const broken = await listen(() => new Response('', { status: 500 }), 0, '127.0.0.1');
    const parts = [servicePart('ingress', 'ingress', one.url), servicePart('audit', 'audit-2', broken.url)];
    const page = await serveMetrics(0, () => parts, { kept: () => [{ name: 'audit-2', restarts: 3, given_up: true }] });
    try {
      const answer = await fetch(`${page.url}/metrics`);
      const body = await answer.text();
      expect(answer.headers.get('content-type')).toContain('text/plain; version=0.0.4');
      expect(faultsOf(body)).toEqual([]);
      expect(body).toContain('service="ingress"');
      expect(body).toContain('countersign_up{service="ingress",instance="ingress"} 1\n');
      expect(body).toContain('countersign_up{service="audit",instance="audit-2"} 0\n');
      expect(body).toContain('countersign_restarts_total{instance="audit-2"} 3\n');
      expect(body).toContain('countersign_given_up{instance="audit-2"} 1\n');
      expect(body.trimEnd().split('\n').at(-1)).toBe('# no answer from audit-2');
      expect((await fetch(`${page.url}/`)).status).toBe(404);
    } finally {
      await Promise.all([page.close(), one.close(), broken.close()]);
    }
  });
});

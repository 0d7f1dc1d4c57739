/**
 * What doctor and top make of a page of metrics, each sickness alone and as commands against a system that is played; and what
 * the command says of itself: version, completion, templates.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { basename, dirname, join } from 'node:path';
import { EXIT } from '@countersign/cli/exit-codes';
import { examineSamples } from '@countersign/cli/operate/examine-samples';
import { samplesIn } from '@countersign/cli/operate/metric-samples';
import { topOf } from '@countersign/cli/operate/show-top';
import { SERVICES } from '@countersign/contracts/ledger-entry';
import { VERSION } from '@countersign/contracts/version';
import { describe, expect, test } from 'vitest';
import { listFiles, readText } from '../structure/project-files.ts';
import { newFolder, runCli } from './run-cli.ts';

const NOW = 1_800_000_000;
const DAY = 24 * 60 * 60;

/** A system that is well, told by metrics under another prefix than usual. */
const wellAt = (now: number) =>
  [
    ...SERVICES.flatMap((name) => [
      `cs_up{service="${name}",instance="${name}-1"} 1`,
      `cs_build_info{instance="${name}-1",version="${VERSION}",node="24.1.0",service="${name}"} 1`,
      `cs_clock_timestamp_seconds{instance="${name}-1",service="${name}"} ${now}.25`,
      `cs_database_refuses_writes{instance="${name}-1",service="${name}"} 0`,
    ]),
    `cs_policy_ends_timestamp_seconds{scope="default",service="policy-kernel"} ${now + 90 * DAY}`,
    'cs_stream_faults{stream="DISPATCH",fault="missing"} 0',
    'cs_ledger_unsigned 3',
    'cs_ledger_unpublished 0',
    'cs_webhook_deliveries_waiting 0',
    'cs_pool_unclaimed_seconds{pool="a"} 1',
    'cs_pool_workers_alive{pool="a"} 2',
    'cs_pool_waiting_jobs{pool="a"} 0',
    'cs_log_lines_dropped_total{reason="unwritable",service="audit"} 0',
    'cs_input_fail_open_total{service="ingress"} 0',
  ].join('\n');
const WELL = wellAt(NOW);

function look(page: string) {
  return examineSamples(samplesIn(page), NOW, VERSION);
}

function others(page: string): [string, string][] {
  return look(page).flatMap(({ check, state }) => (state === 'ok' ? [] : [[check, state] as [string, string]]));
}

test('a system that is well has no findings', () => {
  expect(others(WELL)).toEqual([]);
  expect(look(WELL).length).toBeGreaterThan(12);
});

describe('finds', () => {
  test.each<[string, string | RegExp, string, [string, string][]]>([
    ['a part that is down', 'instance="audit-1"} 1', 'instance="audit-1"} 0', [['audit-1', 'fault']]],
    [
      'a pool that jobs wait for, without a worker',
      'alive{pool="a"} 2',
      'alive{pool="a"} 0',
      [['workers of a', 'fault']],
    ],
    [
      'a pool without a worker',
      /cs_pool_unclaimed_seconds.*\ncs_pool_workers_alive.*/,
      'cs_pool_workers_alive{pool="a"} 0',
      [['workers of a', 'warning']],
    ],
    ['a part nobody asks', /cs_up\{service="approval".*/, '', [['approval', 'unknown']]],
    [
      'an older service',
      `instance="audit-1",version="${VERSION}"`,
      'instance="audit-1",version="0.0.9"',
      [['versions', 'warning']],
    ],
    ['another Node', 'node="24.1.0",service="audit"', 'node="26.0.0",service="audit"', [['Node', 'warning']]],
    [
      'a clock that is off',
      `service="audit"} ${NOW}.25`,
      `service="audit"} ${NOW - 9}`,
      [['clock of audit-1', 'fault']],
    ],
    ['a policy near its end', `${NOW + 90 * DAY}`, `${NOW + 5 * DAY}`, [['policy of default', 'warning']]],
    ['one that has ended', `${NOW + 90 * DAY}`, `${NOW - 1}`, [['policy of default', 'fault']]],
    ['no policy', /cs_policy_ends.*/, '', [['policy', 'unknown']]],
    ['a lost stream', 'fault="missing"} 0', 'fault="missing"} 1', [['stream DISPATCH', 'fault']]],
    ['a full share', 'fault="missing"} 0', 'fault="full"} 1', [['stream DISPATCH', 'warning']]],
    ['a sealer that is behind', 'unsigned 3', 'unsigned 90000', [['sealer', 'warning']]],
    ['a publisher that is behind', 'unpublished 0', 'unpublished 90000', [['publisher of evidence', 'warning']]],
    ['no audit', 'cs_ledger_unpublished 0', '', [['publisher of evidence', 'unknown']]],
    [
      'a forwarder that is behind',
      'cs_ledger_unsigned',
      'cs_forward_waiting_leaves 90000\ncs_ledger_unsigned',
      [['forwarder', 'warning']],
    ],
    ['a pool without a worker', 'seconds{pool="a"} 1', 'seconds{pool="a"} 61', [['pool a', 'fault']]],
    [
      'a Postgres that takes no writes',
      'writes{instance="audit-1",service="audit"} 0',
      'writes{instance="audit-1",service="audit"} 1',
      [['Postgres for audit', 'fault']],
    ],
    ['a log that is full', 'service="audit"} 0\ncs_input', 'service="audit"} 4\ncs_input', [['log of audit', 'fault']]],
    [
      'what was let through',
      'open_total{service="ingress"} 0',
      'open_total{service="ingress"} 1',
      [['input_fail_open_total', 'warning']],
    ],
  ])('%s', (_, was, is, expected) => {
    const page = WELL.replace(was, is);
    expect(page).not.toBe(WELL);
    expect(others(page)).toEqual(expected);
    for (const { state, todo } of look(page)) expect(todo === '').toBe(state === 'ok');
  });
});

test('top: rates between two readings, and what stands at the second', () => {
  const page = (n: number): string => `
cs_up{instance="a"} 1
cs_up{instance="b"} 0
cs_jobs_admitted_total{state="cleared",instance="a"} ${100 + n}
cs_jobs_admitted_total{state="held",instance="b"} ${n}
cs_decisions_total{gate="submit",decision="allow"} ${3 * n}
cs_decisions_total{gate="submit",decision="deny"} ${n}
cs_decisions_total{gate="dispatch",decision="allow"} ${90 * n}
cs_jobs_waiting{state="held",instance="a"} 4
cs_jobs_waiting{state="held",instance="b"} 4
cs_jobs_waiting{state="parked"} 0
cs_dispatches_total{pool="p"} ${n}
cs_pool_waiting_jobs{pool="p"} 7
cs_pool_oldest_waiting_seconds{pool="p"} 12.4
cs_pool_workers_alive{pool="p",instance="a"} 3
cs_pool_workers_alive{pool="p",instance="b"} 3
cs_approvals_open 2
cs_ledger_unsigned 5`;
  const top = topOf(samplesIn(page(10)), samplesIn(page(30)), 10);
  expect(top).toEqual({
    parts: { up: 1, all: 2 },
    submitted_per_s: 4,
    ended_per_s: null,
    deny_rate: 0.25,
    jobs: { held: 4, parked: 0 },
    pools: [{ pool: 'p', workers: 3, waiting: 7, oldest_s: 12.4, unclaimed_s: 0, dispatched_per_s: 2 }],
    approvals_waiting: 2,
    unsigned: 5,
    unpublished: null,
    not_forwarded: null,
  });
  // Its service was started again in between.
  expect(topOf(samplesIn(page(30)), samplesIn(page(10)), 10)).toMatchObject({ submitted_per_s: 0, deny_rate: null });
});

test('as commands: findings, exit codes, JSON; no secret is printed, and without a terminal top ends', async () => {
  await using system = await playSystem(wellAt(Math.floor(Date.now() / 1000)));
  const at = ['--url', system.url, '--metrics', `${system.url}/metrics`];
  const well = await runCli('doctor', ...at, '--key', 'cs_secret');
  expect(well).toMatchObject({ code: EXIT.done, out: expect.stringContaining('key k1: of bob, ends at') });
  expect(well.out).toMatch(/→ countersign keys rotate k1\n/);
  expect(well.out).not.toContain('cs_secret');
  const blind = await runCli('doctor', '--json', '--url', system.url, '--metrics', 'http://127.0.0.1:9/metrics');
  expect(blind).toMatchObject({ code: EXIT.faults_found });
  expect(blind.json.findings).toEqual([
    expect.objectContaining({ check: 'API', state: 'ok' }),
    expect.objectContaining({ check: 'keys', state: 'unknown' }),
    expect.objectContaining({ check: 'metrics', state: 'fault', todo: expect.stringContaining('--metrics') }),
  ]);
  const top = await runCli('top', '--interval', '0.1', '--metrics', `${system.url}/metrics`);
  expect(top).toMatchObject({ code: EXIT.done, out: expect.stringContaining('parts up       6 of 6') });
  expect(await runCli('top', '--metrics', `${system.url}/gone`)).toMatchObject({ code: EXIT.unavailable });
  expect(await runCli('top', '--interval', 'x')).toMatchObject({ code: EXIT.usage });
});

async function playSystem(page: string): Promise<AsyncDisposable & { url: string }> {
  const keys = [{ key_id: 'k1', principal: 'bob', expires_at: '2027-01-20T00:00:00Z' }];
  const answers: Readonly<Record<string, string>> = {
    '/metrics': page,
    '/openapi.json': '{}',
    '/api/v1/keys': JSON.stringify({ keys, next_cursor: null }),
  };
  const server = createServer(({ url = '' }, response) => {
    const text = answers[url.split('?')[0]!];
    response.writeHead(text === undefined ? 404 : 200).end(text);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

test('says its version, which is every package’s', async () => {
  expect(await runCli('--version')).toMatchObject({ code: EXIT.done, out: `${VERSION}\n` });
  const manifests = ['packages', 'services', 'infra']
    .flatMap((folder) => listFiles(folder, /^package\.json$/))
    .map((path) => JSON.parse(readText(path)).version);
  expect(manifests.length).toBeGreaterThan(20);
  expect(new Set(manifests)).toEqual(new Set([VERSION]));
  expect(readText('packages/python/pyproject.toml')).toContain(`version = "${VERSION}"`);
});

test('completes commands, their commands and options in a shell', async () => {
  const { out } = await runCli('completion', 'bash');
  const complete = (...words: string[]): string[] => {
    const given = `${out}\nCOMP_WORDS=(countersign ${words.join(' ')}); COMP_CWORD=${words.length}; _countersign; echo "\${COMPREPLY[@]}"`;
    return execFileSync('bash', ['-c', given], { encoding: 'utf8' }).trim().split(' ');
  };
  expect(complete('jo')).toEqual(['jobs']);
  expect(complete('jobs', 's')).toEqual(['submit', 'show']);
  expect(complete('--json', 'policy', 'init', 'x', '--te')).toEqual(['--template']);
  const zsh = await runCli('completion', 'zsh');
  expect(zsh.out).toBe(`autoload -Uz bashcompinit && bashcompinit\n${out}`);
  const fish = await runCli('completion', 'fish');
  expect(fish.out).toContain(`case ' policy init'\n      printf '%s\\n' --template --help`);
  expect(await runCli('completion', 'tcsh')).toMatchObject({ code: EXIT.usage });
});

test('policy init: a folder whose tests pass, whose schemas are beside it, and which is never overwritten', async () => {
  const folder = join(newFolder(), 'mine');
  const made = await runCli('policy', 'init', folder, '--template', 'chatops', '--json');
  expect(made).toMatchObject({ code: EXIT.done, json: { template: 'chatops' } });
  expect(await runCli('policy', 'test', folder)).toMatchObject({ code: EXIT.done });
  expect(await runCli('policy', 'lint', folder, '--strict')).toMatchObject({ code: EXIT.done });
  const named = (made.json.files as string[]).flatMap((name) =>
    [...readFileSync(join(folder, name), 'utf8').matchAll(/\$schema=(.*)$/gm)].map(([, to]) =>
      join(folder, dirname(name), to!),
    ),
  );
  expect(named).toEqual(
    ['policy.yaml', 'pools.yaml', 'tests/room.yaml'].map((name) =>
      join(folder, '.schemas', `${basename(name === 'tests/room.yaml' ? 'tests' : name, '.yaml')}.schema.json`),
    ),
  );
  expect(named.filter((path) => !existsSync(path))).toEqual([]);
  expect(await runCli('policy', 'init', folder)).toMatchObject({ code: EXIT.usage });
});

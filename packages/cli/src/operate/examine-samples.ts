/** What the metrics of a running system say about its health, each finding with what to do. Pure. */
import { type Finding, finding, ok } from '@countersign/contracts/finding';
import { SERVICES } from '@countersign/contracts/ledger-entry';
import { LIMITS } from '@countersign/contracts/limits';
import type { MetricName } from '@countersign/contracts/metrics';
import { by, mostOf, of, type Sample, sumOf } from './metric-samples.ts';

/** Days before its end at which a policy is warned of. */
export const SOON_DAYS = 14;
const DAY = 24 * 60 * 60;
/** Seconds that a job or warrant may wait for a worker before somebody should look. */
const SLOW = 60;
/** Entries of the ledger that may be on their way: two transactions of the sealer. */
const BEHIND = 2 * LIMITS.seal_leaves;

/** `now` in seconds since the epoch; `version` of who asks. */
export function examineSamples(samples: readonly Sample[], now: number, version: string): Finding[] {
  return [
    ...parts(samples),
    ...versions(samples, version),
    ...clocks(samples, now),
    ...policies(samples, now),
    ...streams(samples),
    ...lag(samples),
    ...workers(samples),
    ...broken(samples),
  ];
}

function parts(samples: readonly Sample[]): Finding[] {
  const up = of(samples, 'up');
  const absent = SERVICES.filter((service) => !up.some(({ labels }) => labels.service === service));
  return [
    ...up.map(({ labels, value }) =>
      value === 1
        ? ok(nameOf(labels), 'answers')
        : finding('fault', nameOf(labels), 'does not answer', 'read its log, and start it again'),
    ),
    ...absent.map((service) =>
      finding('unknown', service, 'the page of metrics does not know it', 'give --metrics the page that gathers all'),
    ),
    ...of(samples, 'given_up')
      .filter(({ value }) => value > 0)
      .map(({ labels }) =>
        finding('fault', `${labels.instance} (launcher)`, 'died too often', 'fix what its log says, then start anew'),
      ),
  ];
}

/** Several services may be one process, and then share the name of the instance. */
function nameOf({ service = '', instance = service }: Sample['labels']): string {
  return instance.startsWith(service) ? instance : `${service} in ${instance}`;
}

function versions(samples: readonly Sample[], own: string): Finding[] {
  const told = of(samples, 'build_info').map(({ labels }) => labels);
  if (told.length === 0) return [finding('unknown', 'versions', 'no service tells its own', 'upgrade the services')];
  const others = told.filter(({ version }) => version !== own);
  const nodes = [...new Set(told.map(({ node }) => node))];
  return [
    others.length === 0
      ? ok('versions', `every service and this command are ${own}`)
      : finding(
          'warning',
          'versions',
          `${others.map(({ instance, service, version }) => `${instance ?? service} is ${version}`).join(', ')}; this command is ${own}`,
          'finish the upgrade: two versions run side by side only while one replaces the other',
        ),
    nodes.length === 1
      ? ok('Node', String(nodes[0]))
      : finding('warning', 'Node', `several versions run: ${nodes.join(', ')}`, 'start all services on the same one'),
  ];
}

function clocks(samples: readonly Sample[], now: number): Finding[] {
  const told = of(samples, 'clock_timestamp_seconds');
  const off = told.filter(({ value }) => Math.abs(value - now) * 1000 > LIMITS.token_skew_ms);
  if (told.length === 0) return [finding('unknown', 'clocks', 'no service tells its own', 'upgrade the services')];
  if (off.length === 0)
    return [ok('clocks', `${told.length} within ${LIMITS.token_skew_ms / 1000} s of this machine's`)];
  return off.map(({ labels, value }) =>
    finding(
      'fault',
      `clock of ${labels.instance ?? labels.service}`,
      `${(value - now).toFixed(0)} s from this machine's`,
      'set one of the two by NTP: tokens and signed requests are refused where clocks differ',
    ),
  );
}

function policies(samples: readonly Sample[], now: number): Finding[] {
  const ends = [...by(samples, 'policy_ends_timestamp_seconds', 'scope', Math.min)];
  if (ends.length === 0)
    return [finding('unknown', 'policy', 'none is told of', 'see `countersign policy bundles`, and activate one')];
  return ends.map(([scope, end]) => {
    const days = Math.floor((end - now) / DAY);
    const until = new Date(end * 1000).toISOString().slice(0, 10);
    const advice = 'sign the policy again with a later end, publish and activate it';
    if (end <= now) return finding('fault', `policy of ${scope}`, `ended on ${until}: nothing is admitted`, advice);
    if (days < SOON_DAYS) return finding('warning', `policy of ${scope}`, `ends in ${days} days, on ${until}`, advice);
    return ok(`policy of ${scope}`, `until ${until}`);
  });
}

function streams(samples: readonly Sample[]): Finding[] {
  const told = of(samples, 'stream_faults');
  const bad = told.filter(({ value }) => value > 0);
  const REMEDIES: Readonly<Record<string, string>> = {
    missing: "read its owner's log: JetStream is out of reach, or holds something other than declared",
    write: 'look at the disk of nats-server, and start it again once there is room',
    full: "admission is behind, or the tenant's agents send more than is admitted: look at countersign_intake_refused_total",
  };
  if (told.length === 0)
    return [finding('unknown', 'streams', 'nobody tells of any', 'see whether scheduler and audit run')];
  if (bad.length === 0) return [ok('streams', 'all stand as declared and take messages')];
  return bad.map(({ labels }) =>
    finding(
      labels.fault === 'full' ? 'warning' : 'fault',
      `stream ${labels.stream}`,
      String(labels.fault),
      REMEDIES[labels.fault!] ?? 'see the runbook',
    ),
  );
}

/** What is behind, and by how much of it somebody should look. */
const BACKLOGS: readonly [MetricName, string, number, string][] = [
  [
    'ledger_unsigned',
    'sealer',
    BEHIND,
    "read audit's log: the log signs nothing that contradicts what it signed before",
  ],
  ['ledger_unpublished', 'publisher of evidence', BEHIND, "read audit's log, and whether JetStream takes messages"],
  [
    'forward_waiting_leaves',
    'forwarder',
    10 * BEHIND,
    'see whether its receiver answers (`countersign_forward_failures_total`)',
  ],
  [
    'webhook_deliveries_waiting',
    'webhooks',
    1_000,
    'see `countersign webhooks deliveries`: a receiver is gone or slow',
  ],
];

function lag(samples: readonly Sample[]): Finding[] {
  return BACKLOGS.flatMap(([metric, what, most, advice]) => {
    const behind = mostOf(samples, metric);
    // Who forwards evidence runs for whoever wants it, and may not run at all.
    if (behind === null)
      return metric === 'forward_waiting_leaves'
        ? []
        : [finding('unknown', what, 'nobody tells of it', 'see whether audit runs')];
    return [behind > most ? finding('warning', what, `${behind} behind`, advice) : ok(what, `${behind} behind`)];
  });
}

function workers(samples: readonly Sample[]): Finding[] {
  const unclaimed = [...by(samples, 'pool_unclaimed_seconds', 'pool')].filter(([, seconds]) => seconds > SLOW);
  const waiting = [...by(samples, 'pool_oldest_waiting_seconds', 'pool')].filter(([, seconds]) => seconds > SLOW);
  return [
    ...manned(samples),
    ...unclaimed.map(([pool, seconds]) =>
      finding(
        'fault',
        `pool ${pool}`,
        `nobody has claimed its oldest warrant for ${Math.round(seconds)} s`,
        'start a worker of it, or read its log',
      ),
    ),
    ...waiting.map(([pool, seconds]) =>
      finding(
        'warning',
        `pool ${pool}`,
        `its oldest job has waited for ${Math.round(seconds)} s`,
        'add workers, or see `countersign stops list` and the reasons of its jobs',
      ),
    ),
    ...(unclaimed.length + waiting.length === 0 ? [ok('pools', `nothing waits longer than ${SLOW} s`)] : []),
  ];
}

/** Which pools have workers. One without any is nobody's loss until something waits for it. */
function manned(samples: readonly Sample[]): Finding[] {
  const alive = [...by(samples, 'pool_workers_alive', 'pool')];
  const waits = (pool: string): boolean =>
    (['pool_waiting_jobs', 'pool_unclaimed_seconds'] as const).some(
      (metric) => (by(samples, metric, 'pool').get(pool) ?? 0) > 0,
    );
  const empty = alive.filter(([, workers]) => workers === 0).map(([pool]) => pool);
  const others = alive.filter(([, workers]) => workers > 0);
  const advice = 'start a worker of it; `countersign workers list` says who is registered';
  return [
    ...empty.map((pool) =>
      waits(pool)
        ? finding('fault', `workers of ${pool}`, 'none is alive, and jobs wait', advice)
        : finding('warning', `workers of ${pool}`, 'none is alive', advice),
    ),
    ...(others.length === 0 ? [] : [ok('workers', others.map(([pool, workers]) => `${pool}: ${workers}`).join(', '))]),
  ];
}

function broken(samples: readonly Sample[]): Finding[] {
  const refuses = of(samples, 'database_refuses_writes').filter(({ value }) => value > 0);
  const lost = of(samples, 'log_lines_dropped_total').filter(
    ({ labels, value }) => labels.reason === 'unwritable' && value > 0,
  );
  const open = (['input_fail_open_total', 'dispatch_fail_open_total', 'output_fail_open_total'] as const).filter(
    (metric) => (sumOf(samples, metric) ?? 0) > 0,
  );
  return [
    ...refuses.map(({ labels }) =>
      finding(
        'fault',
        `Postgres for ${labels.service}`,
        'takes no writes',
        'its disk is full, it only reads, or a grant is missing: the log of the service says which',
      ),
    ),
    ...lost.map(({ labels }) =>
      finding('fault', `log of ${labels.service}`, 'lines were lost', 'make room on its disk'),
    ),
    ...open.map((metric) =>
      finding(
        'warning',
        metric,
        'something was let through without a decision or scan since its service started',
        'list it: `countersign kpis`, and the runbook',
      ),
    ),
  ];
}

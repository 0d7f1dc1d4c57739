/**
 * Policies and requests for the bench, from a seed, so that every run and every engine sees the same. A policy grows by
 * services of ten rules each: more rules, but equally many that could match one request.
 */
import type { Actor, NamedRequest } from '@countersign/contracts/job';
import type { PolicySource } from '@countersign/contracts/policy';

export type BenchQuestion = { request: NamedRequest; actor: Actor };
/** `topics`: each rule names its service's topics. `labels`: every rule is on `job.*`, and a label names the service. */
export type Layout = 'topics' | 'labels';
export type BenchPolicy = Pick<PolicySource, 'rules' | 'tiers' | 'topics'>;
type Rule = PolicySource['rules'][number];

const RULES_PER_SERVICE = 10;
const ACTIONS = ['read', 'list', 'apply', 'delete', 'write.row', 'write.table'];
const ENVIRONMENTS = ['prod', 'staging', 'dev'];
const TEAMS = ['web', 'data', 'security'];
const RISK_TAGS = ['change', 'pii', 'money'];
const TENANTS = ['acme', 'beta', 'corp'];
/** Topics whose facts the policy lists; the others stand on the submitter's word. */
const LISTED_SERVICES = 100;

const TIERS = [
  {
    id: 'tier-prod-write',
    match: { capabilities: ['*.write'], labels: { env: 'prod' } },
    floor: {
      decision: 'require_approval',
      stages: [{ group: 'sre', count: 2 }],
      max_attempts: 2,
    },
  },
  {
    id: 'tier-money',
    match: { risk_tags: ['money'] },
    floor: { decision: 'require_approval', stages: [{ group: 'security', count: 1 }] },
  },
  {
    id: 'tier-staging-write',
    match: { capabilities: ['*.write'], labels: { env: 'staging' } },
    floor: { decision: 'allow_with_constraints', constraints: { timeout: '2m' } },
  },
];

/** mulberry32: small, seeded, good enough to choose test data. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** As an author writes it: durations as text. */
export function makePolicy(rules: number, layout: Layout): BenchPolicy {
  const services = Math.ceil(rules / RULES_PER_SERVICE);
  const made = Array.from({ length: services }, (_, service) => rulesOf(serviceName(service), layout)).flat();
  const listed = Array.from({ length: Math.min(services, LISTED_SERVICES) }, (_, service) => serviceName(service));
  const topics = listed.map((name) => [`job.${name}.read`, { capability: `${name}.read`, risk_tags: [] }] as const);
  return { rules: made.slice(0, rules), tiers: TIERS, topics: Object.fromEntries(topics) } as unknown as BenchPolicy;
}

export function makeQuestions(count: number, rules: number, seed: number): BenchQuestion[] {
  const random = randomFrom(seed);
  const services = Math.ceil(rules / RULES_PER_SERVICE);
  return Array.from({ length: count }, (_, i) => makeQuestion(random, Math.floor(random() * services), i));
}

function rulesOf(name: string, layout: Layout): Rule[] {
  const rule = (kind: string, topics: string[], match: object, effect: object): object => ({
    id: `${name}-${kind}`,
    match:
      layout === 'topics'
        ? { topics: topics.map((tail) => `job.${name}.${tail}`), ...match }
        : {
            topics: ['job.*'],
            ...match,
            labels: { service: name, ...('labels' in match ? (match.labels as object) : {}) },
          },
    ...effect,
  });
  const deny = { decision: 'deny' };
  const allow = { decision: 'allow' };
  const ask = { decision: 'require_approval', approval: { stages: [{ group: 'sre', count: 1 }], expires_in: '1h' } };
  const bound = { decision: 'allow_with_constraints', constraints: { timeout: '5m', max_attempts: 2 } };
  return [
    rule('no-delete', ['delete'], { labels: { env: 'prod' } }, deny),
    rule('no-agent-9', ['*'], { actors: ['agent-9'] }, deny),
    rule('no-pii', ['*'], { risk_tags: ['pii'], not: { labels: { team: 'security' } } }, deny),
    rule('prod-write', ['write.*', 'apply'], { labels: { env: 'prod' }, capabilities: [`${name}.write`] }, ask),
    rule('read', ['read', 'list'], { capabilities: [`${name}.read`] }, allow),
    rule('dev-apply', ['apply'], { labels: { env: ['dev', 'staging'] } }, bound),
    rule('dev-write', ['write.*'], { labels: { env: 'dev' }, capabilities: ['*.write'] }, allow),
    rule('staging-write', ['write.*'], { labels: { env: 'staging', team: ['data', 'web'] } }, bound),
    rule('special', ['*'], { requires: [`${name}.special`] }, ask),
    rule('acme-people', ['*'], { tenants: ['acme'], actor_types: ['human'] }, allow),
  ] as Rule[];
}

function serviceName(service: number): string {
  return `svc${service}`;
}

function makeQuestion(random: () => number, service: number, position: number): BenchQuestion {
  const name = serviceName(service);
  const action = pick(random, ACTIONS);
  const kind = action === 'read' || action === 'list' ? 'read' : 'write';
  const listed = service < LISTED_SERVICES && action === 'read';
  return {
    request: {
      job_id: `job-${position}`,
      tenant: pick(random, TENANTS),
      topic: `job.${name}.${action}`,
      prompt: 'Bring the table up to date and say what changed.',
      payload: {
        table: `t${position % 97}`,
        rows: position % 1000,
        dry_run: random() < 0.5,
        note: 'as agreed on Monday',
      },
      labels: { service: name, env: pick(random, ENVIRONMENTS), team: pick(random, TEAMS) },
      meta: {
        capability: `${name}.${kind}`,
        risk_tags: listed ? [] : random() < 0.3 ? [pick(random, RISK_TAGS)] : [],
        requires: random() < 0.1 ? [`${name}.special`] : [],
      },
    },
    actor: {
      id: `agent-${Math.floor(random() * 10)}`,
      type: random() < 0.2 ? 'human' : 'agent',
      owner: 'owner-1',
      auth_method: 'api_key',
      ceiling: { topics: ['job.*'], capabilities: ['*'], environments: ['*'] },
    },
  };
}

function pick<T>(random: () => number, from: readonly T[]): T {
  return from[Math.floor(random() * from.length)]!;
}

/** The only place that builds or reads a subject. Every token is checked, so caller text never becomes a wildcard. */
import { LIMITS } from './limits.ts';
import { isToken, isTopic, topicTail } from './names.ts';

export const subjects = {
  submit: (tenant: string, topic: string) => `job.submit.${tokenOf(tenant)}.${tailOf(topic)}`,
  held: (tenant: string, topic: string) => `job.held.${tokenOf(tenant)}.${tailOf(topic)}`,
  granted: (tenant: string, topic: string) => `job.granted.${tokenOf(tenant)}.${tailOf(topic)}`,
  refused: (tenant: string, topic: string) => `job.refused.${tokenOf(tenant)}.${tailOf(topic)}`,
  dispatch: (pool: string, tenant: string, topic: string) =>
    `job.dispatch.${tokenOf(pool)}.${tokenOf(tenant)}.${tailOf(topic)}`,
  result: (pool: string, worker: string, tenant: string, topic: string) =>
    `job.result.${tokenOf(pool)}.${tokenOf(worker)}.${tokenOf(tenant)}.${tailOf(topic)}`,
  /** Of a worker over HTTP, as ingress hands it on: nobody but the signature in it vouches for who sent it. */
  forwardedResult: (pool: string, worker: string, tenant: string, topic: string) =>
    `rpc.output.result.${tokenOf(pool)}.${tokenOf(worker)}.${tokenOf(tenant)}.${tailOf(topic)}`,
  screened: (tenant: string, topic: string) => `job.screened.${tokenOf(tenant)}.${tailOf(topic)}`,
  /** Somebody at a door waits for the end of a job. */
  waited: () => 'job.waited',
  /** A job that somebody waits for may have ended. */
  ended: () => 'job.ended',
  /** An entry without a topic publishes under its chain's tokens; `_` stands for no tenant. */
  audit: (tenant: string | null, kind: string, topic: string | null, chain: string) =>
    `audit.${tokenOf(tenant ?? '_')}.${tokenOf(kind)}.${topic === null ? chainTokens(chain) : tailOf(topic)}`,
  rpcSubmit: (tenant: string) => `rpc.ingress.submit.${tokenOf(tenant)}`,
  claim: (pool: string, worker: string) => `rpc.scheduler.claim.${tokenOf(pool)}.${tokenOf(worker)}`,
  beat: (pool: string, worker: string) => `rpc.scheduler.beat.${tokenOf(pool)}.${tokenOf(worker)}`,
  hello: (pool: string, worker: string) => `rpc.scheduler.hello.${tokenOf(pool)}.${tokenOf(worker)}`,
  /** A service asks itself here whether questions arrive. */
  ping: (service: string) => `rpc.ping.${tokenOf(service)}`,
  /** Written by ingress to see whether a tenant's intake takes messages. */
  intakeProbe: (tenant: string) => `probe.intake.${tokenOf(tenant)}`,
  replay: (tenant: string) => `rpc.audit.replay.${tokenOf(tenant)}`,
  inbox: (user: string) => `_INBOX_${tokenOf(user)}`,
  /** Changes of `control` are announced here; the message is a hint, Postgres is the truth. */
  control: () => 'control.epoch',
  /** Each signed checkpoint of the ledger as it is kept: `{ tree_size, note }`. Postgres holds them all. */
  checkpoint: () => 'ledger.checkpoint',
} as const;

/** What a subscription or a permission names instead of one subject. */
export const patterns = {
  /** Every tenant's requests, or those of one. */
  submit: (tenant?: string) => (tenant === undefined ? 'job.submit.>' : `job.submit.${tokenOf(tenant)}.>`),
  result: (pool: string, worker: string) => `job.result.${tokenOf(pool)}.${tokenOf(worker)}.>`,
  /** Every worker's results. */
  results: () => 'job.result.>',
  forwardedResults: () => 'rpc.output.result.>',
  audit: (tenant: string) => `audit.${tokenOf(tenant)}.>`,
  /** Every tenant's evidence. */
  evidence: () => 'audit.>',
  inbox: (user: string) => `_INBOX_${tokenOf(user)}.>`,
  rpcSubmit: () => 'rpc.ingress.submit.*',
  intakeProbe: () => 'probe.intake.*',
  replay: () => 'rpc.audit.replay.*',
  claim: () => 'rpc.scheduler.claim.*.*',
  beat: () => 'rpc.scheduler.beat.*.*',
  hello: () => 'rpc.scheduler.hello.*.*',
  /** Where the server takes the answers to questions from other accounts. It makes each of these subjects itself. */
  otherAccounts: () => '_R_.>',
} as const;

/** What the server itself asks and answers. */
export const server = {
  /** Asked of ingress for each connection of somebody whom the configuration does not list (NATS ADR-26). */
  authRequests: () => '$SYS.REQ.USER.AUTH',
  /** Where the server takes the answers to that. It makes each of these subjects itself. */
  authAnswers: () => '$SYS._INBOX.>',
  /** Lists the connections of one server, as the services' account imports it. */
  connections: (server_id: string) => `bus.connections.${serverToken(server_id)}`,
  /** Ends one of them. */
  disconnect: (server_id: string) => `bus.disconnect.${serverToken(server_id)}`,
} as const;

/** The system account's subjects behind them; `*` is the server's id. */
export const SYSTEM_EXPORTS = [
  { subject: '$SYS.REQ.SERVER.*.CONNZ', to: 'bus.connections.*' },
  { subject: '$SYS.REQ.SERVER.*.KICK', to: 'bus.disconnect.*' },
] as const;

const WORKER_VERBS: ReadonlySet<string> = new Set(['claim', 'beat', 'hello']);

/** Name of the NATS user that a tenant's agents share: a signature, not this, says which agent asks. */
export function agentUser(tenant: string): string {
  return `agent-${tenant}`.slice(0, LIMITS.token_chars);
}

export function workerUser(pool: string, worker: string): string {
  return `worker-${pool}-${worker}`.slice(0, LIMITS.token_chars);
}

export function auditorUser(tenant: string): string {
  return `auditor-${tenant}`.slice(0, LIMITS.token_chars);
}

/** `job.result.desk.w1.acme.deploy.apply` → `job.result`: names nobody, so that it may be a metric's label. */
export function familyOf(subject: string): string {
  return subject.split('.').slice(0, 2).join('.');
}

/** Whether a question came from another account; its subject then says from whom, for the server let nobody else ask it. */
export function isFromOtherAccount(reply: string | undefined): boolean {
  return reply?.startsWith('_R_.') === true;
}

/** `job.screened.acme.deploy.apply` → `screened`. */
export function stageOf(subject: string): string {
  return subject.split('.')[1] ?? '';
}

/** `job.submit.<tenant>.<tail>` → tenant and topic, or null when it is not one. */
export function readSubmitSubject(subject: string): { tenant: string; topic: string } | null {
  const [job, stage, tenant, ...tail] = subject.split('.');
  const topic = `job.${tail.join('.')}`;
  if (job !== 'job' || stage !== 'submit' || tenant === undefined || !isToken(tenant) || !isTopic(topic)) return null;
  return { tenant, topic };
}

/** `rpc.ingress.submit.<tenant>` → tenant, or null when it is not one. */
export function readSubmitRequestSubject(subject: string): { tenant: string } | null {
  const [rpc, service, verb, tenant, ...rest] = subject.split('.');
  if (rpc !== 'rpc' || service !== 'ingress' || verb !== 'submit' || rest.length > 0) return null;
  return tenant !== undefined && isToken(tenant) ? { tenant } : null;
}

/** `rpc.audit.replay.<tenant>` → tenant, or null when it is not one. */
export function readReplaySubject(subject: string): { tenant: string } | null {
  const [rpc, service, verb, tenant, ...rest] = subject.split('.');
  if (rpc !== 'rpc' || service !== 'audit' || verb !== 'replay' || rest.length > 0) return null;
  return tenant !== undefined && isToken(tenant) ? { tenant } : null;
}

type ResultAddress = { pool: string; worker: string; tenant: string; topic: string };

/** `job.result.<pool>.<worker>.<tenant>.<tail>` → who sent it, vouched for by the server's permissions. */
export function readResultSubject(subject: string): ResultAddress | null {
  return readAddress('job.result.', subject);
}

/** As above, of a result that ingress hands on: the subject is ingress' word and vouches for nothing. */
export function readForwardedResultSubject(subject: string): ResultAddress | null {
  return readAddress('rpc.output.result.', subject);
}

function readAddress(prefix: string, subject: string): ResultAddress | null {
  if (!subject.startsWith(prefix)) return null;
  const [pool, worker, tenant, ...tail] = subject.slice(prefix.length).split('.');
  const topic = `job.${tail.join('.')}`;
  if (!isTopic(topic)) return null;
  if (pool === undefined || worker === undefined || tenant === undefined) return null;
  if (![pool, worker, tenant].every(isToken)) return null;
  return { pool, worker, tenant, topic };
}

/** `rpc.scheduler.<verb>.<pool>.<worker>` → who asks. */
export function readWorkerSubject(subject: string): { pool: string; worker: string } | null {
  const [rpc, service, verb, pool, worker, ...rest] = subject.split('.');
  if (rpc !== 'rpc' || service !== 'scheduler' || !WORKER_VERBS.has(verb ?? '') || rest.length > 0) return null;
  if (pool === undefined || worker === undefined || !isToken(pool) || !isToken(worker)) return null;
  return { pool, worker };
}

function tokenOf(text: string): string {
  if (!isToken(text)) throw new TypeError('not a subject token');
  return text;
}

function tailOf(topic: string): string {
  if (!isTopic(topic)) throw new TypeError('not a topic');
  return topicTail(topic);
}

/** A server's id is its public nkey. */
function serverToken(server_id: string): string {
  if (!/^N[A-Z2-7]{55}$/.test(server_id)) throw new TypeError('not the id of a nats-server');
  return server_id;
}

/** `policy:default` → `policy.default`; characters outside a token become `_`. */
function chainTokens(chain: string): string {
  return chain
    .split(':')
    .map(
      (part) =>
        part
          .toLowerCase()
          .replace(/[^a-z0-9_-]/g, '_')
          .slice(0, 64) || '_',
    )
    .join('.');
}

/**
 * Derives again that whatever was erased could be: of a job that had ended, kept by no legal hold, and either old enough or asked for.
 * Holds, times and erasures of a tenant stand in one chain, and whoever erases waits for whoever changes one of them.
 */
import { chainOfJob } from '@countersign/contracts/ledger-entry';
import { LIMITS } from '@countersign/contracts/limits';
import type { Body, DerivedFault } from './derived-fault.ts';
import { type AskedFor, textOf } from './rederive-control.ts';

/** A job that has ended: whose it is, and between which microseconds it was under way. */
export type EndedJob = { readonly asked: AskedFor; readonly from_us: number; readonly to_us: number };

type Hold = { tenant: unknown; kind: unknown; target: unknown; from_us: number; until_us: number };
type Asked = { tenant: unknown; job_id: unknown; subject: unknown };

const DAY_MS = 24 * 60 * 60 * 1000;
/** Rows and entries of one step are timed one after the other: what is so near to a bound accuses nobody. */
const NEAR_US = 10_000_000;

export class Erasure {
  readonly #holds = new Map<string, Hold>();
  readonly #kept = new Map<string, number>();
  readonly #asked = new Map<string, Asked>();
  readonly #ended: ReadonlyMap<string, EndedJob>;

  /** `ended`: by chain, filled by whoever reads the chains of jobs. */
  constructor(ended: ReadonlyMap<string, EndedJob>) {
    this.#ended = ended;
  }

  /** An entry of a chain `content:<tenant>`. */
  take(kind: string, body: Body, time_us: number): DerivedFault[] {
    const { tenant, hold_id, erasure_id, content, days, job_id, subject } = body;
    if (kind === 'hold_set') this.#holds.set(String(hold_id), holdOf(body));
    if (kind === 'hold_lifted') this.#holds.delete(String(hold_id));
    if (kind === 'retention_set') this.#kept.set(`${tenant} ${content}`, Number(days) * DAY_MS);
    if (kind === 'erasure_asked') this.#asked.set(String(erasure_id), { tenant, job_id, subject });
    if (!kind.endsWith('_erased') || !Array.isArray(body.job_ids)) return [];
    const faults = body.job_ids.flatMap((each) => this.#erased(String(each), body, time_us));
    return [...new Set(faults)];
  }

  /** Whether a legal hold keeps what belongs to this job. */
  isHeld(tenant: unknown, chain: string): boolean {
    const job = this.#ended.get(chain);
    return job !== undefined && [...this.#holds.values()].some((hold) => holds(hold, tenant, chain, job));
  }

  #erased(job_id: string, body: Body, time_us: number): DerivedFault[] {
    const chain = chainOfJob(String(body.tenant), job_id);
    const job = this.#ended.get(chain);
    if (job === undefined) return ['erased_before_its_end'];
    const faults: DerivedFault[] = this.isHeld(body.tenant, chain) ? ['erased_under_hold'] : [];
    if (body.why === 'retention' && this.#isEarly(job, body, time_us)) faults.push('erased_early');
    if (body.why !== 'retention' && !this.#isAsked(job_id, job, body)) faults.push('erased_unasked');
    return faults;
  }

  /** A tenant may have said that it is to be kept for a shorter time; nobody else may. */
  #isEarly(job: EndedJob, { tenant, content, keep_ms }: Body, time_us: number): boolean {
    const least = this.#kept.get(`${tenant} ${content}`) ?? LIMITS.keep_days * DAY_MS;
    return !(Number(keep_ms) >= least && job.to_us + least * 1000 <= time_us + NEAR_US);
  }

  #isAsked(job_id: string, job: EndedJob, { tenant, erasure_id }: Body): boolean {
    const asked = this.#asked.get(String(erasure_id));
    if (asked === undefined || asked.tenant !== tenant) return false;
    return asked.job_id === job_id || isOf(job, asked.subject);
  }
}

function holdOf({ tenant, kind, target, from, until }: Body): Hold {
  return { tenant, kind, target, from_us: microseconds(from), until_us: microseconds(until) };
}

function holds(hold: Hold, tenant: unknown, chain: string, job: EndedJob): boolean {
  const { kind, target } = hold;
  if (hold.tenant !== tenant) return false;
  if (kind === 'job') return chainOfJob(String(tenant), String(target)) === chain;
  if (kind === 'run') return job.asked.run !== null && job.asked.run === target;
  if (kind === 'agent') return isOf(job, target);
  return job.from_us <= hold.until_us - NEAR_US && job.to_us >= hold.from_us + NEAR_US;
}

function isOf({ asked }: EndedJob, subject: unknown): boolean {
  return typeof subject === 'string' && (asked.actor === subject || asked.behind.includes(subject));
}

function microseconds(instant: unknown): number {
  return Date.parse(textOf(instant) ?? '') * 1000;
}

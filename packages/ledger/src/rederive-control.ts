/**
 * Derives again which stops and revocations were in force at each step. A change of `control` waits for every gate under way and
 * holds back the next, so an entry that stands behind it in the log was written under it.
 */
import {
  type ControlSwitch,
  keySubject,
  SWITCH_KINDS,
  stopFor,
  tokenSubject,
  workerSubject,
} from '@countersign/contracts/control';
import { namesIn } from '@countersign/contracts/delegation';
import type { Body, DerivedFault } from './derived-fault.ts';

/** What entries after a job's admission do not repeat. */
export type AskedFor = {
  readonly actor: string | null;
  readonly run: string | null;
  readonly pool: string | null;
  readonly behind: readonly string[];
};

/** Kinds of entries that a stop forbids, and those of a release, whatever state they lead to. */
const STOPPED = ['job_admitted', 'job_dispatched', 'job_running', 'quarantine_proposed', 'quarantine_released'];

export function askedFor({ actor, run, pool, on_behalf_of }: Body): AskedFor {
  return { actor: textOf(actor), run: textOf(run), pool: textOf(pool), behind: namesIn(textOf(on_behalf_of)) };
}

export class ControlInForce {
  readonly #stops = new Map<string, ControlSwitch>();
  readonly #revoked = new Set<string>();

  take(kind: string, body: Body): void {
    if (kind === 'identity_revoked') this.#revoked.add(String(body.subject));
    if (kind !== 'switch_set') return;
    this.#stops.delete(String(body.switch_id));
    const set = body.on === true && (SWITCH_KINDS as readonly unknown[]).includes(body.kind);
    if (set) this.#stops.set(String(body.switch_id), { ...body, tenant: textOf(body.tenant) } as ControlSwitch);
  }

  faults(kind: string, body: Body, asked: AskedFor): DerivedFault[] {
    const faults: DerivedFault[] = [];
    if (this.#revoked.size > 0 && subjectsOf(kind, body, asked).some((subject) => this.#revoked.has(subject)))
      faults.push('by_the_revoked');
    if (this.#stops.size > 0 && (STOPPED.includes(kind) || isRelease(kind, body)) && this.#isStopped(body, asked))
      faults.push('under_a_stop');
    return faults;
  }

  #isStopped(body: Body, { run, pool }: AskedFor): boolean {
    const job = {
      ...{ tenant: String(body.tenant), topic: String(body.topic), capability: textOf(body.capability) },
      ...{ agent: String(body.actor), pool: textOf(body.pool) ?? pool, run },
    };
    return stopFor({ policies: {}, switches: [...this.#stops.values()], revoked: [], ceilings: {} }, job) !== null;
  }
}

/** Whose revocation forbids this step: exactly those whom its gate asks about. */
function subjectsOf(kind: string, body: Body, { behind }: AskedFor): string[] {
  const { actor, key_id, token_id, by_key, reviewer, voter, pool, worker } = body;
  if (kind === 'job_admitted')
    return [...texts(actor), ...behind, ...texts(key_id, keySubject), ...texts(token_id, tokenSubject)];
  if (kind === 'job_dispatched') return [...texts(actor), ...behind];
  if (kind === 'job_running') return [...texts(actor), workerSubject({ pool: String(pool), worker: String(worker) })];
  if (kind === 'approval_voted') return texts(voter);
  if (kind === 'review_signed') return texts(reviewer);
  if (kind.startsWith('quarantine_')) return [...texts(reviewer), ...texts(by_key, keySubject)];
  return isRelease(kind, body) ? texts(actor) : [];
}

function isRelease(kind: string, { released }: Body): boolean {
  return released === true || kind === 'job_succeeded';
}

function texts(value: unknown, named: (text: string) => string = (text) => text): string[] {
  return typeof value === 'string' ? [named(value)] : [];
}

export function textOf(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

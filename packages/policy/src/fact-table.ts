/**
 * Gives every value that a policy's matches name a number, so that a request is read once and each rule then compares
 * numbers that lie side by side. Only what can be looked up is a fact; wildcards, texts and negations are not.
 */
import { type CompiledMatch, compileMatch, type Subject } from './match-subject.ts';

/** What the index reads of a request. */
export type IndexedFacts = Omit<Subject, 'capability' | 'foldedTexts' | 'findings' | 'run'>;
/** One of these facts must hold. */
export type Clause = readonly number[];

type Numbers = Map<string, number>;

const NOTHING: CompiledMatch = compileMatch({});

const LAST_STAMP = 0xffff_ffff;

export class FactTable {
  private readonly tenants: Numbers = new Map();
  private readonly capabilities: Numbers = new Map();
  private readonly actors: Numbers = new Map();
  private readonly actorTypes: Numbers = new Map();
  private readonly behalves: Numbers = new Map();
  private readonly riskTags: Numbers = new Map();
  private readonly requires: Numbers = new Map();
  private readonly labels = new Map<string, Numbers>();
  private readonly labelKeys: string[] = [];
  private size = 0;
  /** By fact: the stamp of the last request that had it. No request has to be wiped away before the next. */
  private stamps = new Uint32Array(0);
  private stamp = 0;
  /** The facts of the request that was marked last: the first `count` of these. */
  present = new Uint32Array(0);
  count = 0;

  /** All clauses must hold for the match to hold; `restOf` says what else must. */
  clausesOf(match: CompiledMatch): Clause[] {
    const clauses: Clause[] = [];
    const add = (numbers: Numbers, values: Iterable<string> | null): void => {
      if (values !== null) clauses.push(Array.from(values, (value) => this.numberOf(numbers, value)));
    };
    for (const [key, values] of match.labels ?? []) add(this.labelNumbers(key), values);
    add(this.capabilities, literalCapabilities(match)?.map((glob) => glob.join('.')) ?? null);
    add(this.tenants, match.tenants);
    add(this.actors, match.actors);
    add(this.actorTypes, match.actor_types);
    add(this.behalves, match.on_behalf_of);
    add(this.riskTags, match.risk_tags);
    for (const name of match.requires ?? []) add(this.requires, [name]);
    return clauses;
  }

  /** After the last clause, before the first request. */
  seal(): void {
    this.stamps = new Uint32Array(this.size);
    this.present = new Uint32Array(this.size);
  }

  mark(facts: IndexedFacts): void {
    this.count = 0;
    if (this.size === 0) return;
    if (this.stamp === LAST_STAMP) this.stamps.fill(0);
    this.stamp = this.stamp === LAST_STAMP ? 1 : this.stamp + 1;
    this.set(this.tenants, facts.tenant);
    this.set(this.actors, facts.actor_id);
    this.set(this.actorTypes, facts.actor_type);
    for (const id of facts.on_behalf_of) this.set(this.behalves, id);
    if (facts.capability_name !== null) this.set(this.capabilities, facts.capability_name);
    for (const tag of facts.risk_tags) this.set(this.riskTags, tag);
    for (const name of facts.requires) this.set(this.requires, name);
    // By the shorter list: neither many keys in a policy nor many labels on a job cost more than the other has.
    const keys = this.labelKeys.length < facts.label_names.length ? this.labelKeys : facts.label_names;
    for (const key of keys) {
      const numbers = this.labels.get(key);
      if (numbers !== undefined && Object.hasOwn(facts.labels, key)) this.set(numbers, facts.labels[key]!);
    }
  }

  holds(fact: number): boolean {
    return this.stamps[fact] === this.stamp;
  }

  private set(numbers: Numbers, value: string): void {
    const fact = numbers.size === 0 ? undefined : numbers.get(value);
    if (fact === undefined || this.stamps[fact] === this.stamp) return;
    this.stamps[fact] = this.stamp;
    this.present[this.count++] = fact;
  }

  private labelNumbers(key: string): Numbers {
    const known = this.labels.get(key);
    if (known !== undefined) return known;
    const made: Numbers = new Map();
    this.labels.set(key, made);
    this.labelKeys.push(key);
    return made;
  }

  private numberOf(numbers: Numbers, value: string): number {
    const known = numbers.get(value);
    if (known !== undefined) return known;
    numbers.set(value, this.size);
    return this.size++;
  }
}

/** The rest of a match once its topics and clauses hold, or null when nothing is left. */
export function restOf(match: CompiledMatch): CompiledMatch | null {
  const { keywords, run, findings, not } = match;
  const capabilities = literalCapabilities(match) === null ? match.capabilities : null;
  if (capabilities === null && keywords === null && run === null && findings === null && not === null) return null;
  return { ...NOTHING, capabilities, keywords, run, findings, not };
}

function literalCapabilities({ capabilities }: CompiledMatch): CompiledMatch['capabilities'] {
  return capabilities?.every((glob) => !glob.includes('*')) ? capabilities : null;
}

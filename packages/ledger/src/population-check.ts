/** Compares what the log's key says of a tenant's population with the entries of an export, in the order of the leaves. */
import { sameBytes } from './chain-hash.ts';
import type { NoteKey } from './checkpoint.ts';
import type { TreeHead } from './merkle.ts';
import { type Population, PopulationDigest, verifyPopulation } from './population.ts';

/** `refused`: by no key of the log, or of another log or tenant; `gap`: leaves that no statement speaks of; `differs`: other entries. */
export type PopulationFault = { code: 'population_refused' | 'population_gap' | 'population_differs'; at: string };

export class PopulationCheck {
  readonly #keys: readonly NoteKey[];
  readonly #faults: PopulationFault[] = [];
  #said: Population | null = null;
  #own = new PopulationDigest();
  #end: number;

  /** `from`: the first leaf of the export's window. */
  constructor(keys: readonly NoteKey[], from: number) {
    this.#keys = keys;
    this.#end = from;
  }

  /** A statement, before the entries that it speaks of. */
  take(note: string): void {
    const said = verifyPopulation(note, this.#keys);
    const first = this.#said;
    const fits = first === null || (first.tenant === said?.tenant && isSame(first.head, said.head));
    if (said === null || !fits) {
      this.#add('population_refused', this.#end);
      return;
    }
    this.#close();
    if (said.from !== this.#end || said.to <= said.from) this.#add('population_gap', this.#end);
    this.#said = said;
    this.#end = said.to;
  }

  entry(leaf_index: number, hash: string): void {
    if (this.#said === null) return;
    if (leaf_index < this.#said.from || leaf_index >= this.#end) this.#add('population_gap', leaf_index);
    else this.#own.add(leaf_index, Buffer.from(hash, 'hex'));
  }

  /** The tenant whose every entry among the leaves up to `to` is there; null where nothing was said, or something is wrong. */
  finish(head: TreeHead | null, to: number): { tenant: string | null; faults: readonly PopulationFault[] } {
    if (this.#said === null) return { tenant: null, faults: this.#faults };
    const { tenant, head: said } = this.#said;
    this.#close();
    if (this.#end !== to) this.#add('population_gap', this.#end);
    if (head === null || !isSame(said, head)) this.#add('population_refused', to);
    return { tenant: this.#faults.length === 0 ? tenant : null, faults: this.#faults };
  }

  #close(): void {
    const said = this.#said;
    if (said !== null && (said.count !== this.#own.count || !sameBytes(said.digest, this.#own.digest())))
      this.#add('population_differs', said.from);
    this.#own = new PopulationDigest();
  }

  #add(code: PopulationFault['code'], leaf: number): void {
    this.#faults.push({ code, at: `leaf ${leaf} and after` });
  }
}

function isSame(a: TreeHead, b: TreeHead): boolean {
  return a.size === b.size && sameBytes(a.root, b.root);
}

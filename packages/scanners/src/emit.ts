/** What a detector says of a match, and what it is told of the text's surroundings. Never the match itself. */
import type { Confidence, FindingTypeName, Severity } from './finding-types.ts';

/** What differs from the type's row in the table. `why` names what confirmed the match. */
export type Note = {
  readonly severity?: Severity;
  readonly confidence?: Confidence;
  readonly why?: string;
  /** The end of it was not found: what follows, elsewhere too, may belong to it. */
  readonly open?: boolean;
};

/** Called for each match with its type and its place [start, end) in the text that was scanned. */
export type Emit = (type: FindingTypeName, start: number, end: number, note?: Note) => void;

/** The names that a text stands under. */
export type Context = {
  /** The name of the member, or the label beside it; '' where there is none. */
  readonly name: string;
  /** The names of the members around it, outermost first. */
  readonly path: string;
};

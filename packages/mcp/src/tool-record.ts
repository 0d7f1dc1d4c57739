/**
 * The record of reviewed tools of one server. A tool is what its whole definition says: a word changed in a description can
 * turn a model against its user, so what changed is held, and what is new is off, until somebody has looked.
 */
import { readFileSync } from 'node:fs';
import { canonicalize } from '@countersign/ledger/canonical-json';
import { encodeUtf8, sha256Hex } from '@countersign/ledger/digest';
import { z } from 'zod';

/** As the server lists it; every member is kept. */
export type Tool = { name: string; [member: string]: unknown };

export const reviewedTool = z.strictObject({
  digest: z.string(),
  definition: z.looseObject({ name: z.string() }),
  reviewed_by: z.string(),
  reviewed_at: z.string(),
});
/** Of one that nobody has signed. */
export const toolRecord = z.strictObject({ server: z.string(), tools: z.array(reviewedTool) });
export type ToolRecord = z.infer<typeof toolRecord>;

export type ToolState = 'reviewed' | 'changed' | 'new' | 'gone';
/** `before` and `now` are whole definitions, null where there is none. */
export type Compared = { name: string; state: ToolState; before: Tool | null; now: Tool | null };

/** `sha256:` and hex over the canonical JSON of the whole definition: name, description, schemas, annotations and the rest. */
export function digestOf(tool: Tool): string {
  return `sha256:${sha256Hex(encodeUtf8(canonicalize(tool)))}`;
}

/** Undefined for a file that is not there, null for one that is no JSON. */
export function readJson(path: string): unknown {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (thrown) {
    if ((thrown as { code?: string }).code === 'ENOENT') return undefined;
    throw thrown;
  }
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** Of one name listed twice neither is reviewed: nobody knows which one would run. */
export function compareTools({ tools }: ToolRecord, listed: readonly Tool[]): Compared[] {
  const before = new Map(tools.map((each) => [each.definition.name, each]));
  const seen = new Set<string>();
  const twice = new Set(listed.map(({ name }) => name).filter((name) => seen.size === seen.add(name).size));
  const now = listed.map((tool): Compared => {
    const known = before.get(tool.name);
    const state =
      known === undefined ? 'new' : twice.has(tool.name) || known.digest !== digestOf(tool) ? 'changed' : 'reviewed';
    return { name: tool.name, state, before: known?.definition ?? null, now: tool };
  });
  const names = new Set(listed.map(({ name }) => name));
  const gone = tools.filter(({ definition }) => !names.has(definition.name));
  return [
    ...now,
    ...gone.map(({ definition: d }): Compared => ({ name: d.name, state: 'gone', before: d, now: null })),
  ];
}

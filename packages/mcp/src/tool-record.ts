/**
 * The record of reviewed tools of one server. A tool is what its whole definition says: a word changed in a description can
 * turn a model against its user, so what changed is held, and what is new is off, until somebody has looked.
 */
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { canonicalize } from '@countersign/ledger/canonical-json';
import { encodeUtf8, sha256Hex } from '@countersign/ledger/digest';
import { z } from 'zod';

/** As the server lists it; every member is kept. */
export type Tool = { name: string; [member: string]: unknown };

const reviewed = z.strictObject({
  digest: z.string(),
  definition: z.looseObject({ name: z.string() }),
  reviewed_by: z.string(),
  reviewed_at: z.string(),
});
const record = z.strictObject({ server: z.string(), tools: z.array(reviewed) });
export type ToolRecord = z.infer<typeof record>;

export type ToolState = 'reviewed' | 'changed' | 'new' | 'gone';
/** `before` and `now` are whole definitions, null where there is none. */
export type Compared = { name: string; state: ToolState; before: Tool | null; now: Tool | null };

/** `sha256:` and hex over the canonical JSON of the whole definition: name, description, schemas, annotations and the rest. */
export function digestOf(tool: Tool): string {
  return `sha256:${sha256Hex(encodeUtf8(canonicalize(tool)))}`;
}

/** A missing file is an empty record. Throws TypeError for one that cannot be read: nothing is taken as reviewed by mistake. */
export function readToolRecord(path: string, server: string): ToolRecord {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (thrown) {
    if ((thrown as { code?: string }).code === 'ENOENT') return { server, tools: [] };
    throw thrown;
  }
  const parsed = record.safeParse(safeJson(text));
  if (!parsed.success || parsed.data.server !== server)
    throw new TypeError(`${path} is no record of ${server}'s tools`);
  const altered = parsed.data.tools.find(({ digest, definition }) => digest !== digestOf(definition));
  if (altered) throw new TypeError(`${path}: the digest of ${altered.definition.name} is not that of its definition`);
  return parsed.data;
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

/** Takes these tools as reviewed, as they are listed now; `now` null takes one out. Replaces the file as a whole. */
export function reviewTools(
  path: string,
  server: string,
  tools: readonly { name: string; now: Tool | null }[],
  by: string,
): void {
  const names = new Set(tools.map(({ name }) => name));
  const kept = readToolRecord(path, server).tools.filter(({ definition }) => !names.has(definition.name));
  const reviewed_at = new Date().toISOString();
  const fresh = tools.flatMap(({ now }) =>
    now === null ? [] : [{ digest: digestOf(now), definition: now, reviewed_by: by, reviewed_at }],
  );
  const next: ToolRecord = { server, tools: [...kept, ...fresh] };
  writeFileSync(`${path}.new`, `${JSON.stringify(next, null, 2)}\n`, { mode: 0o600 });
  renameSync(`${path}.new`, path);
}

function safeJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/**
 * Reads one YAML 1.2 core document so that it has exactly one meaning: no aliases, anchors, merges, tags, second
 * documents, duplicate or prototype keys, and no value that JSON could not carry.
 */
import { LIMITS } from '@countersign/contracts/limits';
import {
  type Document,
  isAlias,
  isCollection,
  isMap,
  isNode,
  isPair,
  isScalar,
  LineCounter,
  type Node,
  type Pair,
  parseAllDocuments,
  parseDocument,
  type Scalar,
} from 'yaml';
import { type FaultCode, faultAt, type Path, type Place, type PolicyFault, TOP } from './policy-fault.ts';

/** `within`: characters into the value at `path`; without it the place is that of the key. */
export type YamlFile = { file: string; value: unknown; locate: (path: Path, within?: number) => Place };
export type YamlResult = { ok: true; yaml: YamlFile } | { ok: false; faults: PolicyFault[] };

const OPTIONS = { merge: false, schema: 'core', stringKeys: true, uniqueKeys: true, prettyErrors: false } as const;
/** Far more nesting than any policy has, far less than the parser's recursion survives. */
const STACK_GUARD = 256;
/** `<<` would be a merge in another reader. */
const FORBIDDEN_KEYS: ReadonlySet<unknown> = new Set(['__proto__', 'constructor', 'prototype', '<<']);

type Add = (code: FaultCode, node: Node, detail: string) => void;
/** As JSON writes numbers: `0x1F`, `0o17` and `017` are read in one way here and in another there. */
const DECIMAL = /^-?(0|[1-9]\d*)(\.\d+)?([eE][-+]?\d+)?$/;

/** Sizes in bytes of UTF-8. Every mistake that can be told apart is reported, not only the first. */
export function readYaml(file: string, text: string): YamlResult {
  if (Buffer.byteLength(text) > LIMITS.policy_file_bytes) {
    const detail = `a file has at most ${LIMITS.policy_file_bytes} bytes`;
    return { ok: false, faults: [faultAt('file_too_large', file, TOP, detail)] };
  }
  if (mightExhaustStack(text)) return tooDeep(file);
  try {
    return readDocument(file, text);
  } catch (thrown) {
    // The parser recurses; what outgrows the stack was never a policy.
    if (thrown instanceof RangeError) return tooDeep(file);
    throw thrown;
  }
}

/** A cheap bound on nesting that needs no parser: brackets opened at once, and indicators in one line's lead. */
function mightExhaustStack(text: string): boolean {
  let open = 0;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit === 0x5b || unit === 0x7b) open++;
    else if (unit === 0x5d || unit === 0x7d) open = Math.max(0, open - 1);
    if (open > STACK_GUARD) return true;
  }
  return new RegExp(`^ *(?:[-?:] +){${STACK_GUARD}}`, 'm').test(text);
}

function tooDeep(file: string): YamlResult {
  return broken('yaml_too_deep', file, TOP, `at most ${LIMITS.json_depth} levels`);
}

function broken(code: FaultCode, file: string, place: Place, detail: string): YamlResult {
  return {
    ok: false,
    faults: [faultAt(code, file, place, detail)],
  };
}

function readDocument(file: string, text: string): YamlResult {
  const counter = new LineCounter();
  const documents = parseAllDocuments(text, { ...OPTIONS, lineCounter: counter });
  const placeOf = (offset: number): Place => {
    const { line, col } = counter.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  if (!Array.isArray(documents) || documents.length === 0)
    return broken('yaml_malformed', file, TOP, 'the file is empty');
  const [document, second] = documents;
  if (second !== undefined) {
    const place = placeOf(second.range?.[0] ?? 0);
    return broken('yaml_several_documents', file, place, 'a file holds one document');
  }
  const faults = [...syntaxFaults(document!, file, placeOf), ...meaningFaults(document!, file, placeOf)];
  if (faults.length > 0) return { ok: false, faults };
  const tree = rereadable(text, document!);
  const locate = (path: Path, within?: number): Place => placeOf(offsetOf(tree(), path, within));
  return { ok: true, yaml: { file, value: document!.toJS({ maxAliasCount: 0 }), locate } };
}

function syntaxFaults(document: Document, file: string, placeOf: (offset: number) => Place): PolicyFault[] {
  return [...document.errors, ...document.warnings].slice(0, LIMITS.policy_faults).map((error) => {
    const code: FaultCode =
      error.code === 'DUPLICATE_KEY'
        ? 'yaml_duplicate_key'
        : error.code === 'TAG_RESOLVE_FAILED'
          ? 'yaml_tag'
          : 'yaml_malformed';
    return faultAt(code, file, placeOf(error.pos[0]), error.message);
  });
}

function meaningFaults(document: Document, file: string, placeOf: (offset: number) => Place): PolicyFault[] {
  const faults: PolicyFault[] = [];
  const add = (code: FaultCode, node: Node, detail: string): void => {
    faults.push(faultAt(code, file, placeOf(node.range?.[0] ?? 0), detail));
  };
  inspectNode(document.contents, 0, add);
  return faults.slice(0, LIMITS.policy_faults);
}

/** `depth`: collections around the node. False when the walk ends here; what lies deeper is not looked at. */
function inspectNode(node: unknown, depth: number, add: Add): boolean {
  if (isPair(node)) return inspectPair(node, depth, add);
  if (!isNode(node)) return true;
  if (depth > LIMITS.json_depth) {
    add('yaml_too_deep', node, `at most ${LIMITS.json_depth} levels`);
    return false;
  }
  const anchored = isAlias(node) || node.anchor !== undefined;
  if (anchored) add('yaml_alias', node, 'anchors and aliases are refused: write the value out');
  if (node.tag !== undefined) add('yaml_tag', node, 'tags are refused');
  if (isScalar(node) && !isJsonScalar(node.value)) {
    add('yaml_value_forbidden', node, 'JSON could not carry this value exactly');
  } else if (isScalar(node) && typeof node.value === 'number' && !DECIMAL.test(node.source ?? '')) {
    add('yaml_value_forbidden', node, `another reader would see another number in ${node.source}; write it in decimal`);
  }
  return !isCollection(node) || node.items.every((item) => inspectNode(item, depth + 1, add));
}

function inspectPair({ key, value }: Pair, depth: number, add: Add): boolean {
  if (isScalar(key) && FORBIDDEN_KEYS.has(key.value)) {
    add('yaml_key_forbidden', key, `the key ${String(key.value)} is refused`);
  }
  return inspectNode(key, depth, add) && inspectNode(value, depth, add);
}

function isJsonScalar(value: unknown): boolean {
  if (typeof value === 'number') return Number.isFinite(value) && Math.abs(value) <= Number.MAX_SAFE_INTEGER;
  if (typeof value === 'string') return value.isWellFormed() && !value.includes('\0');
  return value === null || typeof value === 'boolean';
}

/**
 * Places are asked for while a bundle is checked, and hardly ever later. The tree is many times the text, so an active
 * policy keeps the text alone.
 */
function rereadable(text: string, document: Document): () => Document {
  let kept = new WeakRef(document);
  return () => {
    const known = kept.deref();
    if (known !== undefined) return known;
    const again = parseDocument(text, OPTIONS);
    kept = new WeakRef<Document>(again);
    return again;
  };
}

/** Where the value at `path` begins; the last key of a path that names no value points at the key or its parent. */
function offsetOf(document: Document, path: Path, within?: number): number {
  let node: unknown = document.contents;
  let offset = isNode(node) ? (node.range?.[0] ?? 0) : 0;
  for (const step of path) {
    const next = isMap(node)
      ? node.items.find((pair) => isPair(pair) && isScalar(pair.key) && pair.key.value === step)
      : undefined;
    if (next !== undefined) {
      offset = isNode(next.key) ? (next.key.range?.[0] ?? offset) : offset;
      node = next.value;
    } else {
      const items = isNode(node) && 'items' in node ? (node.items as unknown[]) : [];
      node = typeof step === 'number' ? items[step] : undefined;
      if (isNode(node)) offset = node.range?.[0] ?? offset;
    }
  }
  return within === undefined || !isScalar(node) ? offset : offsetInText(node, within);
}

/** In a text over several lines, or with escapes, its beginning is as near as one can say. */
function offsetInText({ range, source, value }: Scalar, within: number): number {
  const [start, end] = range ?? [0, 0];
  const quotes = source !== undefined && end - start === source.length + 2 ? 1 : 0;
  const verbatim = source === value && end - start === String(value).length + 2 * quotes;
  return start + (verbatim ? quotes + Math.min(within, String(value).length) : 0);
}

// `when` in CEL: type-checked when the policy is compiled, cost bounded when it runs. It answers true, false or an
// error; a caller must never treat the error as "no match".
import { LIMITS } from '@countersign/contracts/limits';
import { type ASTNode, Environment, ParseError, serialize } from '@marcbachmann/cel-js';
import { RE2JS, RE2JSException } from 're2js';
import type { FaultCode } from './policy-fault.ts';

/** What a condition may look at; `now` is RFC 3339 in UTC. */
export type WhenInput = {
  payload: Record<string, unknown>;
  labels: Readonly<Record<string, string>>;
  actor: { id: string; type: string; owner: string };
  tenant: string;
  topic: string;
  now: string;
};
export type WhenOutcome = { ok: true; value: boolean } | { ok: false; code: string };
/** `readsNow`: its answers must not be cached. */
export type When = { evaluate: (input: WhenInput) => WhenOutcome; readsNow: boolean };
/** `within`: characters into the source, where the fault has a place in it. */
export type WhenResult = { ok: true; when: When } | { ok: false; code: FaultCode; detail: string; within?: number };

const LOOPS = new Set(['all', 'exists', 'exists_one', 'filter']);
/**
 * Everything else is refused: `bind`, `map` and `join` let a short expression build a text that doubles at each step,
 * and the library's own `matches` backtracks.
 */
const FUNCTIONS = new Set([
  ...LOOPS,
  ...['has', 'size', 'startsWith', 'endsWith', 'contains', 'matches', 'lowerAscii', 'upperAscii', 'trim'],
  ...['int', 'double', 'string', 'timestamp', 'duration', 'getDate', 'getDayOfWeek', 'getFullYear', 'getHours'],
  ...['getMinutes', 'getMonth'],
]);
/** A search for a text of the request in a text of the request costs the product of both lengths. */
const LITERAL_ARGUMENT = new Set(['contains', 'matches']);
const RE2_NAME = 'matchesRe2';

const patterns = new Map<string, RE2JS>();

const environment = new Environment({
  limits: {
    maxAstNodes: LIMITS.when_nodes,
    maxDepth: 32,
    maxListElements: 128,
    maxMapEntries: 32,
    maxCallArguments: 8,
  },
})
  .registerVariable('payload', 'map<string, dyn>')
  .registerVariable('labels', 'map<string, string>')
  .registerVariable('actor', { schema: { id: 'string', type: 'string', owner: 'string' } })
  .registerVariable('tenant', 'string')
  .registerVariable('topic', 'string')
  .registerVariable('now', 'google.protobuf.Timestamp')
  .registerFunction(`string.${RE2_NAME}(string): bool`, (text: string, pattern: string) => re2Of(pattern).test(text));

/** Throws RE2JSException on a pattern outside RE2; only literals of compiled policies come here. */
function re2Of(pattern: string): RE2JS {
  const known = patterns.get(pattern);
  if (known !== undefined) return known;
  const compiled = RE2JS.compile(pattern);
  if (patterns.size < LIMITS.policy_rules) patterns.set(pattern, compiled);
  return compiled;
}

type Survey = { loops: number; readsNow: boolean; refused: string | null };

/** Must answer bool; `dyn` alone is refused, because it could turn out to be anything. */
export function compileWhen(source: string): WhenResult {
  try {
    const { ast } = environment.parse(source);
    const survey: Survey = { loops: 0, readsNow: false, refused: null };
    inspect(ast, 0, survey);
    if (survey.refused !== null) return { ok: false, code: 'when_too_costly', detail: survey.refused };
    const run = environment.parse(serialize(ast));
    const check = run.check();
    if (!check.valid)
      return { ok: false, code: 'when_invalid', detail: check.error?.summary ?? 'it does not type-check' };
    if (check.type !== 'bool') return { ok: false, code: 'when_invalid', detail: `it answers ${check.type}, not bool` };
    return { ok: true, when: { evaluate: evaluator(run, survey.loops > 0), readsNow: survey.readsNow } };
  } catch (thrown) {
    if (thrown instanceof ParseError) return { ok: false, code: 'when_invalid', detail: thrown.summary };
    if (thrown instanceof RE2JSException) return { ok: false, code: 'when_invalid', detail: 'a pattern outside RE2' };
    throw thrown;
  }
}

function evaluator(run: (context: Record<string, unknown>) => unknown, loops: boolean): When['evaluate'] {
  return (input) => {
    if (loops && hasLongCollection(input.payload, 0)) return { ok: false, code: 'when_items' };
    try {
      const value = run({ ...input, now: new Date(input.now) });
      return typeof value === 'boolean' ? { ok: true, value } : { ok: false, code: 'not_bool' };
    } catch (thrown) {
      // The message may quote the payload, so only the library's code leaves.
      const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : 'failed';
      return { ok: false, code };
    }
  };
}

/** Walks the whole tree; turns `matches` into the linear-time one. */
function inspect(node: ASTNode, depth: number, survey: Survey): void {
  if (node.op === 'id' && node.args === 'now') survey.readsNow = true;
  if (node.op === 'call') inspectCall(node.args[0], node.args[1], node, depth, survey);
  else if (node.op === 'rcall') {
    inspect(node.args[1], depth, survey);
    inspectCall(node.args[0], node.args[2], node, depth, survey);
  } else for (const child of childrenOf(node.args)) inspect(child, depth, survey);
}

function inspectCall(name: string, args: ASTNode[], node: ASTNode, depth: number, survey: Survey): void {
  if (!FUNCTIONS.has(name)) survey.refused ??= `the function ${name} is not offered`;
  if (LITERAL_ARGUMENT.has(name) && (args.length !== 1 || typeof literalOf(args[0]) !== 'string')) {
    survey.refused ??= `${name} takes one literal text`;
  }
  const inner = LOOPS.has(name) ? depth + 1 : depth;
  if (inner > LIMITS.when_loops) survey.refused ??= `at most ${LIMITS.when_loops} loops inside each other`;
  if (LOOPS.has(name)) survey.loops++;
  if (name === 'matches' && survey.refused === null) {
    re2Of(literalOf(args[0]) as string);
    (node.args as unknown[])[0] = RE2_NAME;
  }
  for (const arg of args) inspect(arg, inner, survey);
}

const literalOf = (node: ASTNode | undefined): unknown => (node?.op === 'value' ? node.args : undefined);

function childrenOf(args: unknown): ASTNode[] {
  if (Array.isArray(args)) return args.flatMap(childrenOf);
  const isNode = typeof args === 'object' && args !== null && 'op' in args && 'args' in args;
  return isNode ? [args as ASTNode] : [];
}

function hasLongCollection(value: unknown, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  // Depth is bounded where the request was parsed; this guards other callers.
  if (depth > LIMITS.json_depth) return true;
  const items = Array.isArray(value) ? value : Object.values(value);
  return items.length > LIMITS.when_items || items.some((item) => hasLongCollection(item, depth + 1));
}

/**
 * `when` in CEL: type-checked when the policy is compiled, cost bounded when it runs. It answers true, false or an
 * error; a caller must never treat the error as "no match".
 */
import { LIMITS } from '@countersign/contracts/limits';
import { type ASTNode, Environment, type ObjectSchema, ParseError } from '@marcbachmann/cel-js';
import { RE2JS, RE2JSException } from 're2js';
import { isAmong, sameValue } from './alike.ts';
import type { RunFacts } from './match-run.ts';
import { type CelType, type Loops, type PayloadPath, pathOf, payloadType, readsOf } from './payload-types.ts';
import type { FaultCode } from './policy-fault.ts';
import { RUNS, rewriteWhen } from './rewrite-when.ts';

/** What a condition may look at; `now` is RFC 3339 in UTC. */
export type WhenInput = {
  payload: Record<string, unknown>;
  labels: Readonly<Record<string, string>>;
  actor: { id: string; type: string; owner: string };
  /** Empty when it is asked for on nobody's behalf. */
  on_behalf_of: readonly string[];
  tenant: string;
  topic: string;
  now: string;
  /** What its run did before: topics, capabilities, classes released, untrusted sources; given where it is read. */
  run?: Pick<RunFacts, 'ran' | 'used' | 'released' | 'untrusted'> & { jobs: bigint };
};
export type WhenOutcome = { ok: true; value: boolean } | { ok: false; code: string };
/**
 * `readsNow`: its answers must not be cached. `readsRun`: it looks at what the run did, likewise. `compared`: what of the payload stands on a side of ==, != or in, where a
 * value of an unlike type is an error.
 */
export type When = {
  evaluate: (input: WhenInput) => WhenOutcome;
  readsNow: boolean;
  readsRun: boolean;
  compared: readonly PayloadPath[];
};
/** `within`: characters into the source, where the fault has a place in it. */
export type WhenResult = { ok: true; when: When } | { ok: false; code: FaultCode; detail: string; within?: number };

const LOOPS = new Set(['all', 'exists', 'exists_one', 'filter']);
/**
 * Everything else is refused: `bind`, `map` and `join` let a short expression build a text that doubles at each step,
 * and the library's own `matches` backtracks.
 */
export const WHEN_FUNCTIONS = [
  ...(['all', 'exists', 'exists_one', 'filter'] as const),
  ...(['has', 'size', 'startsWith', 'endsWith', 'contains', 'matches', 'lowerAscii', 'upperAscii', 'trim'] as const),
  ...(['int', 'double', 'string', 'timestamp', 'duration', 'getDate', 'getDayOfWeek', 'getFullYear'] as const),
  ...(['getHours', 'getMinutes', 'getMonth'] as const),
];
const FUNCTIONS: ReadonlySet<string> = new Set(WHEN_FUNCTIONS);
/** A search for a text of the request in a text of the request costs the product of both lengths. */
const LITERAL_ARGUMENT = new Set(['contains', 'matches']);
/** Equality and membership: of unlike kinds they have no answer. */
const BY_KIND = new Set(['==', '!=', 'in']);

const patterns = new Map<string, RE2JS>();

/** Runs every condition: a payload is checked against its schema before, so here it may hold anything. */
const environment = newEnvironment('map<string, dyn>');

type Survey = {
  depth: number;
  readsNow: boolean;
  readsRun: boolean;
  refused: string | null;
  compared: PayloadPath[];
  loops: Map<string, PayloadPath>;
};

type Refused = Extract<WhenResult, { ok: false }>;
/** `type`: what the condition answers on every topic alike, `dyn` where they differ. */
type Typed = { ok: true; type: string } | { ok: false; refused: Refused };

const environments = new Map<string, Environment>();

/**
 * Must answer bool; `dyn` is refused, because it could turn out to be anything, unless the schemas say that it is bool.
 * `schemas`: those of the topics that the rule is for; `others`: it is for topics without one, too.
 */
export function compileWhen(source: string, schemas: readonly unknown[] = [], others = true): WhenResult {
  try {
    const { written, survey } = surveyOf(source);
    if (survey.refused !== null) return { ok: false, code: 'when_too_costly', detail: survey.refused };
    const check = written.check();
    if (!check.valid) return invalid(check.error);
    const typed = checkAgainst(source, schemas, others);
    if (!typed.ok) return typed.refused;
    const type = check.type === 'dyn' ? typed.type : check.type;
    if (type !== 'bool') return { ok: false, code: 'when_invalid', detail: `it answers ${type}, not bool` };
    return { ok: true, when: runnable(written.ast, survey) };
  } catch (thrown) {
    if (thrown instanceof ParseError) return invalid(thrown);
    if (thrown instanceof RE2JSException) return { ok: false, code: 'when_invalid', detail: 'a pattern outside RE2' };
    throw thrown;
  }
}

/** Of a condition that was compiled before: no type is looked at again. Throws what is no condition. */
export function linkWhen(source: string): When {
  const { written, survey } = surveyOf(source);
  return runnable(written.ast, survey);
}

function surveyOf(source: string) {
  const written = environment.parse(source);
  const survey: Survey = { depth: 0, readsNow: false, readsRun: false, refused: null, compared: [], loops: new Map() };
  inspect(written.ast, 0, survey);
  return { written, survey };
}

/** Walks the whole tree and changes nothing in it. */
function inspect(node: ASTNode, depth: number, survey: Survey): void {
  if (BY_KIND.has(node.op)) noteCompared(node.args as [ASTNode, ASTNode], survey);
  if (node.op === 'id' && node.args === 'now') survey.readsNow = true;
  if (node.op === 'id' && node.args === 'run') survey.readsRun = true;
  if (node.op === 'call') inspectCall(node.args[0], node.args[1], depth, survey);
  else if (node.op === 'rcall') {
    inspect(node.args[1], depth, survey);
    noteLoop(node.args, survey.loops);
    inspectCall(node.args[0], node.args[2], depth, survey);
  } else for (const child of childrenOf(node.args)) inspect(child, depth, survey);
}

function noteCompared(sides: readonly ASTNode[], { compared, loops }: Survey): void {
  if (sides.some((side) => literalOf(side) === null)) return;
  for (const side of sides) {
    const path = pathOf(side, loops);
    if (path !== null && path.length > 0) compared.push(path);
  }
}

function literalOf(node: ASTNode | undefined): unknown {
  return node?.op === 'value' ? node.args : undefined;
}

function inspectCall(name: string, args: ASTNode[], depth: number, survey: Survey): void {
  if (!FUNCTIONS.has(name)) survey.refused ??= `the function ${name} is not offered`;
  if (LITERAL_ARGUMENT.has(name) && (args.length !== 1 || typeof literalOf(args[0]) !== 'string')) {
    survey.refused ??= `${name} takes one literal text`;
  }
  const inner = LOOPS.has(name) ? depth + 1 : depth;
  if (inner > LIMITS.when_loops) survey.refused ??= `at most ${LIMITS.when_loops} loops inside each other`;
  survey.depth = Math.max(survey.depth, inner);
  if (name === 'matches' && survey.refused === null) re2Of(literalOf(args[0]) as string);
  for (const arg of args) inspect(arg, inner, survey);
}

/** Throws RE2JSException on a pattern outside RE2; only literals of compiled policies come here. */
function re2Of(pattern: string): RE2JS {
  const known = patterns.get(pattern);
  if (known !== undefined) return known;
  const compiled = RE2JS.compile(pattern);
  if (patterns.size < LIMITS.policy_rules) patterns.set(pattern, compiled);
  return compiled;
}

/** The variable of a loop stands for the elements of the list. Names may come again: the last one is as good a guess. */
function noteLoop([name, holder, [variable]]: readonly [string, ASTNode, ASTNode[]], loops: Loops): void {
  const path = LOOPS.has(name) ? pathOf(holder, loops) : null;
  if (path !== null && variable?.op === 'id') loops.set(variable.args, [...path, '[]']);
}

function childrenOf(args: unknown): ASTNode[] {
  if (Array.isArray(args)) return args.flatMap(childrenOf);
  const isNode = typeof args === 'object' && args !== null && 'op' in args && 'args' in args;
  return isNode ? [args as ASTNode] : [];
}

function invalid(error: { summary: string; range?: { start: number } } | undefined): Refused {
  const within = error?.range?.start;
  const detail = error?.summary ?? 'it does not type-check';
  return { ok: false, code: 'when_invalid', detail, ...(within !== undefined && { within }) };
}

/**
 * A wrong type is a mistake on any topic, for there the condition would deny every job. A field that one topic lacks may
 * be guarded by `has`, so it is a mistake only where all of them lack it.
 */
function checkAgainst(source: string, schemas: readonly unknown[], others: boolean): Typed {
  if (schemas.length === 0) return { ok: true, type: 'dyn' };
  const { ast } = environment.parse(source);
  const reads = readsOf(ast, (node) => childrenOf(node.args));
  const types = new Set<string>(others ? ['dyn'] : []);
  let missing: Refused | null = null;
  for (const schema of schemas) {
    const { valid, type, error } = environmentFor(payloadType(schema, reads)).parse(source).check();
    if (valid) types.add(type ?? 'dyn');
    else if (error?.code !== 'no_such_key') return { ok: false, refused: invalid(error) };
    else missing ??= invalid(error);
  }
  if (types.size === 0 && missing !== null) return { ok: false, refused: missing };
  return { ok: true, type: types.size === 1 && missing === null ? [...types][0]! : 'dyn' };
}

function environmentFor(payload: CelType): Environment {
  const key = JSON.stringify(payload);
  const known = environments.get(key);
  if (known !== undefined) return known;
  const made = newEnvironment(payload);
  // Only checked, never run: these hold between a number of a payload and a whole number in the text.
  for (const operator of ['double == int', 'double in list<int>']) made.registerOperator(operator, () => false);
  if (environments.size >= LIMITS.when_environments) environments.clear();
  environments.set(key, made);
  return made;
}

function newEnvironment(payload: CelType): Environment {
  return new Environment({
    limits: {
      maxAstNodes: LIMITS.when_nodes,
      maxDepth: 32,
      maxListElements: 128,
      maxMapEntries: 32,
      maxCallArguments: 8,
    },
  })
    .registerVariable('payload', typeof payload === 'string' ? { type: payload } : { schema: payload as ObjectSchema })
    .registerVariable('labels', 'map<string, string>')
    .registerVariable('actor', { schema: { id: 'string', type: 'string', owner: 'string' } })
    .registerVariable('on_behalf_of', 'list<string>')
    .registerVariable('tenant', 'string')
    .registerVariable('topic', 'string')
    .registerVariable('run', {
      schema: {
        ran: 'list<string>',
        used: 'list<string>',
        released: 'list<string>',
        untrusted: 'list<string>',
        jobs: 'int',
      },
    })
    .registerVariable('now', 'google.protobuf.Timestamp')
    .registerFunction(`${RUNS.same}(dyn, dyn): bool`, sameValue)
    .registerFunction(`${RUNS.among}(dyn, dyn): bool`, isAmong)
    .registerFunction(`string.${RUNS.matches}(string): bool`, (text: string, pattern: string) =>
      re2Of(pattern).test(text),
    );
}

function runnable(ast: ASTNode, { depth, readsNow, readsRun, compared }: Survey): When {
  return { evaluate: evaluator(environment.parse(rewriteWhen(ast)), depth), readsNow, readsRun, compared };
}

function evaluator(run: (context: Record<string, unknown>) => unknown, depth: number): When['evaluate'] {
  return (input) => {
    const excess =
      depth === 0
        ? null
        : excessOf(input.run === undefined ? input.payload : [input.payload, Object.values(input.run)], depth);
    if (excess !== null) return { ok: false, code: excess };
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

/** The cost bound of a condition with loops: iterations, and characters read in all of them. */
function excessOf(payload: unknown, depth: number): 'when_items' | 'when_work' | null {
  const size = { longest: 0, chars: 0 };
  measure(payload, 0, size);
  if (size.longest > LIMITS.when_items) return 'when_items';
  return size.longest ** depth * size.chars > LIMITS.when_work_chars ? 'when_work' : null;
}

function measure(value: unknown, depth: number, size: { longest: number; chars: number }): void {
  if (typeof value === 'string') size.chars += value.length;
  if (typeof value !== 'object' || value === null) return;
  const items = Array.isArray(value) ? value : Object.values(value);
  // Depth is bounded where the request was parsed; this guards other callers.
  size.longest = depth > LIMITS.json_depth ? Number.POSITIVE_INFINITY : Math.max(size.longest, items.length);
  if (size.longest > LIMITS.when_items) return;
  if (!Array.isArray(value)) for (const key of Object.keys(value)) size.chars += key.length;
  for (const item of items) measure(item, depth + 1, size);
}

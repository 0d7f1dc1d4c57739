/**
 * A condition as it runs: equality and membership by kind, `matches` in linear time, numbers exactly as written. It is
 * type-checked as its author wrote it; nothing here may make a wrong one right.
 */
import { type ASTNode, serialize } from '@marcbachmann/cel-js';

/** Names of functions that only the rewritten text may call. */
export const RUNS = { same: 'sameValue', among: 'isAmong', matches: 'matchesRe2' } as const;

type Node = { op: string; args: unknown };

/** Source text in CEL. */
export function rewriteWhen(ast: ASTNode): string {
  return serialize(rewritten(ast as Node) as unknown as ASTNode);
}

function rewritten({ op, args: asWritten }: Node): Node {
  const args = inside(asWritten);
  if (op === '==' || op === '!=') return equality(op, args as [Node, Node]);
  if (op === 'in') return { op: 'call', args: [RUNS.among, args] };
  if (op === 'rcall' && (args as unknown[])[0] === 'matches')
    return { op, args: [RUNS.matches, ...(args as unknown[]).slice(1)] };
  if (op === 'value' && typeof args === 'number') return number(args);
  return { op, args };
}

function inside(args: unknown): unknown {
  if (Array.isArray(args)) return args.map(inside);
  return isNode(args) ? rewritten(args) : args;
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'op' in value && 'args' in value;
}

/** Comparing with a literal null asks whether there is a value, of whatever kind. */
function equality(op: '==' | '!=', args: [Node, Node]): Node {
  if (args.some((node) => node.op === 'value' && node.args === null)) return { op, args };
  const same = { op: 'call', args: [RUNS.same, args] };
  return op === '==' ? same : { op: '!_', args: same };
}

/** The library writes nine digits after the point, and none with an exponent. */
function number(value: number): Node {
  const written = serialize({ op: 'value', args: value } as unknown as ASTNode);
  if (Number(written) === value) return { op: 'value', args: value };
  return { op: 'call', args: ['double', [{ op: 'value', args: String(value) }]] };
}

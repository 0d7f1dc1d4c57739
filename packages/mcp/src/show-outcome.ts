/**
 * An outcome as MCP has it. A tool's is always a result with text, so that no client of any age takes it for an empty
 * success; what is not the tool's own answer is `isError` and has no structured content.
 */
import { neverRun } from '@countersign/adapter-core/gate';
import type { Settled } from '@countersign/adapter-core/read-outcome';
import { tell } from '@countersign/adapter-core/words';
import { ProtocolError } from '@modelcontextprotocol/server';

/** Of what Countersign adds; a server's own under it is cut out. */
const META = 'countersign/';
/** Not decided, held or denied: for requests that have no result to say it in. */
export const NOT_RUN = -32_010;

export type McpResult = Record<string, unknown>;

export function toolResult(outcome: Settled): McpResult {
  switch (outcome.kind) {
    case 'released': {
      const { output, failed, job_id } = outcome;
      if (failed) throwOwnError(output);
      if (failed || !isAnswer(output) || !Array.isArray(output.content)) return told(outcome);
      return { ...output, _meta: { ...withoutOurs(output._meta), [`${META}job`]: job_id } };
    }
    case 'denied':
    case 'quarantined':
    case 'pending':
    case 'unknown':
    case 'unavailable':
      return told(outcome);
    default:
      return neverRun(outcome);
  }
}

/** By a job's id, whatever was asked for: what is no tool's answer is shown as text. */
export function fetchedResult(outcome: Settled): McpResult {
  if (outcome.kind !== 'released' || outcome.failed || !isAnswer(outcome.output) || 'content' in outcome.output)
    return toolResult(outcome);
  const { text } = tell(outcome);
  return { content: [{ type: 'text', text }], _meta: { [`${META}job`]: outcome.job_id } };
}

/** For any other request. Throws a ProtocolError for everything but a released answer. */
export function otherResult(outcome: Settled): McpResult {
  if (outcome.kind === 'released') {
    if (outcome.failed) throwOwnError(outcome.output);
    else if (isAnswer(outcome.output))
      return { ...outcome.output, _meta: { ...withoutOurs(outcome.output._meta), [`${META}job`]: outcome.job_id } };
  }
  const { text, data } = tell(outcome);
  throw new ProtocolError(NOT_RUN, text, data);
}

/** What was refused before anybody was asked. */
export function refusal(code: string, text: string): McpResult {
  return {
    content: [{ type: 'text', text }],
    isError: true,
    _meta: { [`${META}status`]: { status: 'refused', code } },
  };
}

function told(outcome: Settled): McpResult {
  const { text, data } = tell(outcome);
  return { content: [{ type: 'text', text }], isError: true, _meta: { [`${META}status`]: data } };
}

/**
 * A result of another type asks the client for something, or is a task of the server's: nobody declared that to it, and an older
 * client takes it for an empty success.
 */
function isAnswer(output: unknown): output is Record<string, unknown> {
  return isObject(output) && (output.resultType ?? 'complete') === 'complete';
}

/** What the server behind answered as an error of the protocol stays one. */
function throwOwnError(output: unknown): void {
  const error = isObject(output) && isObject(output.error) ? output.error : {};
  const [, code] = /^mcp_(-?\d{1,9})$/.exec(String(error.code)) ?? [];
  if (code !== undefined) throw new ProtocolError(Number(code), String(error.detail));
}

function withoutOurs(meta: unknown): Record<string, unknown> {
  return Object.fromEntries(Object.entries(isObject(meta) ? meta : {}).filter(([name]) => !name.startsWith(META)));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

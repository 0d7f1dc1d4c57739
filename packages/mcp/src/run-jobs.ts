/**
 * The worker of the pool: runs the request of a job that somebody here waits for, after its warrant was checked and its
 * attempt claimed, and only if the tool is still the one that was reviewed and decided about.
 */
import { MCP_REQUESTS } from '@countersign/adapter-core/mcp-requests';
import type { JobContext, WorkerJob } from '@countersign/worker/worker-options';
import { z } from 'zod';
import { type Params, topicOf } from './names.ts';
import type { OpenCalls } from './open-calls.ts';
import { callable, type ReviewedTools } from './reviewed-tools.ts';
import { type Upstream, UpstreamError } from './upstream.ts';

/** What a job of the proxy carries: also what an approver is shown. */
export const callPayload = z.strictObject({
  method: z.enum(MCP_REQUESTS),
  params: z.custom<Params>((value) => typeof value === 'object' && value !== null && !Array.isArray(value)),
  /** Of the tool's definition, as it was reviewed. */
  definition: z.string().optional(),
  /** Annotations: the server's own word, which nobody has checked. */
  server_says: z.unknown().optional(),
  client: z.strictObject({ name: z.string(), version: z.string() }),
});
export type CallPayload = z.infer<typeof callPayload>;

export type RunParts = {
  server: string;
  upstream: Pick<Upstream, 'request'>;
  tools: Pick<ReviewedTools, 'find'>;
  calls: Pick<OpenCalls, 'mayHandOn'>;
};

export async function runJob(parts: RunParts, job: WorkerJob, { signal }: JobContext): Promise<unknown> {
  const parsed = callPayload.safeParse(job.payload);
  if (!parsed.success) throw new UpstreamError('payload_unusable', 'the job is no call of this proxy');
  const { method, params, definition } = parsed.data;
  // Decided was about the topic; what runs is named by the payload.
  if (topicOf(parts.server, method, params) !== job.topic)
    throw new UpstreamError('topic_differs', 'the job names another tool than its topic');
  if (method === 'tools/call') {
    const now = callable(await parts.tools.find(String(params.name)));
    if (!('digest' in now)) throw new UpstreamError(now.refused, 'the tool is not as it was reviewed');
    if (now.digest !== definition)
      throw new UpstreamError('tool_changed', 'the tool was reviewed anew since this was asked');
  }
  // A policy that lets a lost attempt be made again cannot know what a server makes of the same request twice.
  if (!parts.calls.mayHandOn(job.job_id))
    throw new UpstreamError(
      'may_have_run',
      'it was handed to the server before, and nobody knows what came of it; look first',
    );
  return parts.upstream.request(method, params, signal);
}

/** Which tools a client is shown: what was reviewed, in the words that were reviewed, and within the agent's ceiling. */
import type { Client } from '@countersign/client/create-client';
import { LIMITS } from '@countersign/contracts/limits';
import { topicOf } from './names.ts';
import type { ReviewedTools } from './reviewed-tools.ts';
import type { Tool } from './tool-record.ts';

export const RESULT_TOOL: Tool = {
  name: 'countersign_result',
  description: 'Fetches the result of a call that was answered as pending, by the job id that the answer gave.',
  inputSchema: {
    type: 'object',
    properties: { job_id: { type: 'string', description: 'As the pending answer gave it.' } },
    required: ['job_id'],
    additionalProperties: false,
  },
};

/** A changed tool is shown as it was reviewed: what it says now nobody has read. Throws ApiError while nobody can decide. */
export async function offeredTools(
  server: string,
  tools: ReviewedTools,
  client: Pick<Client, 'simulateAll'>,
): Promise<Tool[]> {
  const compared = await tools.look();
  const known = compared.filter(
    ({ state, name }) => (state === 'reviewed' || state === 'changed') && name !== RESULT_TOOL.name,
  );
  const reviewed = [...new Map(known.map(({ name, before }) => [name, before as Tool])).values()];
  const within = await Promise.all(parts(reviewed).map((some) => insideCeiling(server, some, client)));
  // Whether the server itself takes tasks is between it and the proxy, which makes them of jobs.
  return [...within.flat().map((tool) => ({ ...tool, execution: { taskSupport: 'optional' } })), RESULT_TOOL];
}

async function insideCeiling(server: string, tools: Tool[], client: Pick<Client, 'simulateAll'>): Promise<Tool[]> {
  const requests = tools.map(({ name }) => ({ topic: topicOf(server, 'tools/call', { name }) }));
  const { answers } = await client.simulateAll({ requests });
  return tools.filter((_, i) => {
    const answer = answers[i];
    return answer !== undefined && !(answer.ok && answer.value.reason.startsWith('ceiling_'));
  });
}

function parts(tools: Tool[]): Tool[][] {
  const size = LIMITS.simulate_requests;
  return Array.from({ length: Math.ceil(tools.length / size) }, (_, i) => tools.slice(i * size, (i + 1) * size));
}

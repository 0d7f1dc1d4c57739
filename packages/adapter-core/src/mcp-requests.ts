/** Requests of MCP whose answers an agent reads: each is a job, for the proxy and for the guardian alike. */
export const MCP_REQUESTS = [
  'tools/call',
  'resources/list',
  'resources/templates/list',
  'resources/read',
  'prompts/list',
  'prompts/get',
  'completion/complete',
] as const;

/** The bounds of the MCP proxy over HTTP: a part of LIMITS, which everybody reads them from. */
export const MCP_LIMITS = {
  /** Bytes of one request of an MCP client over HTTP; a call's arguments are bounded by `request_bytes` as well. */
  mcp_request_bytes: 1024 * 1024,
  /** Servers of one `countersign mcp serve`. */
  mcp_servers: 64,
  /** Sessions of MCP that are open at once over HTTP. */
  mcp_sessions: 1_024,
  /** Sessions of one agent, of which the quietest makes way for another. */
  mcp_agent_sessions: 64,
  /** Milliseconds of quiet after which a session is closed. */
  mcp_session_ms: 30 * 60 * 1000,
  /** Requests of MCP clients over HTTP that are not answered yet, streams included. */
  mcp_requests: 1_024,
  /** Requests of one agent that are not answered yet. */
  mcp_agent_requests: 128,
  /** Tasks of one caller at one server. */
  mcp_agent_tasks: 256,
  /** Milliseconds for which a task can be asked for, at most. */
  mcp_task_ms: 24 * 60 * 60 * 1000,
} as const;

/** What `npm run bench` says of MCP. */
import type { McpTimes } from './drive-mcp.ts';
import { percentile } from './percentile.ts';

/** Three lines: bare, through the proxy, and what that adds. */
export function sayMcp(times: McpTimes): string {
  const line = (name: string, values: readonly number[]): string =>
    `  ${name.padEnd(32)} p50 ${percentile(values, 0.5)}  p99 ${percentile(values, 0.99)}\n`;
  return [
    `an MCP tools/call, one at a time, by turns (${times.bare.length} each)\n`,
    line('bare server', times.bare),
    line('through the proxy', times.governed),
    line('added', times.added),
  ].join('');
}

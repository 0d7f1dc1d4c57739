/** `countersign mcp`: any MCP server behind the plane. What talks MCP is loaded only where it is needed. */
import type { Command } from 'commander';
import type { Output } from '../context.ts';
import { addAddCommand } from './add-command.ts';
import { addDemoCommand } from './demo-command.ts';
import { addServeCommand } from './serve-command.ts';
import { addToolsCommands } from './tools-commands.ts';
import { addWrapCommand } from './wrap-command.ts';

export function addMcpCommands(program: Command, output: Output): void {
  const mcp = program.command('mcp').description('any MCP server behind the plane');
  addAddCommand(mcp, output);
  addDemoCommand(mcp, output);
  addWrapCommand(mcp);
  addServeCommand(mcp, output);
  addToolsCommands(mcp, output);
}

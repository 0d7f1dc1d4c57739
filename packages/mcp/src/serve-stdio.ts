/** Serves one client on standard input and output, in whichever era of the protocol it opens with. */
import { errorFields, type Logger } from '@countersign/platform/logger';
import type { Server } from '@modelcontextprotocol/server';
import { serveStdio as serve } from '@modelcontextprotocol/server/stdio';

export function serveStdio(serverFor: () => Promise<Server>, log: Logger): { close(): Promise<void> } {
  return serve(serverFor, {
    onerror: (thrown) => log.warn(errorFields(thrown), 'a message of the client could not be used'),
  });
}

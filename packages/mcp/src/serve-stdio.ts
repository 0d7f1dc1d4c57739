/** Serves one client on standard input and output, in whichever era of the protocol it opens with. */
import { errorFields, type Logger } from '@countersign/platform/logger';
import type { Server, Transport } from '@modelcontextprotocol/server';
import { StdioServerTransport, serveStdio as serve } from '@modelcontextprotocol/server/stdio';
import { type FollowTasks, listenForTasks } from './listened-tasks.ts';

type Served = { serverFor: () => Promise<Server>; followTasks: FollowTasks };

export function serveStdio({ serverFor, followTasks }: Served, log: Logger): { close(): Promise<void> } {
  return serve(serverFor, {
    transport: listeningOn(new StdioServerTransport(), followTasks),
    onerror: (thrown) => log.warn(errorFields(thrown), 'a message of the client could not be used'),
  });
}

/** Completes what is heard and said about changes by what is to be said of tasks. */
export function listeningOn(wire: Transport, follow: FollowTasks): Transport {
  const listening = listenForTasks(follow, (message) =>
    wire.send(message as never).then(
      () => true,
      () => false,
    ),
  );
  const made: Transport = {
    start: () => wire.start(),
    close: () => wire.close(),
    async send(message, options) {
      const shown = listening.show(message);
      if (shown !== null) await wire.send(shown as never, options);
    },
  };
  wire.onmessage = (message, extra) => {
    const heard = listening.hear(message);
    if ('pass' in heard) made.onmessage?.(heard.pass as never, extra);
    else void wire.send(heard.answer as never).catch((thrown: Error) => made.onerror?.(thrown));
  };
  wire.onerror = (thrown) => made.onerror?.(thrown);
  wire.onclose = () => {
    listening.close();
    made.onclose?.();
  };
  return made;
}

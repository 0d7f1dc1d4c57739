/**
 * The library's server, which checks that a tool's answer is a tool's result and has no runtime for tasks. A task is answered past that
 * check, and only where this very request declared that its client takes one.
 */
import { type JSONRPCRequest, type Result, Server, type ServerContext } from '@modelcontextprotocol/server';

type Handler = (request: JSONRPCRequest, ctx: ServerContext) => Promise<Result>;

/** Thrown by the handler of `tools/call` in place of a result. */
export class TaskMade extends Error {
  readonly result: Result;
  constructor(result: Result) {
    super('a task was made');
    this.result = result;
  }
}

export class TaskServer extends Server {
  private readonly gone = new AbortController();

  /** Of the connection. */
  get closed(): AbortSignal {
    return this.gone.signal;
  }

  protected override _onclose(): void {
    this.gone.abort();
    super._onclose();
  }

  protected override _wrapHandler(method: string, handler: Handler): Handler {
    const checked = super._wrapHandler(method, handler);
    if (method !== 'tools/call') return checked;
    return async (request, ctx) => {
      try {
        return await checked(request, ctx);
      } catch (thrown) {
        if (thrown instanceof TaskMade) return thrown.result;
        throw thrown;
      }
    };
  }
}

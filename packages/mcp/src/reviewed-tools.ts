/** The server's tools as of now against the record, looked at again when the server says so and whenever somebody lists them. */
import { type Compared, compareTools, digestOf, readToolRecord, type Tool } from './tool-record.ts';
import type { Upstream } from './upstream.ts';

export type ReviewedTools = {
  /** Asks the server, and reads the record anew. */
  look(): Promise<readonly Compared[]>;
  /** As last looked at; asks when nobody has. */
  find(name: string): Promise<Compared | null>;
  forget(): void;
};

export function reviewedTools(path: string, server: string, upstream: Pick<Upstream, 'listTools'>): ReviewedTools {
  let last: Promise<readonly Compared[]> | undefined;
  const look = (): Promise<readonly Compared[]> => {
    const looking = upstream.listTools().then((listed) => compareTools(readToolRecord(path, server), listed));
    last = looking;
    looking.catch(() => {
      if (last === looking) last = undefined;
    });
    return looking;
  };
  return {
    look,
    async find(name) {
      const found = (await (last ?? look())).find((each) => each.name === name) ?? null;
      // A reviewer may have been there meanwhile.
      if (found?.state === 'reviewed') return found;
      return (await look()).find((each) => each.name === name) ?? null;
    },
    forget() {
      last = undefined;
    },
  };
}

/** Digest of what may be called, or why it may not. */
export function callable(found: Compared | null): { digest: string } | { refused: string } {
  switch (found?.state) {
    case 'reviewed':
      return { digest: digestOf(found.now as Tool) };
    case 'changed':
      return { refused: 'tool_changed' };
    case 'new':
      return { refused: 'tool_not_reviewed' };
    default:
      return { refused: 'tool_unknown' };
  }
}

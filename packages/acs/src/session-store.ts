/**
 * Sessions of hosts: what was negotiated, which requests came, and the chain over them (section 8). One file a session, a line for each
 * step, written through before the step is answered: neither a restart nor a power cut opens a way to replay.
 */
import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readdirSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { canonicalize } from '@countersign/ledger/canonical-json';
import { encodeUtf8, sha256Hex } from '@countersign/ledger/digest';
import { AcsError } from './envelope.ts';

/** `ContextEntry`, without the two hashes that its own hash leaves out. */
export type Entry = {
  entry_id: string;
  step_id: string;
  step_type: string;
  /** Hex of SHA-256 over the canonical `params`. */
  request_hash: string;
  timestamp: string;
};

export type Session = {
  /** Methods that were negotiated; null before the handshake. */
  methods: readonly string[] | null;
  head: string | null;
  /** Throws AcsError for a request or nonce that came before. */
  negotiate(request_id: string, nonce: string | undefined, methods: readonly string[]): void;
  /** Answers the chain's new head, lowercase hex. Throws AcsError for a request or nonce that came before. */
  append(entry: Entry, nonce: string | undefined): string;
};

/** Sessions kept, and steps of one: beyond either, new ones are refused. Old files are their owner's to archive. */
export const SESSIONS = 10_000;
export const STEPS = 10_000;
const IN_MEMORY = 500;

type Line = { request_id: string; nonce?: string; methods?: readonly string[]; entry?: Entry; entry_hash?: string };
type State = { methods: readonly string[] | null; head: string | null; seen: Set<string> };

/** SHA-256(canonical entry ‖ previous hash's 32 bytes), section 8.2. */
export function entryHash(entry: Entry, previous: string | null): string {
  const content = encodeUtf8(canonicalize(entry));
  return sha256Hex(previous === null ? content : Buffer.concat([content, Buffer.from(previous, 'hex')]));
}

export function sessionStore(folder: string): { open(session_id: string): Session } {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const states = new Map<string, State>();
  const stateOf = (session_id: string): State => {
    const state = states.get(session_id) ?? readState(join(folder, `${session_id}.ndjson`));
    states.delete(session_id);
    states.set(session_id, state);
    if (states.size > IN_MEMORY) states.delete(states.keys().next().value!);
    return state;
  };
  return {
    open(session_id) {
      const path = join(folder, `${session_id}.ndjson`);
      const state = stateOf(session_id);
      const take = (line: Line): void => {
        requireNew(state, line);
        if (!existsSync(path) && readdirSync(folder).length >= SESSIONS)
          throw new AcsError('SESSION_REFUSED', `more than ${SESSIONS} sessions are kept`);
        writeThrough(path, `${JSON.stringify(line)}\n`);
        apply(state, line);
      };
      return {
        get methods() {
          return state.methods;
        },
        get head() {
          return state.head;
        },
        negotiate: (request_id, nonce, methods) => take({ request_id, ...(nonce ? { nonce } : {}), methods }),
        append(entry, nonce) {
          const entry_hash = entryHash(entry, state.head);
          take({ request_id: entry.entry_id, ...(nonce ? { nonce } : {}), entry, entry_hash });
          return entry_hash;
        },
      };
    },
  };
}

function requireNew({ seen }: State, { request_id, nonce }: Line): void {
  if (seen.has(request_id) || (nonce !== undefined && seen.has(`nonce ${nonce}`)))
    throw new AcsError('REPLAY_DETECTED', 'this request came before');
  if (seen.size >= STEPS) throw new AcsError('SESSION_REFUSED', `a session has ${STEPS} steps at most`);
}

function apply(state: State, { request_id, nonce, methods, entry_hash }: Line): void {
  state.seen.add(request_id);
  if (nonce !== undefined) state.seen.add(`nonce ${nonce}`);
  if (methods !== undefined) state.methods = methods;
  if (entry_hash !== undefined) state.head = entry_hash;
}

/** Throws AcsError for a file that somebody altered. The end of a line that a crash cut off was never answered, so it does not count. */
function readState(path: string): State {
  const state: State = { methods: null, head: null, seen: new Set() };
  if (!existsSync(path)) return state;
  const text = readFileSync(path, 'utf8');
  for (const each of text.split('\n').slice(0, -1)) {
    const line = readLine(each);
    if (line === null) continue;
    if (line.entry && entryHash(line.entry, state.head) !== line.entry_hash)
      throw new AcsError('CHAIN_MISMATCH', 'what is kept of this session was altered');
    apply(state, line);
  }
  if (!text.endsWith('\n')) writeThrough(path, '\n');
  return state;
}

function readLine(text: string): Line | null {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function writeThrough(path: string, text: string): void {
  const file = openSync(path, 'a', 0o600);
  try {
    writeSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/**
 * `countersign witness`: a process of somebody else's, who watches that the log never shows two histories (C2SP
 * tlog-witness). It cosigns what continues what it cosigned before, and remembers that before it answers.
 */
import { createPrivateKey, createPublicKey, sign } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { LIMITS } from '@countersign/contracts/limits';
import { type NoteKey, type NoteSigner, parseVerifierKey } from '@countersign/ledger/checkpoint';
import { cosign, formatWitnessKey } from '@countersign/ledger/cosignature';
import { judgeCheckpoint } from '@countersign/ledger/witness';
import type { Command } from 'commander';
import { type Output, print, severalTimes } from './context.ts';
import { UsageError } from './exit-codes.ts';
import { readText } from './read-file.ts';
import { openWitnessState, type WitnessState } from './witness-state.ts';

export type Witness = { signer: NoteSigner; logs: readonly NoteKey[]; state: WitnessState; now_s: () => bigint };
export type Answered = { status: number; body: string; type: string };

const TEXT = 'text/plain; charset=utf-8';

type Options = { signingKey: string; name: string; log: string[]; state: string; host: string; port: string };

/** Check and keep in one step, then sign: in one process, and nothing waits in between. */
export function answerCheckpoint({ signer, logs, state, now_s }: Witness, request: string): Answered {
  const verdict = judgeCheckpoint(request, logs, (origin) => state.last(origin));
  if (!verdict.ok)
    return { status: verdict.status, body: verdict.body, type: verdict.is_size ? 'text/x.tlog.size' : TEXT };
  state.keep(verdict.origin, verdict.head);
  return { status: 200, body: cosign(verdict.text, now_s(), signer), type: TEXT };
}

/** Throws UsageError for a key that is none. */
export function witnessSigner(name: string, pem: string): NoteSigner {
  try {
    const key = createPrivateKey(pem);
    const { x, crv } = createPublicKey(key).export({ format: 'jwk' });
    if (crv !== 'Ed25519') throw new TypeError('not Ed25519');
    return { name, public_key: Buffer.from(x as string, 'base64url'), sign: (message) => sign(null, message, key) };
  } catch {
    throw new UsageError('the key must be an Ed25519 private key (PKCS#8 PEM)');
  }
}

export async function serveWitness(witness: Witness, host: string, port: number): Promise<Server> {
  const server = createServer((request, response) => void handle(witness, request, response));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  return server;
}

export function addWitnessCommand(program: Command, output: Output): void {
  program
    .command('witness')
    .description('cosign what continues what was cosigned before; run by somebody else than the log')
    .requiredOption('--signing-key <file>', 'Ed25519 private key of the witness (PKCS#8 PEM)')
    .requiredOption('--name <name>', 'of the witness, as it stands beneath checkpoints')
    .requiredOption('--log <vkey>', 'verifier key of a log that it watches; several times', severalTimes)
    .requiredOption('--state <file>', 'where it remembers what it cosigned; never restore it from a backup')
    .option('--host <address>', 'to listen on', '127.0.0.1')
    .option('--port <port>', 'to listen on', '8090')
    .action((options: Options, command: Command) => run(output, options, command));
}

async function handle(witness: Witness, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const answer = ({ status, body, type }: Answered): void =>
    void response.writeHead(status, { 'content-type': type }).end(body);
  if (request.method !== 'POST' || request.url !== '/add-checkpoint')
    return answer({ status: 404, body: 'POST /add-checkpoint\n', type: TEXT });
  try {
    answer(answerCheckpoint(witness, await readBody(request)));
  } catch {
    // Not kept, so not signed.
    answer({ status: 500, body: 'the witness cannot keep what it saw\n', type: TEXT });
  }
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    // Longer than any request: judged as malformed.
    if (bytes > 2 * LIMITS.checkpoint_bytes) return '';
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

async function run(output: Output, options: Options, command: Command): Promise<void> {
  const logs = options.log.map((line) => {
    const key = parseVerifierKey(line);
    if (key === null) throw new UsageError(`no verifier key: ${line.slice(0, 80)}`);
    return key;
  });
  const signer = witnessSigner(options.name, readText(options.signingKey));
  const state = openWitnessState(options.state);
  const now_s = () => BigInt(Math.floor(Date.now() / 1000));
  const server = await serveWitness({ signer, logs, state, now_s }, options.host, Number(options.port));
  const { port } = server.address() as AddressInfo;
  print(output, command, { vkey: formatWitnessKey(signer), port }, ({ vkey }) => `witness on port ${port}\n${vkey}`);
  await new Promise<void>((resolve) => {
    for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => server.close(() => resolve()));
  });
  state.close();
}

/**
 * `node count-calls.ts <file> <command…>`: a server on standard input and output as it is, with each `tools/call` that reaches it
 * written to the file, a line each. What a proxy says that it held back is counted here.
 */
import { spawn } from 'node:child_process';
import { appendFileSync } from 'node:fs';

const [file, command, ...args] = process.argv.slice(2) as [string, string, ...string[]];
const server = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
let begun = '';
process.stdin.on('data', (chunk: Buffer) => {
  begun += chunk.toString('utf8');
  const lines = begun.split('\n');
  begun = lines.pop()!;
  for (const line of lines) {
    const { method, params } = JSON.parse(line);
    if (method === 'tools/call') appendFileSync(file, `${JSON.stringify([params.name, params.arguments])}\n`);
    server.stdin.write(`${line}\n`);
  }
});
process.stdin.on('end', () => server.stdin.end());
server.stdout.pipe(process.stdout);
server.on('exit', (code) => process.exit(code ?? 1));
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => server.kill(signal));

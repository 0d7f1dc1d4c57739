/** Receivers of evidence as a SIEM plays them: over HTTP, over TCP, over TLS. They remember what they were sent. */
import { createServer, type IncomingHttpHeaders } from 'node:http';
import { type AddressInfo, createServer as createTcp, type Server, type Socket } from 'node:net';
import { createServer as createTls } from 'node:tls';

type Received = { path: string; headers: IncomingHttpHeaders; body: any };
type HttpAnswer = { status: number; text?: string; headers?: Record<string, string> };
type PlayedReceiver<T> = AsyncDisposable & { port: number; got: T[] };

/** `answer`: the status of the next answer, and its text. */
export async function playHttp(
  answer: (received: Received) => HttpAnswer | Promise<HttpAnswer>,
): Promise<PlayedReceiver<Received>> {
  const got: Received[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', async () => {
      const body: unknown = JSON.parse(Buffer.concat(chunks).toString('utf8') || 'null');
      const one = { path: request.url!, headers: request.headers, body };
      got.push(one);
      const { status, text = '', headers = {} } = await answer(one);
      response.writeHead(status, headers).end(text);
    });
  });
  return { got, ...(await listening(server)) };
}

/** Reads each connection to its end, and closes its side then; `cut` may end one before, as a crash would. */
export async function playSyslog({
  tls = false,
  cut = () => false,
  deaf = false,
}: {
  tls?: boolean;
  /** Closes its side at once. */
  deaf?: boolean;
  cut?: (connection: number) => boolean;
} = {}): Promise<PlayedReceiver<string>> {
  const got: string[] = [];
  let connections = 0;
  const take = (socket: Socket): void => {
    const chunks: Buffer[] = [];
    connections += 1;
    if (cut(connections)) return void socket.once('data', () => socket.resetAndDestroy());
    if (deaf) socket.end();
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    socket.on('end', () => {
      got.push(...unframed(Buffer.concat(chunks)));
      socket.end();
    });
    socket.on('error', () => undefined);
  };
  return { got, ...(await listening(tls ? createTls({ key: KEY, cert: CERT }, take) : createTcp(take))) };
}

/** Octet counting (RFC 6587, section 3.4.1): each message behind its length and a space. */
function unframed(bytes: Buffer): string[] {
  const messages: string[] = [];
  for (let at = 0; at < bytes.length; ) {
    const space = bytes.indexOf(' ', at);
    const end = space + 1 + Number(bytes.toString('latin1', at, space));
    messages.push(bytes.toString('utf8', space + 1, end));
    at = end;
  }
  return messages;
}

async function listening(server: Server): Promise<AsyncDisposable & { port: number }> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: () => new Promise((resolve) => void server.close(() => resolve())),
  };
}

/** Of 127.0.0.1, signed by itself, until 2126. It guards nothing. */
export const CERT = pem(
  'CERTIFICATE',
  'MIIBmTCCAT6gAwIBAgIUWVIyM9RLfLqnax9U1JIPEdG2rOYwCgYIKoZIzj0EAwIwGDEWMBQGA1UEAwwNcmVjZWl2ZXIudGVzdDAgFw0yNjEx' +
    'MjYwNDU2MTFaGA8yMTI2MTEwMjA0NTYxMVowGDEWMBQGA1UEAwwNcmVjZWl2ZXIudGVzdDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABKqu' +
    '8SCiFAizKG3UxKCZDqqp+e/MFnLmiKmbX3KFzmUWbAzMmB/qnBFG5CjitLB7NbhnGdLuRjcVhUA4nwkQgeujZDBiMB0GA1UdDgQWBBQkNDPC' +
    'KC8rmzFGqW9wUplnldVoQjAfBgNVHSMEGDAWgBQkNDPCKC8rmzFGqW9wUplnldVoQjAPBgNVHRMBAf8EBTADAQH/MA8GA1UdEQQIMAaHBH8A' +
    'AAEwCgYIKoZIzj0EAwIDSQAwRgIhAJ/bgvckBNegTIpJ0oeB3dTohvCAA8FiE/gX3kl9JRqtAiEAs4ILECHyfkBgCgQjj9ASfABhVJHUuIIK' +
    '3RvFoh9uxDU=',
);
const KEY = pem(
  'PRIVATE KEY',
  'MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgLcdDJ3/bHwN7yl4UUfQ071cT3ZgIysNR61vpIg1/K32hRANCAASqrvEgohQI' +
    'syht1MSgmQ6qqfnvzBZy5oipm19yhc5lFmwMzJgf6pwRRuQo4rSwezW4ZxnS7kY3FYVAOJ8JEIHr',
);

function pem(label: string, base64: string): string {
  return `-----BEGIN ${label}-----\n${base64}\n-----END ${label}-----\n`;
}

/**
 * Knocks at nats-server by hand: no client signs with another key than the one it names, and theirs sign so slowly that a
 * storm of them would hold up whatever else runs in the process.
 */
import { connect } from 'node:net';
import { type NatsKey, nkeySigner } from '@countersign/platform/nats-key';

export type Knocking = {
  letIn: boolean;
  /** Settles when the server has ended the connection, or `close` did. */
  closed: Promise<void>;
  close(): void;
};

/** `sign` gets the server's nonce. Resolves when the server has let it in or turned it away. */
export async function knockWith(url: string, nkey: string, sign: (nonce: string) => Uint8Array): Promise<Knocking> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.on('error', () => {});
  const closed = new Promise<void>((resolve) => void socket.once('close', () => resolve()));
  const letIn = new Promise<boolean>((resolve) => {
    let said = '';
    let asked = false;
    socket.setEncoding('utf8').on('data', (text: string) => {
      said += text;
      const nonce = /"nonce":"([^"]+)"/.exec(said)?.[1];
      if (nonce !== undefined && !asked) {
        asked = true;
        const sig = Buffer.from(sign(nonce)).toString('base64');
        socket.write(`CONNECT ${JSON.stringify({ nkey, sig, verbose: false })}\r\nPING\r\n`);
      }
      if (/^PONG/m.test(said)) resolve(true);
      // The server asks as well whether the connection lives.
      if (/^PING/m.test(text)) socket.write('PONG\r\n');
    });
    void closed.then(() => resolve(false));
  });
  return { letIn: await letIn, closed, close: () => void socket.destroy() };
}

export function knock(url: string, { nkey_public, seed }: NatsKey): Promise<Knocking> {
  return knockWith(url, nkey_public, nkeySigner(seed));
}

export async function isLetIn(url: string, key: NatsKey): Promise<boolean> {
  const { letIn, close } = await knock(url, key);
  close();
  return letIn;
}

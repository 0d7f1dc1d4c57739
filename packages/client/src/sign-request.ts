/** Signs one request as an agent (RFC 9421 with RFC 9530), with WebCrypto, so that it runs wherever `fetch` does. */
import {
  ALWAYS_SIGNED,
  SIGNED_WHERE_SENT,
  signatureBase,
  signatureParams,
} from '@countersign/contracts/http-signature';

/** An agent and the private half of its registered Ed25519 key. */
export type Signer = { agent: string; key: SigningKey };
type SigningKey = Parameters<typeof crypto.subtle.sign>[1];

export type Unsigned = {
  method: string;
  url: string;
  /** Names in lower case. */
  headers: Readonly<Record<string, string>>;
  /** The bytes that are sent, as text. */
  body?: string;
};

/** How long a request may be under way; its nonce is refused the second time in any case. */
const LIFE_S = 60;
const NONCE_BYTES = 18;
const LABEL = 'countersign';

/** `private_key`: PKCS#8, as PEM or as base64 of its DER. Throws DataError for what is no Ed25519 key. */
export async function openSigner(agent: string, private_key: string): Promise<Signer> {
  const text = private_key.replace(/-----[^-]+-----|\s/g, '');
  const der = Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (char) => char.charCodeAt(0));
  return { agent, key: await crypto.subtle.importKey('pkcs8', der, 'Ed25519', false, ['sign']) };
}

/** The request's headers with those that carry the signature. A retry is signed anew. */
export async function signRequest({ agent, key }: Signer, request: Unsigned): Promise<Record<string, string>> {
  const headers: Record<string, string> = { ...request.headers };
  if (request.body !== undefined) headers['content-digest'] = `sha-256=:${await digestOf(request.body)}:`;
  const { host, pathname, search } = new URL(request.url);
  const derived: Readonly<Record<string, string>> = {
    '@method': request.method,
    '@authority': host,
    '@path': pathname,
    '@query': search === '' ? '?' : search,
  };
  const covered = [...ALWAYS_SIGNED, ...SIGNED_WHERE_SENT.filter((name) => headers[name] !== undefined)];
  const created = Math.floor(Date.now() / 1000);
  const nonce = toBase64(crypto.getRandomValues(new Uint8Array(NONCE_BYTES)))
    .replaceAll('+', '-')
    .replaceAll('/', '_');
  const params = signatureParams(covered, { created, expires: created + LIFE_S, nonce, keyid: agent });
  const values = covered.map((name) => [name, derived[name] ?? headers[name]!] as const);
  const text = new TextEncoder().encode(signatureBase(values, params));
  const signature = new Uint8Array(await crypto.subtle.sign('Ed25519', key, text));
  return { ...headers, 'signature-input': `${LABEL}=${params}`, signature: `${LABEL}=:${toBase64(signature)}:` };
}

async function digestOf(body: string): Promise<string> {
  return toBase64(new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(body))));
}

function toBase64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes));
}

/** Posts JSON to a receiver. It follows no redirect and names nothing of what it sent in an error. */

export type HttpTarget = { url: string; token: string | undefined };

const TIMEOUT_MS = 30_000;

export class Refused extends Error {
  readonly status: number;
  constructor(status: number) {
    super(`the receiver answered ${status}`);
    this.status = status;
  }
}

/** Returns the answer's text once the receiver said 2xx; throws Refused for another answer. */
export async function postJson({ url, token }: HttpTarget, body: unknown): Promise<string> {
  const response = await fetch(url, {
    method: 'POST',
    redirect: 'error',
    headers: { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(TIMEOUT_MS),
  }).catch((thrown: unknown) => {
    throw new Error(`the receiver could not be reached (${codeOf(thrown)})`);
  });
  const text = await response.text().catch(() => '');
  if (!response.ok) throw new Refused(response.status);
  return text;
}

function codeOf(thrown: unknown): string {
  const { cause, name } = thrown as { cause?: { code?: string }; name?: string };
  return cause?.code ?? name ?? 'error';
}

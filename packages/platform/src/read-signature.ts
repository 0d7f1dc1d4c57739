/**
 * Reads `Signature-Input`, `Signature` and `Content-Digest` (RFC 9421, RFC 9530) as far as this API takes them: one
 * signature, no component twice, no parameter that is not known, nothing in another form than the one that is signed.
 * Whatever else they could mean is refused: two readers of a signature must not see two.
 */
import { CountersignError } from '@countersign/contracts/errors';
import {
  ALWAYS_SIGNED,
  SIGNATURE_ALGORITHM,
  SIGNATURE_TAG,
  SIGNED_WHERE_SENT,
  type SignatureTerms,
  WORKER_SIGNATURE_TAG,
} from '@countersign/contracts/http-signature';
import { LIMITS } from '@countersign/contracts/limits';
import { principalId } from '@countersign/contracts/names';
import { nonce } from '@countersign/contracts/signed-request';
import { WORKER_KEYID } from '@countersign/contracts/worker-door';
import { z } from 'zod';

export type ReadSignature = {
  covered: readonly string[];
  terms: SignatureTerms;
  /** As it stands in the header, and therefore in what is signed. */
  params: string;
  /** 64 bytes. */
  signature: Uint8Array;
};

/** Who signs: each kind has a tag and names of its own, so that no signature is taken for the other kind's. */
export type Signers = { tag: string; keyid: z.ZodType<string> };
export const AGENTS: Signers = { tag: SIGNATURE_TAG, keyid: principalId };
export const WORKERS: Signers = { tag: WORKER_SIGNATURE_TAG, keyid: z.string().regex(WORKER_KEYID) };

/** A string of RFC 8941 without escapes: no value that is taken here needs one. */
const STRING = '"[\\x20\\x21\\x23-\\x5b\\x5d-\\x7e]*"';
const KEY = '[a-z*][a-z0-9_.*-]{0,63}';
const INPUT = new RegExp(`^(${KEY})=(\\((${STRING}(?: ${STRING})*)\\)((?:;${KEY}=(?:${STRING}|\\d{1,15}))*))$`);
const PARAMETER = new RegExp(`;(${KEY})=(${STRING}|\\d{1,15})`, 'g');
const PARAMETERS = ['created', 'expires', 'nonce', 'keyid', 'alg', 'tag'];
const SIGNATURE = new RegExp(`^(${KEY})=:([A-Za-z0-9+/]{86}==):$`);
const DIGEST = /^sha-256=:([A-Za-z0-9+/]{43}=):$/;

/** `has`: whether the request carries that header. Throws `signature_invalid`, with the header that is at fault. */
export function readSignature(
  input: string,
  signature: string,
  has: (header: string) => boolean,
  signers: Signers,
): ReadSignature {
  const parsed = input.length > LIMITS.signature_input_chars ? null : INPUT.exec(input);
  if (parsed === null) throw wrongInput('one signature with quoted components and its parameters is expected');
  const [, label, params, names, parameters] = parsed;
  const covered = names!.split(' ').map((name) => name.slice(1, -1));
  checkCovered(covered, has);
  return { covered, terms: readTerms(parameters!, signers), params: params!, signature: readBytes(signature, label!) };
}

/** 32 bytes: the SHA-256 that the body has to have. Throws `signature_invalid`. */
export function readContentDigest(header: string): Uint8Array {
  const digest = fromBase64(DIGEST.exec(header)?.[1]);
  if (digest === null) throw new CountersignError('signature_invalid', 'must be sha-256=:…:', { at: 'Content-Digest' });
  return digest;
}

function wrongInput(detail: string): CountersignError {
  return new CountersignError('signature_invalid', detail, { at: 'Signature-Input' });
}

function checkCovered(covered: readonly string[], has: (header: string) => boolean): void {
  if (new Set(covered).size !== covered.length) throw wrongInput('a component stands twice');
  const due = [...ALWAYS_SIGNED, ...SIGNED_WHERE_SENT.filter(has)];
  const missing = due.find((name) => !covered.includes(name));
  if (missing !== undefined) throw wrongInput(`${missing} is not signed`);
  if (covered.length > due.length) throw wrongInput(`only ${due.join(', ')} can be signed here`);
}

function readTerms(text: string, { tag, keyid }: Signers): SignatureTerms {
  const given = [...text.matchAll(PARAMETER)].map(([, name, value]) => [name!, value!] as const);
  const values = new Map(given);
  if (values.size !== given.length) throw wrongInput('a parameter stands twice');
  const unknown = given.find(([name]) => !PARAMETERS.includes(name));
  if (unknown !== undefined) throw wrongInput('a parameter that is not known');
  if ((textIn(values, 'alg') ?? SIGNATURE_ALGORITHM) !== SIGNATURE_ALGORITHM) throw wrongInput('alg must be ed25519');
  if (textIn(values, 'tag') !== tag) throw wrongInput(`tag must be ${tag}`);
  const read = {
    created: numberIn(values, 'created'),
    expires: numberIn(values, 'expires'),
    nonce: nonce.safeParse(textIn(values, 'nonce')).data,
    keyid: keyid.safeParse(textIn(values, 'keyid')).data,
  };
  const bad = Object.entries(read).find(([, value]) => value === undefined)?.[0];
  if (bad !== undefined) throw wrongInput(`${bad} is missing or none`);
  return read as SignatureTerms;
}

function textIn(values: ReadonlyMap<string, string>, name: string): string | undefined {
  const value = values.get(name);
  return value === undefined || value.startsWith('"') ? value?.slice(1, -1) : '';
}

function numberIn(values: ReadonlyMap<string, string>, name: string): number | undefined {
  const value = values.get(name);
  return value === undefined || value.startsWith('"') ? undefined : Number(value);
}

function readBytes(header: string, label: string): Uint8Array {
  const [, name, text] = SIGNATURE.exec(header) ?? [];
  const bytes = fromBase64(text);
  if (bytes === null || name !== label)
    throw new CountersignError('signature_invalid', 'one signature with the same label is expected', {
      at: 'Signature',
    });
  return bytes;
}

/** Null for what would be written differently again. */
function fromBase64(text: string | undefined): Uint8Array | null {
  const bytes = Buffer.from(text ?? '', 'base64');
  return text !== undefined && bytes.toString('base64') === text ? bytes : null;
}

/**
 * Builds one document out of a policy's files and signs it. Only what compiles is built; the signature covers the
 * canonical manifest, and the manifest the hash of every file.
 */
import { BUNDLE_FORMAT, type BundleDocument, type BundleManifest, bundleDocument } from '@countersign/contracts/policy';
import { canonicalize } from '@countersign/ledger/canonical-json';
import { getPublicKeyAsync, signAsync } from '@noble/ed25519';
import { compilePolicy } from './compile-policy.ts';
import { tenantFile } from './parse-bundle.ts';
import { faultAt, type PolicyFault } from './policy-fault.ts';

export type BuildOptions = {
  version: number;
  /** `['*']` for all. */
  tenants: readonly string[];
  /** RFC 3339 in UTC. */
  not_before: string;
  not_after: string;
};
/** `secret_key`: the 32 bytes of the Ed25519 seed. */
export type BundleSigner = { key_id: string; secret_key: Uint8Array };
export type BuildResult = { ok: true; document: BundleDocument } | { ok: false; faults: PolicyFault[] };

const encoder = new TextEncoder();

export async function buildBundle(
  files: Readonly<Record<string, string>>,
  options: BuildOptions,
): Promise<BuildResult> {
  const compiled = compilePolicy(files, { version: options.version, snapshot: 'unsigned' });
  if (!compiled.ok) return compiled;
  const strangers = [...compiled.policy.sources.tenants.keys()].filter((tenant) => !covers(options.tenants, tenant));
  if (strangers.length > 0) return { ok: false, faults: strangers.map(outOfScope) };
  const listed = Object.entries(files).map(async ([path, text]) => ({ path, sha256: await sha256Hex(text) }));
  const manifest: BundleManifest = {
    format: BUNDLE_FORMAT,
    version: options.version,
    scope: { tenants: [...options.tenants] },
    not_before: options.not_before,
    not_after: options.not_after,
    files: (await Promise.all(listed)).sort((a, b) => (a.path < b.path ? -1 : 1)),
  };
  return { ok: true, document: bundleDocument.parse({ manifest, files: { ...files }, signatures: [] }) };
}

/** Adds one signature; a second one by the same key replaces the first. */
export async function signBundle(document: BundleDocument, signer: BundleSigner): Promise<BundleDocument> {
  const signature = await signText(signedBytes(document.manifest), signer);
  const others = document.signatures.filter(({ key_id }) => key_id !== signer.key_id);
  return { ...document, signatures: [...others, { key_id: signer.key_id, signature }] };
}

/** Base64url. */
export async function signText(message: Uint8Array, { secret_key }: BundleSigner): Promise<string> {
  return toBase64Url(await signAsync(message, secret_key));
}

/** As a trust root names it: base64url of 32 bytes. */
export async function publicKeyOf(secretKey: Uint8Array): Promise<string> {
  return toBase64Url(await getPublicKeyAsync(secretKey));
}

export function signedBytes(manifest: BundleManifest): Uint8Array {
  return encoder.encode(canonicalize(manifest));
}

/** WebCrypto, so that a browser can check a bundle too. */
export async function sha256Hex(text: string): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', encoder.encode(text)));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

function covers(scope: readonly string[], tenant: string): boolean {
  return scope.includes('*') || scope.includes(tenant);
}

function outOfScope(tenant: string): PolicyFault {
  return faultAt(
    'tenant_out_of_scope',
    tenantFile(tenant),
    { line: 1, column: 1 },
    `the bundle does not decide for ${tenant}`,
  );
}

function toBase64Url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '');
}

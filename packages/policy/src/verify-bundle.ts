/**
 * Believes a bundle or says why not. Nothing in it is used before the signatures over the whole of it hold; hostile
 * input gets a code, never an exception.
 */
import { LIMITS } from '@countersign/contracts/limits';
import {
  type BundleDocument,
  type BundleManifest,
  bundleDocument,
  type TrustRoot,
} from '@countersign/contracts/policy';
import { tellShapeFaults } from '@countersign/contracts/shape-fault';
import { canonicalize, parseStrict } from '@countersign/ledger/canonical-json';
import { countSignatures, earlier, isBefore, isFrom } from '@countersign/ledger/count-signatures';
import { sha256Hex, signedBytes } from './build-bundle.ts';
import { type BundleRefusal, refuseBundle } from './bundle-faults.ts';
import { compilePolicy } from './compile-policy.ts';
import type { CompiledPolicy } from './compiled-policy.ts';
import { describeFault } from './policy-fault.ts';

export type VerifiedBundle = {
  manifest: BundleManifest;
  files: BundleDocument['files'];
  /** `sha256:<hex>` of the canonical manifest: the name of exactly this policy. */
  snapshot: string;
  /** Whose signatures counted. */
  key_ids: string[];
  /** RFC 3339: when it stops to be valid, by its own word or because too few of its signers' keys are. */
  ends_at: string;
};
export type VerifyResult = { ok: true; bundle: VerifiedBundle } | BundleRefusal;
export type OpenResult = { ok: true; bundle: VerifiedBundle; policy: CompiledPolicy } | BundleRefusal;

/** `now`: RFC 3339 in UTC. `text`: the document as it was stored or sent. */
export async function verifyBundle(text: string, root: TrustRoot, now: string): Promise<VerifyResult> {
  if (text.length > LIMITS.message_bytes)
    return refuseBundle('bundle_too_large', `at most ${LIMITS.message_bytes} bytes`);
  const parsed = parseStrict(text, { max_bytes: LIMITS.message_bytes, max_depth: LIMITS.json_depth });
  if (!parsed.ok) return refuseBundle('bundle_malformed', `${parsed.code} at ${parsed.at || 'the top'}`);
  const shaped = bundleDocument.safeParse(parsed.value);
  if (!shaped.success)
    return refuseBundle(
      'bundle_malformed',
      tellShapeFaults(shaped.error.issues.slice(0, 1), parsed.value, 'the bundle'),
    );
  const { manifest, files, signatures } = shaped.data;
  const { tenants } = manifest.scope;
  if (tenants.includes('*') && tenants.length > 1) return refuseBundle('bundle_scope_invalid', '* stands alone');
  const signed = await countSignatures(signedBytes(manifest), signatures, root, { tenants, now });
  if (!signed.ok) return refuseBundle(`bundle_${signed.code}`, signed.detail);
  const altered = await fileRefusal(manifest, files);
  if (altered !== null) return altered;
  if (!isFrom(manifest.not_before, now))
    return refuseBundle('bundle_not_yet_valid', `not before ${manifest.not_before}`);
  if (!isBefore(manifest.not_after, now)) return refuseBundle('bundle_expired', `not after ${manifest.not_after}`);
  const snapshot = `sha256:${await sha256Hex(canonicalize(manifest))}`;
  return {
    ok: true,
    bundle: {
      manifest,
      files,
      snapshot,
      key_ids: signed.key_ids,
      ends_at: earlier(manifest.not_after, signed.ends_at),
    },
  };
}

/** Verified and compiled: the only way to a policy that may decide. */
export async function openBundle(text: string, root: TrustRoot, now: string): Promise<OpenResult> {
  const verified = await verifyBundle(text, root, now);
  if (!verified.ok) return verified;
  const { manifest, files, snapshot } = verified.bundle;
  const compiled = compilePolicy(files, { version: manifest.version, snapshot });
  if (compiled.ok) return { ok: true, bundle: verified.bundle, policy: compiled.policy };
  return refuseBundle('bundle_does_not_compile', compiled.faults.slice(0, 5).map(describeFault).join('; '));
}

async function fileRefusal(manifest: BundleManifest, files: BundleDocument['files']): Promise<BundleRefusal | null> {
  const listed = new Map(manifest.files.map(({ path, sha256 }) => [path, sha256]));
  if (listed.size !== manifest.files.length) return refuseBundle('bundle_malformed', 'the manifest lists a file twice');
  for (const path of Object.keys(files)) {
    if (!listed.has(path)) return refuseBundle('bundle_file_unlisted', `${path} is not in the manifest`);
  }
  for (const [path, sha256] of listed) {
    if (!Object.hasOwn(files, path)) return refuseBundle('bundle_file_missing', `${path} is missing`);
    if ((await sha256Hex(files[path]!)) !== sha256)
      return refuseBundle('bundle_file_altered', `${path} is not what was signed`);
  }
  return null;
}

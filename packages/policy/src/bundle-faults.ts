// Why a bundle is not believed. Each is a code, so that tests, metrics and the ledger can count the attack.
export const BUNDLE_FAULTS = [
  'bundle_malformed',
  'bundle_too_large',
  'bundle_scope_invalid',
  'bundle_unsigned',
  'bundle_signature_invalid',
  'bundle_threshold_unmet',
  'bundle_file_missing',
  'bundle_file_unlisted',
  'bundle_file_altered',
  'bundle_not_yet_valid',
  'bundle_expired',
  'bundle_does_not_compile',
  'bundle_not_newer',
  'bundle_version_taken',
  'bundle_scope_forbidden',
] as const;
export type BundleFault = (typeof BUNDLE_FAULTS)[number];
export type BundleRefusal = { ok: false; code: BundleFault; detail: string };

export function refuseBundle(code: BundleFault, detail: string): BundleRefusal {
  return { ok: false, code, detail };
}

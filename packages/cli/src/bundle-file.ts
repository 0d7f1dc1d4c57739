/** Bundle documents on disk: read, held against their own manifest, written, and said in a few words. */
import { type BundleDocument, bundleDocument } from '@countersign/contracts/policy';
import { canonicalize } from '@countersign/ledger/canonical-json';
import { snapshotOf } from '@countersign/ledger/digest';
import { buildBundle } from '@countersign/policy/build-bundle';
import { describeFault, type PolicyFault } from '@countersign/policy/policy-fault';
import { CommandFailure, EXIT, UsageError } from './exit-codes.ts';
import { nameOf, parseJson, readBytes, writeText } from './read-file.ts';
import { readShape } from './read-shape.ts';

export type BundleSummary = {
  version: number;
  /** `sha256:<hex>` of the canonical manifest: what decisions and evidence will name. */
  snapshot: string;
  tenants: readonly string[];
  not_before: string;
  not_after: string;
  files: number;
  key_ids: readonly string[];
};

export function readBundle(path: string): BundleDocument {
  if (/\.ya?ml$/.test(path)) throw new UsageError(`${path} is one file of a policy; name the folder that it stands in`);
  return readShape(bundleDocument, parseJson(readBytes(path), nameOf(path)), `${nameOf(path)} is not a bundle`);
}

export function writeBundle(path: string, document: BundleDocument): void {
  writeText(path, `${JSON.stringify(document, null, 2)}\n`);
}

/**
 * Nobody should sign what was changed after it was built: the files are built anew, and their manifest has to be the one
 * in hand. Throws CommandFailure.
 */
export async function requireSound(name: string, { manifest, files }: BundleDocument): Promise<void> {
  const { version, scope, not_before, not_after } = manifest;
  const built = await buildBundle(files, { version, tenants: scope.tenants, not_before, not_after });
  if (!built.ok) throw faulty(name, built.faults);
  if (canonicalize(built.document.manifest) === canonicalize(manifest)) return;
  const detail = `${name} was altered after it was built: its manifest does not fit its files`;
  throw new CommandFailure(EXIT.faulty, detail, { code: 'bundle_file_altered', detail });
}

export function faulty(name: string, faults: readonly PolicyFault[]): CommandFailure {
  return new CommandFailure(EXIT.faulty, `${name} does not compile:\n${faults.map(describeFault).join('\n')}`, {
    code: 'policy_faulty',
    detail: `${name} does not compile`,
    faults,
  });
}

export function summaryOf({ manifest, signatures }: BundleDocument): BundleSummary {
  const { version, scope, not_before, not_after, files } = manifest;
  const snapshot = snapshotOf(canonicalize(manifest));
  const key_ids = signatures.map(({ key_id }) => key_id);
  return { version, snapshot, tenants: scope.tenants, not_before, not_after, files: files.length, key_ids };
}

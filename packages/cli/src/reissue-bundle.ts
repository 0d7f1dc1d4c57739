/** Makes old content a new version: versions only grow, so this is the one way back. Nothing else of it changes. */
import type { BundleDocument } from '@countersign/contracts/policy';
import { buildBundle } from '@countersign/policy/build-bundle';
import { POLICY_FILE } from '@countersign/policy/parse-bundle';
import { faulty, requireSound } from './bundle-file.ts';
import { UsageError } from './exit-codes.ts';
import { statedVersion } from './read-policy.ts';
import type { Validity } from './validity.ts';

const VERSION_LINE = /^(version:[ \t]*)\d+/m;

/** Throws CommandFailure when the old bundle is not what was built, or compiles no more. */
export async function reissueBundle(
  name: string,
  old: BundleDocument,
  { version, ...validity }: Validity & { version: number },
): Promise<BundleDocument> {
  await requireSound(name, old);
  const files = restateVersion(old.files, version);
  const built = await buildBundle(files, { version, tenants: old.manifest.scope.tenants, ...validity });
  if (!built.ok) throw faulty(name, built.faults);
  return built.document;
}

/** Only where the file says a version; that line says the new one then. */
function restateVersion(files: BundleDocument['files'], version: number): BundleDocument['files'] {
  if (statedVersion(files) === null) return files;
  const restated = { ...files, [POLICY_FILE]: files[POLICY_FILE]!.replace(VERSION_LINE, `$1${version}`) };
  if (statedVersion(restated) === version) return restated;
  throw new UsageError(
    `${POLICY_FILE} states its version where it cannot be found: take it out, or put it on a line alone`,
  );
}

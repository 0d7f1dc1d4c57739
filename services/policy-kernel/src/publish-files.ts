/**
 * Publishes and activates a folder of policy files as the next version of their scopes. Building and signing happen here;
 * what is put in force goes through `PolicyDoor`: over HTTP, over the bus, or, before any service runs, by the functions
 * that answer there.
 */
import { type BundleDocument, bundleDocument } from '@countersign/contracts/policy';
import type { Principal } from '@countersign/contracts/rpc';
import { parseStrict } from '@countersign/ledger/canonical-json';
import type { Tx } from '@countersign/platform/database';
import { type BuildOptions, type BundleSigner, buildBundle, signBundle } from '@countersign/policy/build-bundle';
import { describeFault } from '@countersign/policy/policy-fault';
import { activateBundle } from './activate-bundle.ts';
import { type PublishParts, publishDocument } from './publish-document.ts';
import { readActivated, readControl } from './store.ts';
import { newestVersion } from './store-published.ts';

type PublishOptions = Omit<BuildOptions, 'version'> & { signer: BundleSigner };
export type PolicyDoor = {
  publish(document: string): Promise<unknown>;
  activate(version: number, scope: string): Promise<unknown>;
};

/** What answers the kernel's verbs, without a bus: kernels that run already follow at their next sweep. */
export function kernelDoor(parts: PublishParts, tenant: string, principal: Principal): PolicyDoor {
  const who = { tenant, principal, global: true };
  return {
    publish: (document) => publishDocument(parts, { ...who, document }),
    activate: (version, scope) =>
      activateBundle({ ...parts, bus: { announceControl: () => undefined } }, { ...who, version, scope }),
  };
}

/**
 * Does nothing when exactly these files are active in each of the scopes, by the same key and for as long. Returns the
 * version that stands. Throws when the files do not compile, and what the door refuses. `tx` reads as the kernel's role,
 * best in no transaction: the door takes its time.
 */
export async function publishFiles(
  tx: Tx,
  door: PolicyDoor,
  files: Readonly<Record<string, string>>,
  options: PublishOptions,
): Promise<number> {
  const { signer, ...build } = options;
  const { scopes } = await readControl(tx);
  const active = scopes.filter(({ scope }) => options.tenants.includes(scope));
  const standing = await Promise.all(active.map(({ scope, epoch }) => readActivated(tx, scope, epoch)));
  const standsAt = Math.max(0, ...active.map(({ version }) => version));
  const unchanged = documentsOf(standing).filter((document) => holds(document, files, options));
  if (unchanged.length === options.tenants.length) return standsAt;
  const version = Math.max(standsAt, await newestVersion(tx, options.tenants)) + 1;
  const built = await buildBundle(files, { ...build, version });
  if (!built.ok) throw new Error(`the policy does not compile:\n${built.faults.map(describeFault).join('\n')}`);
  await door.publish(JSON.stringify(await signBundle(built.document, signer)));
  await door.activate(version, options.tenants[0]!);
  return version;
}

/** A document damaged in storage does not count as published. */
function documentsOf(texts: readonly (string | null)[]): BundleDocument[] {
  return texts.flatMap((text) => {
    const parsed = parseStrict(text ?? '');
    const shaped = parsed.ok ? bundleDocument.safeParse(parsed.value) : null;
    return shaped?.success ? [shaped.data] : [];
  });
}

function holds(
  document: BundleDocument,
  files: Readonly<Record<string, string>>,
  { signer, not_after }: PublishOptions,
): boolean {
  const paths = Object.keys(files);
  return (
    paths.length === Object.keys(document.files).length &&
    paths.every((path) => document.files[path] === files[path]) &&
    document.signatures.some(({ key_id }) => key_id === signer.key_id) &&
    document.manifest.not_after >= not_after
  );
}

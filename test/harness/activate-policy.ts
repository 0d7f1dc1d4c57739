/** Changes the development tenant's policy as its admin would: signed, published and activated over HTTP. */

import { DEVELOPMENT_BUNDLE_DIR } from '@countersign/infra/development-roster';
import { developmentSigner, readBundleFolder } from '@countersign/infra/publish-development-policy';
import { buildBundle, signBundle } from '@countersign/policy/build-bundle';
import type { TestSystem } from './start-system.ts';

type Files = Record<string, string>;

/** The development bundle with another `policy.yaml`; its tests belong to the old one. */
export function withPolicy(change: (policy: string) => string): Files {
  const { 'policy.yaml': policy, ...files } = readBundleFolder(DEVELOPMENT_BUNDLE_DIR);
  const others = Object.entries(files).filter(([path]) => !path.startsWith('tests/'));
  return { ...Object.fromEntries(others), 'policy.yaml': change(policy!) };
}

/** Throws what the API refuses. */
export async function publishOverHttp(
  system: TestSystem,
  files: Files,
  version: number,
  not_after = '2100-01-01T00:00:00Z',
): Promise<void> {
  const validity = { not_before: '2020-01-01T00:00:00Z', not_after };
  const built = await buildBundle(files, { version, tenants: [system.tenant], ...validity });
  if (!built.ok) throw new Error(JSON.stringify(built.faults));
  const signed = await signBundle(built.document, developmentSigner(system.keys));
  const { status, body } = await system.api('admin', 'POST', '/api/v1/policy/bundles', signed);
  if (status !== 201) throw new Error(`publishing answered ${status} ${JSON.stringify(body)}`);
}

/** The new epoch. From then on nothing stands on an older one. */
export async function activateOverHttp(system: TestSystem, version: number): Promise<number> {
  const { status, body } = await system.api('admin', 'POST', `/api/v1/policy/bundles/${version}/activate`);
  if (status !== 200) throw new Error(`activating answered ${status} ${JSON.stringify(body)}`);
  return body.scopes[0].epoch;
}

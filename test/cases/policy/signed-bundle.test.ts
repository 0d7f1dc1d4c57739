/**
 * An attack table against bundles: whatever is removed, added, swapped, altered or out of date is refused by its code.
 */
import type { BundleDocument, TrustRoot } from '@countersign/contracts/policy';
import { type BuildOptions, buildBundle, publicKeyOf, signBundle } from '@countersign/policy/build-bundle';
import type { BundleFault } from '@countersign/policy/bundle-faults';
import { openBundle, verifyBundle } from '@countersign/policy/verify-bundle';
import { describe, expect, it } from 'vitest';
import { NOW } from './ask-policy.ts';

const SEEDS = { a: new Uint8Array(32).fill(1), b: new Uint8Array(32).fill(2), stranger: new Uint8Array(32).fill(9) };
const ALWAYS = { not_before: '2026-01-01T00:00:00Z', not_after: '2027-01-01T00:00:00Z' };
const FILES = {
  'policy.yaml': 'rules: [{ id: r, match: {}, decision: allow }]',
  'schemas/a.json': '{"type":"object"}',
};

async function rootOf(threshold: number, over: Partial<TrustRoot['keys'][number]> = {}): Promise<TrustRoot> {
  return {
    threshold,
    keys: [
      { key_id: 'a', public_key: await publicKeyOf(SEEDS.a), ...ALWAYS, ...over },
      { key_id: 'b', public_key: await publicKeyOf(SEEDS.b), ...ALWAYS },
    ],
  };
}

async function build(over: Partial<BuildOptions> = {}, files: Record<string, string> = FILES): Promise<BundleDocument> {
  const built = await buildBundle(files, { version: 3, tenants: ['default'], ...ALWAYS, ...over });
  if (!built.ok) throw new Error(JSON.stringify(built.faults));
  return built.document;
}

function sign(document: BundleDocument, key_id: string, seed = SEEDS[key_id as 'a']): Promise<BundleDocument> {
  return signBundle(document, { key_id, secret_key: seed });
}

async function codeOf(document: unknown, root: TrustRoot, now = NOW): Promise<BundleFault | 'ok'> {
  const result = await verifyBundle(typeof document === 'string' ? document : JSON.stringify(document), root, now);
  return result.ok ? 'ok' : result.code;
}

const signed = await sign(await build(), 'a');
const one = await rootOf(1);
const two = await rootOf(2);
const both = await sign(signed, 'b');
const other = await sign(await build({ tenants: ['acme'] }), 'a');

describe('a sound bundle', () => {
  it('verifies and opens', async () => {
    const opened = await openBundle(JSON.stringify(signed), one, NOW);
    expect(opened).toMatchObject({ ok: true, bundle: { key_ids: ['a'] }, policy: { version: 3 } });
    if (opened.ok) expect(opened.policy.snapshot).toBe(opened.bundle.snapshot);
  });

  it('has the same snapshot however it is written, and another for any other content', async () => {
    const snapshot = async (document: BundleDocument): Promise<string> => {
      const verified = await verifyBundle(JSON.stringify(document, null, 2), one, NOW);
      return verified.ok ? verified.bundle.snapshot : verified.code;
    };
    expect(await snapshot(both)).toBe(await snapshot(signed));
    expect(await snapshot(other)).not.toBe(await snapshot(signed));
  });

  it('counts distinct keys up to the threshold', async () => {
    expect(await codeOf(both, two)).toBe('ok');
    expect(await codeOf(await sign(signed, 'stranger', SEEDS.stranger), one)).toBe('ok');
  });
});

function altered(change: (document: BundleDocument) => unknown): unknown {
  return change(structuredClone(signed));
}
const table: readonly (readonly [string, BundleFault, unknown, TrustRoot?, string?])[] = [
  ['signature removed', 'bundle_unsigned', altered((d) => ({ ...d, signatures: [] }))],
  [
    'key id removed',
    'bundle_malformed',
    altered((d) => ({ ...d, signatures: [{ signature: d.signatures[0]!.signature }] })),
  ],
  ['signed by a stranger', 'bundle_threshold_unmet', await sign(await build(), 'stranger', SEEDS.stranger)],
  [
    'signed by a stranger under a known name',
    'bundle_signature_invalid',
    await sign(await build(), 'a', SEEDS.stranger),
  ],
  ['signature of another bundle', 'bundle_signature_invalid', altered((d) => ({ ...d, signatures: other.signatures }))],
  ['one of two signatures', 'bundle_threshold_unmet', signed, two],
  [
    'one signature twice',
    'bundle_threshold_unmet',
    altered((d) => ({ ...d, signatures: [...d.signatures, ...d.signatures] })),
    two,
  ],
  ['version raised', 'bundle_signature_invalid', altered((d) => ({ ...d, manifest: { ...d.manifest, version: 9 } }))],
  [
    'validity stretched',
    'bundle_signature_invalid',
    altered((d) => ({ ...d, manifest: { ...d.manifest, not_after: '2099-01-01T00:00:00Z' } })),
  ],
  [
    'scope widened',
    'bundle_signature_invalid',
    altered((d) => ({ ...d, manifest: { ...d.manifest, scope: { tenants: ['*'] } } })),
  ],
  [
    'file altered',
    'bundle_file_altered',
    altered((d) => ({ ...d, files: { ...d.files, 'policy.yaml': 'default_decision: allow' } })),
  ],
  ['file added', 'bundle_file_unlisted', altered((d) => ({ ...d, files: { ...d.files, 'pools.yaml': 'pools: []' } }))],
  ['file removed', 'bundle_file_missing', altered((d) => ({ ...d, files: { 'policy.yaml': d.files['policy.yaml'] } }))],
  ['field added', 'bundle_malformed', altered((d) => ({ ...d, comment: 'x' }))],
  [
    'path out of the bundle',
    'bundle_malformed',
    altered((d) => ({ ...d, files: { ...d.files, '../policy.yaml': '' } })),
  ],
  ['cut short', 'bundle_malformed', JSON.stringify(signed).slice(0, -10)],
  ['a key twice', 'bundle_malformed', JSON.stringify(signed).replace('"files":', '"files":{},"files":')],
  ['no JSON', 'bundle_malformed', '\u0000'],
  ['not an object', 'bundle_malformed', 'null'],
  ['far too large', 'bundle_too_large', 'x'.repeat(5 * 1024 * 1024)],
  [
    'not yet valid',
    'bundle_not_yet_valid',
    signed,
    await rootOf(1, { not_before: '2020-01-01T00:00:00Z' }),
    '2025-12-31T23:59:59Z',
  ],
  ['expired', 'bundle_expired', signed, await rootOf(1, { not_after: '2030-01-01T00:00:00Z' }), '2027-01-01T00:00:00Z'],
  ['no date', 'bundle_expired', await sign(await build({ not_after: '2026-99-01T00:00:00Z' }), 'a')],
  ['key not yet valid', 'bundle_threshold_unmet', signed, await rootOf(1, { not_before: '2026-07-01T00:00:00Z' })],
  ['key no longer valid', 'bundle_threshold_unmet', signed, await rootOf(1, { not_after: '2026-05-01T00:00:00Z' })],
  ['everybody and somebody', 'bundle_scope_invalid', await sign(await build({ tenants: ['*', 'default'] }), 'a')],
];

describe('attacks', () => {
  it.each(table.map(([name, code, ...rest]) => ({ name, code, rest })))('$name → $code', async ({ code, rest }) => {
    const [document, root = one, now = NOW] = rest;
    expect(await codeOf(document, root, now)).toBe(code);
  });

  it('valid but does not compile', async () => {
    const broken = await build();
    const text = 'rules: nonsense';
    const digest = Buffer.from(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text))).toString('hex');
    const files = { 'policy.yaml': text };
    const manifest = { ...broken.manifest, files: [{ path: 'policy.yaml', sha256: digest }] };
    const document = await sign({ manifest, files, signatures: [] }, 'a');
    expect(await openBundle(JSON.stringify(document), one, NOW)).toMatchObject({
      ok: false,
      code: 'bundle_does_not_compile',
    });
  });

  it('builds nothing that does not compile', async () => {
    const options = { version: 1, tenants: ['*'], ...ALWAYS };
    expect(await buildBundle({ 'policy.yaml': 'rules: nonsense' }, options)).toMatchObject({ ok: false });
  });
});

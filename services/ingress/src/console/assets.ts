/** The console's files, read once at start and served under a name that their content gives: a browser keeps them for good. */
import { hash } from 'node:crypto';
import { importMap, servedFiles } from '@countersign/console/served-files';
import { compressed, readModule } from '@countersign/platform/read-module';
import type { Hono } from 'hono';
import type { Assets } from './page.ts';

const HEADERS = {
  'cache-control': 'public, max-age=31536000, immutable',
  'x-content-type-options': 'nosniff',
  'cross-origin-resource-policy': 'same-origin',
  vary: 'accept-encoding',
};

type File = { text: string; zipped: Uint8Array<ArrayBuffer> };

/** Read when it is asked for first: a service that nobody looks at with a browser reads nothing. */
export function serveAssets(app: Hono): () => Assets {
  let read: { assets: Assets; files: ReadonlyMap<string, File> } | null = null;
  const all = () => (read ??= readAll());
  app.get('/console/files/:version/:path{.+}', (c) => {
    const { assets, files } = all();
    const { version, path } = c.req.param();
    const file = assets.base === baseOf(version) ? files.get(path) : undefined;
    if (file === undefined) return c.notFound();
    const headers = { ...HEADERS, 'content-type': `${typeOf(path)}; charset=utf-8` };
    if (!/\bgzip\b/.test(c.req.header('accept-encoding') ?? '')) return c.body(file.text, 200, headers);
    return c.body(file.zipped, 200, { ...headers, 'content-encoding': 'gzip' });
  });
  return () => all().assets;
}

function typeOf(path: string): string {
  if (path.endsWith('.css')) return 'text/css';
  return path.endsWith('.svg') ? 'image/svg+xml' : 'text/javascript';
}

function readAll() {
  const files = new Map(
    servedFiles().map(({ path, url }) => {
      const text = readModule(url);
      return [path, { text, zipped: compressed(text) }];
    }),
  );
  const version = hash('sha256', [...files].map(([path, { text }]) => `${path}\0${text}\0`).join(''), 'hex').slice(
    0,
    16,
  );
  return { assets: { base: baseOf(version), import_map: importMap(baseOf(version)) }, files };
}

function baseOf(version: string): string {
  return `/console/files/${version}/`;
}

/** Finds the project's own files. What is installed, built or kept between runs is not the project's. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const PROJECT = join(dirname(fileURLToPath(import.meta.url)), '../../..');

const NOT_OURS = new Set(['node_modules', 'dist', 'coverage', '.git', '.dev', '.cache']);

/** What the documents show is compiled in folders that another test makes and takes away. */
const PASSING = /^\.readme-/;

type Manifest = {
  name: string;
  dependencies?: Record<string, string>;
  devDependencies?: Record<string, string>;
  peerDependencies?: Record<string, string>;
  peerDependenciesMeta?: Record<string, { optional?: boolean }>;
};

/** Paths from the project's root, with `/`, in order. */
export function listFiles(folder: string, wanted: RegExp): string[] {
  const found: string[] = [];
  for (const entry of readdirSync(join(PROJECT, folder), { withFileTypes: true })) {
    const path = folder === '.' ? entry.name : `${folder}/${entry.name}`;
    if (entry.isDirectory() && !NOT_OURS.has(entry.name) && !PASSING.test(entry.name))
      found.push(...listFiles(path, wanted));
    else if (entry.isFile() && wanted.test(entry.name)) found.push(path);
  }
  return found.sort();
}

export function readText(path: string): string {
  return readFileSync(join(PROJECT, path), 'utf8');
}

export function readManifest(folder: string): Manifest {
  return JSON.parse(readText(`${folder}/package.json`)) as Manifest;
}

/**
 * Read-mes of the packages that this repository installs: honest text of several hundred other people, none of it taught.
 * Which there are depends on the lock file alone.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs';

const STORE = new URL('../../../node_modules/.pnpm/', import.meta.url);
const README = /^readme(?:\.(?:md|markdown|txt))?$/i;

/** Each text once, in order of the packages' names. */
export function readmes(): string[] {
  const texts = new Set<string>();
  for (const folder of readdirSync(STORE).sort()) {
    const modules = new URL(`${folder}/node_modules/`, STORE);
    for (const file of filesIn(modules)) texts.add(readFileSync(file, 'utf8'));
  }
  return [...texts].filter((text) => text.trim() !== '');
}

/** What stands between empty lines. */
export function paragraphsOf(text: string): string[] {
  return text.split(/\n\s*\n/).filter((paragraph) => paragraph.trim() !== '');
}

/** Of the packages right in the folder; the others are links to folders of their own. */
function filesIn(modules: URL): URL[] {
  return listed(modules)
    .flatMap((name) =>
      name.startsWith('@') ? listed(new URL(`${name}/`, modules)).map((one) => `${name}/${one}`) : name,
    )
    .flatMap((name) => {
      const folder = new URL(`${name}/`, modules);
      return listed(folder)
        .filter((file) => README.test(file))
        .map((file) => new URL(file, folder));
    })
    .filter((file) => statSync(file).isFile());
}

function listed(folder: URL): string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    return [];
  }
}

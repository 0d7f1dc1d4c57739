/**
 * Reads a source that is served as it stands, TypeScript without its types: Node blanks them out in place, so that what a browser
 * runs is what stands in the file. Comments are left out; they are for readers of the source.
 */
import { readFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

/** `url` of a file. Throws what reading and stripping throw. */
export function readModule(url: string): string {
  const source = readFileSync(fileURLToPath(url), 'utf8');
  if (/\.(css|svg)$/.test(url)) return source;
  return withoutComments(url.endsWith('.ts') ? stripTypes(source) : source);
}

/** As a browser takes it (RFC 9110, section 8.4.1.3). */
export function compressed(text: string): Uint8Array<ArrayBuffer> {
  return gzipSync(text, { level: 9 });
}

/** Those that have lines of their own and those that end one, where no string can stand; licences (`/*!`) stay, a map of the source goes. */
function withoutComments(source: string): string {
  return source
    .replaceAll(/^[ \t]*\/\*\*[\s\S]*?\*\/[ \t]*$/gm, '')
    .replaceAll(/^[ \t]*\/\/.*$/gm, '')
    .replaceAll(/[ \t]+\/\/ [^'"`\n]*$/gm, '')
    .replaceAll(/\n\s*\n/g, '\n');
}

/** Without what Node blanked out: what it left stands as it stood. Lines stay lines. Node says once for each process that this may change; whoever runs a service cannot act on that. */
function stripTypes(source: string): string {
  const warn = process.emitWarning;
  process.emitWarning = () => {};
  try {
    const blanked = stripTypeScriptTypes(source);
    return blanked.replaceAll(/ /g, (blank, at: number) => (source[at] === blank ? blank : ''));
  } finally {
    process.emitWarning = warn;
  }
}

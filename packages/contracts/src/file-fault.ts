/** What the operating system refuses of a file that somebody named, in words: one sentence for every program that reads files. */
const SAYS: Readonly<Record<string, string>> = {
  EACCES: 'may not be read by you',
  EISDIR: 'is a folder, not a file',
  EEXIST: 'exists already; it is not overwritten',
};

/** `code` as Node throws it: `ENOENT`. */
export function tellFileFault(path: string, code = 'unknown'): string {
  if (code === 'ENOENT' || code === 'ENOTDIR') return `the file ${path} does not exist`;
  return `${path} ${SAYS[code] ?? `cannot be used (${code})`}`;
}

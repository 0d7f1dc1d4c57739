/** What a program that a test starts has of this process: where tools are, and what Node has compiled before. No setting. */
const { PATH = '', NODE_COMPILE_CACHE } = process.env;

export const SHELL_ENV: Readonly<Record<string, string>> = {
  PATH,
  // Half of a short command's time is compiling (infra/bootstrap.mjs).
  ...(NODE_COMPILE_CACHE ? { NODE_COMPILE_CACHE } : {}),
};

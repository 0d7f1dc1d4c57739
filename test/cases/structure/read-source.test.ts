/** The rules of this folder are worth what the reader sees: here it is shown every way of hiding from it. */
import { describe, expect, test } from 'vitest';
import { parseSource } from './read-source.ts';

function read(text: string) {
  return parseSource('some/file.ts', text);
}

function importsOf(text: string) {
  return read(text).imports.map(({ specifier }) => specifier);
}

function usesOf(text: string) {
  return read(text).uses.map(({ name }) => name);
}

describe('an import is seen', () => {
  test.each([
    ["import { a } from 'x';", 'x'],
    ["import a from 'x';", 'x'],
    ["import * as a from 'x';", 'x'],
    ["import 'x';", 'x'],
    ["import type { A } from 'x';", 'x'],
    ["import {\n  a,\n  type B,\n} from 'x';", 'x'],
    ["export { a } from 'x';", 'x'],
    ["export * from 'x';", 'x'],
    ["const a = await import('x');", 'x'],
    ['const a = await import(`x`);', 'x'],
    ["type A = import('x').A;", 'x'],
    ["const a = await import('x' + b);", '(computed)'],
  ])('%s', (text, specifier) => {
    expect(importsOf(text)).toEqual([specifier]);
  });

  test.each(["// import { a } from 'x';", "/* import 'x' */", 'const a = "import { b } from \'x\'";'])(
    'and this is none: %s',
    (text) => {
      expect(importsOf(text)).toEqual([]);
    },
  );

  test('with the names it takes', () => {
    expect(read("import { createHash, randomBytes as dice } from 'node:crypto';").imports[0]?.names).toEqual([
      'createHash',
      'randomBytes',
    ]);
    expect(read("import * as crypto from 'node:crypto';").imports[0]?.names).toEqual(['*']);
    expect(read("import crypto from 'node:crypto';").imports[0]?.names).toEqual(['*']);
  });
});

describe('a use is seen', () => {
  test.each([
    ['const a = Date.now();', 'Date.now'],
    ['const a = Date?.now();', 'Date.now'],
    ["const a = Date['now']();", 'Date.now'],
    ['const a = new Date();', 'new Date()'],
    ['const a = Math.random;', 'Math.random'],
    ['const { env } = process;', 'process'],
    ['const a = process.env.HOME;', 'process.env.HOME'],
    ['const a = process[key];', 'process.*'],
    ['const a = { process };', 'process'],
    ['const a = (): number => performance.now();', 'performance.now'],
    ['const a = `$' + '{Math.random()}`;', 'Math.random'],
  ])('%s', (text, name) => {
    expect(usesOf(text)).toContain(name);
  });

  test.each([
    ['const a = new Date(text);', 'new Date()'],
    ['const a = { process: 1 };', 'process'],
    ['const a = step.process;', 'process'],
    ["const a = 'Math.random()';", 'Math.random'],
    ['// Date.now()', 'Date.now'],
  ])('and this is none: %s', (text, name) => {
    expect(usesOf(text)).not.toContain(name);
  });
});

test('lines are counted from one, and a function counts its own lines only', () => {
  const { functions, imports } = read("\nimport 'x';\nconst a = () => {\n  b(() => {\n    c();\n  });\n};\n");
  expect(imports[0]?.line).toBe(2);
  expect(functions).toEqual([
    { line: 3, lines: 3 },
    { line: 4, lines: 3 },
  ]);
});

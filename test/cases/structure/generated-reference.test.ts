/** docs/reference says what the code says, today. `npm run docs` writes it anew. */
import { describe, expect, test } from 'vitest';
import { REFERENCE_FOLDER, renderReference } from '../../reference/render-reference.ts';
import { listFiles, readText } from './project-files.ts';

const rendered = renderReference();

describe('generated pages', () => {
  test.each(Object.entries(rendered))('%s is up to date', (name, text) => {
    expect(readText(`${REFERENCE_FOLDER}/${name}`)).toBe(text);
  });

  test('are all there is in their folder', () => {
    const names = Object.keys(rendered).map((name) => `${REFERENCE_FOLDER}/${name}`);
    expect(listFiles(REFERENCE_FOLDER, /./)).toEqual(names.sort());
  });

  test('say of every limit, setting, metric and code what it is', () => {
    const unsaid = Object.entries(rendered).flatMap(([name, text]) =>
      text
        .split('\n')
        .filter((line) => line.endsWith('|  |'))
        .map((line) => `${name}: ${line}`),
    );
    expect(unsaid).toEqual([]);
  });
});

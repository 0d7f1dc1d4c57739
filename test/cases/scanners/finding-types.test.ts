import { FINDING_TYPES } from '@countersign/scanners/finding-types';
import { describe, expect, it } from 'vitest';
import { listFiles, readText } from '../structure/project-files.ts';

/** A policy may name every type of the table, so each has to be something that a detector reports. */
describe('finding types', () => {
  const detectors = listFiles('packages/scanners/src', /\.ts$/)
    .filter((path) => !path.endsWith('finding-types.ts'))
    .map(readText)
    .join('\n');

  it.each(FINDING_TYPES)('$type is reported by a detector', ({ type }) => {
    expect(detectors).toContain(`'${type}'`);
  });
});

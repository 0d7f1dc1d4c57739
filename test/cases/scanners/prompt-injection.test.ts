import { SCANNER_NAMES, scanValue } from '@countersign/scanners/scan';
import { describe, expect, it } from 'vitest';
import { BENIGN } from './corpus-benign.ts';
import { HOSTILE } from './corpus-hostile.ts';

function findingsOf(value: unknown, scanners = SCANNER_NAMES) {
  const result = scanValue(value, scanners);
  if (!result.ok) throw new Error(result.code);
  return result.findings;
}

describe('prompt injection', () => {
  it.each(HOSTILE)('finds %s in %j', (type, text) => {
    expect(findingsOf({ prompt: text }, ['prompt_injection']).map((f) => f.type)).toContain(type);
  });

  it.each(HOSTILE)('finds %s in %j inside a long honest ticket', (type, text) => {
    const ticket = `${BENIGN.slice(0, 9).join('\n')}\n${text}\n${BENIGN.slice(30, 40).join('\n')}`;
    expect(findingsOf({ prompt: ticket }, ['prompt_injection']).map((f) => f.type)).toContain(type);
  });

  it.each(BENIGN)('lets pass %j', (text) => {
    expect(findingsOf(text).filter(({ severity }) => severity !== 'low')).toEqual([]);
  });

  it('holds corpora of the promised size', () => {
    expect(BENIGN.length).toBeGreaterThanOrEqual(60);
    expect(HOSTILE.length).toBeGreaterThanOrEqual(60);
  });

  it('reports a destructive command that is only mentioned as low', () => {
    expect(findingsOf('rm -rf /')).toMatchObject([
      { scanner: 'prompt_injection', type: 'destructive_command', place: '', count: 1, severity: 'low' },
    ]);
  });
});

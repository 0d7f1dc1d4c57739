/**
 * Attacks and honest texts of many kinds and 15 languages, written before any detector was changed for them. The half
 * whose digest is even may be looked at and taught (`tune`); the other is scored once and never read (`held`).
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Sample } from '../sample.ts';

export type Half = 'tune' | 'held';

export function wideAttacks(half: Half): Sample[] {
  return readHalf('attacks.txt', half);
}

export function wideProse(half: Half): Sample[] {
  return readHalf('honest.txt', half);
}

function readHalf(file: string, half: Half): Sample[] {
  return readKinds(new URL(file, import.meta.url), (line) => halfOf(line) === half);
}

/** One sample a line, `\n` for a line break; a line `# kind` names the kind of all below it. JSON is scanned as such. */
export function readKinds(file: URL, isMeant: (line: string) => boolean = () => true): Sample[] {
  const samples: Sample[] = [];
  let kind = '';
  for (const line of readFileSync(file, 'utf8').split('\n')) {
    const heading = /^# ([A-Za-z, -]+)$/.exec(line);
    if (heading !== null) kind = heading[1] as string;
    else if (line !== '' && isMeant(line)) samples.push({ kind, value: readValue(line) });
  }
  return samples;
}

/** Of a line as it is written. */
export function halfOf(line: string): Half {
  return (createHash('sha256').update(line).digest()[0] as number) % 2 === 0 ? 'tune' : 'held';
}

function readValue(line: string): unknown {
  const text = line.replaceAll('\\n', '\n');
  if (!text.startsWith('{"')) return { text };
  try {
    return JSON.parse(text);
  } catch {
    return { text };
  }
}

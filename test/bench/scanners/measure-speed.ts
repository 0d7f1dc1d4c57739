/** Megabytes a second of process time on records of 64 KB, beside a plain loop of forty expressions and secretlint. */
import { loadavg } from 'node:os';
import { SCANNER_NAMES, scanValue } from '@countersign/scanners/scan';
import { lintSource } from '@secretlint/core';
import { creator as preset } from '@secretlint/secretlint-rule-preset-recommend';
import { forty } from './forty-expressions.ts';
import { records } from './records.ts';

const WARM_UP = 4;
const ROUNDS = 15;
const LOOP = 'a plain loop of forty expressions';

type Contender = { name: string; scan: (text: string) => unknown };
const config = { rules: [{ id: '@secretlint/secretlint-rule-preset-recommend', rule: preset, options: {} }] };
const CONTENDERS: readonly Contender[] = [
  { name: 'all three scanners', scan: (text) => scanValue({ text }, SCANNER_NAMES) },
  ...SCANNER_NAMES.map((scanner) => ({ name: scanner, scan: (text: string) => scanValue({ text }, [scanner]) })),
  { name: LOOP, scan: forty },
  {
    name: 'secretlint, recommended preset',
    scan: (content) =>
      lintSource({
        source: { filePath: '/record.txt', content, contentType: 'text', ext: '.txt' },
        options: { config: config as never, noPhysicFilePath: true },
      }),
  },
];

/**
 * Medians of rounds in which every contender reads every record in turn, so that other work on the machine slows all of
 * them alike. The last column compares with the plain loop of the same rounds.
 */
export async function measureSpeed(say: (text: string) => void): Promise<void> {
  const kinds = records();
  const times = new Map<string, number[][]>(CONTENDERS.map(({ name }) => [name, kinds.map(() => [])]));
  for (let round = -WARM_UP; round < ROUNDS; round += 1) {
    for (const { name, scan } of CONTENDERS) {
      for (const [i, { text }] of kinds.entries()) {
        const before = cpuMs();
        await scan(text);
        if (round >= 0) times.get(name)![i]!.push(cpuMs() - before);
      }
    }
  }
  const totals = new Map([...times].map(([name, ofKinds]) => [name, sum(ofKinds.map(median))]));
  const bytes = sum(kinds.map(({ text }) => text.length));
  const [load] = loadavg();
  say(
    `speed on records of 64 KB, MB/s of process time, median of ${ROUNDS} rounds, load average ${load!.toFixed(1)}: ${kinds.map(({ name }) => name).join(', ')}; times the loop`,
  );
  for (const [name, ofKinds] of times) {
    const rates = ofKinds.map((ms, i) => (kinds[i]!.text.length / median(ms) / 1000).toFixed(1));
    const total = totals.get(name)!;
    say(
      `  ${name.padEnd(36)} ${(bytes / total / 1000).toFixed(1).padStart(7)}   ${rates.join(', ')}; ${(totals.get(LOOP)! / total).toFixed(2)}`,
    );
  }
}

function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((all, one) => all + one, 0);
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[numbers.length >> 1]!;
}

/** Megabytes a second of process time on records of 64 KB, beside a plain loop of forty expressions and secretlint. */
import { SCANNER_NAMES, scanValue } from '@countersign/scanners/scan';
import { lintSource } from '@secretlint/core';
import { creator as preset } from '@secretlint/secretlint-rule-preset-recommend';
import { forty } from './forty-expressions.ts';
import { records } from './records.ts';

const ROUNDS = 12;
const cpuMs = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};

type Contender = { name: string; scan: (text: string) => unknown };
const config = { rules: [{ id: '@secretlint/secretlint-rule-preset-recommend', rule: preset, options: {} }] };
const CONTENDERS: readonly Contender[] = [
  { name: 'all three scanners', scan: (text) => scanValue({ text }, SCANNER_NAMES) },
  ...SCANNER_NAMES.map((scanner) => ({ name: scanner, scan: (text: string) => scanValue({ text }, [scanner]) })),
  { name: 'a plain loop of forty expressions', scan: forty },
  {
    name: 'secretlint, recommended preset',
    scan: (content) =>
      lintSource({
        source: { filePath: '/record.txt', content, contentType: 'text', ext: '.txt' },
        options: { config: config as never, noPhysicFilePath: true },
      }),
  },
];

/** The best of some rounds, because other work on the machine only ever makes one slower. */
export async function measureSpeed(say: (text: string) => void): Promise<void> {
  const kinds = records();
  say(
    `speed on records of 64 KB, MB/s of process time, best of ${ROUNDS}: ${kinds.map(({ name }) => name).join(', ')}`,
  );
  for (const { name, scan } of CONTENDERS) {
    const rates: number[] = [];
    let total = 0;
    let bytes = 0;
    for (const { text } of kinds) {
      let best = Number.POSITIVE_INFINITY;
      for (let round = 0; round < ROUNDS; round += 1) {
        const before = cpuMs();
        await scan(text);
        best = Math.min(best, cpuMs() - before);
      }
      rates.push(text.length / best / 1000);
      total += best;
      bytes += text.length;
    }
    say(
      `  ${name.padEnd(36)} ${(bytes / total / 1000).toFixed(1).padStart(7)}   ${rates.map((rate) => rate.toFixed(1)).join(', ')}`,
    );
  }
}

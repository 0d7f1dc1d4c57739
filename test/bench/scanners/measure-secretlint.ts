/** What secretlint's recommended preset finds of the same secrets and look-alikes, each written as text. */
import { lintSource } from '@secretlint/core';
import { creator as preset } from '@secretlint/secretlint-rule-preset-recommend';
import { CORPORA } from './corpora.ts';
import { wilson } from './measure-detection.ts';

const config = { rules: [{ id: '@secretlint/secretlint-rule-preset-recommend', rule: preset, options: {} }] };

export async function measureSecretlint(say: (text: string) => void): Promise<void> {
  for (const { name, make, held_out } of CORPORA.filter(({ scanner, held_out }) => scanner === 'secrets' && held_out)) {
    const samples = make();
    let found = 0;
    for (const { value } of samples) {
      const content = typeof value === 'string' ? value : JSON.stringify(value);
      const result = await lintSource({
        source: { filePath: '/sample.txt', content, contentType: 'text', ext: '.txt' },
        options: { config: config as never, noPhysicFilePath: true },
      });
      if (result.messages.length > 0) found += 1;
    }
    const { low, high } = wilson(found, samples.length);
    const percent = (part: number): string => `${(part * 100).toFixed(1)} %`;
    say(
      `secretlint, ${held_out ? 'held out' : 'development'}: ${name}: ${percent(found / samples.length)} [${percent(low)}, ${percent(high)}]`,
    );
  }
}

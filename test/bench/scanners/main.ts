/**
 * `npm run bench:scanners`: precision, recall and speed on corpora made from seeds, beside secretlint and a plain loop in
 * one run. `--kinds` lists the misses by kind, `--development` those of the development corpora alone, `--detection`
 * leaves out speed.
 */
import { measureOwnRules } from './measure-own-rules.ts';
import { measureSecretlint } from './measure-secretlint.ts';
import { measureSpeed } from './measure-speed.ts';
import { measureWorst } from './measure-worst.ts';
import { reportDetection, reportEvasions } from './report-detection.ts';

function say(text: string): void {
  void process.stdout.write(`${text}\n`);
}

function has(flag: string): boolean {
  return process.argv.includes(flag);
}
reportDetection(say, (heldOut) => has('--kinds') || (!heldOut && has('--development')));
reportEvasions(say);
if (!has('--detection')) {
  await measureSecretlint(say);
  await measureSpeed(say);
  measureOwnRules(say);
  measureWorst(say);
}

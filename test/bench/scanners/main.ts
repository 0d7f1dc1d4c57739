/** `npm run bench:scanners`: precision, recall and speed on corpora made from seeds. `--kinds` lists the misses by kind. */
import { reportDetection, reportEvasions } from './report-detection.ts';

const say = (text: string): void => void process.stdout.write(`${text}\n`);
const all = process.argv.includes('--kinds');
reportDetection(say, (heldOut) => all || (!heldOut && process.argv.includes('--development')));
reportEvasions(say);

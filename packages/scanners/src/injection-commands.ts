/** Commands that destroy or fetch and run, by the literal that each begins with; and statements glued to someone's quote. */
import type { Emit } from './emit.ts';

type Command = readonly [anchor: string, pattern: RegExp];

// Each is tried where its anchor begins. Only roots, homes and wildcards: builds remove their own folders all day.
const COMMANDS: readonly Command[] = [
  ['drop ', /drop\s{1,3}(?:table|database|schema)\b/iy],
  ['truncate', /truncate\s{1,3}table\b/iy],
  ['delete from', /delete\s{1,3}from\s{1,3}(?:users|customers|accounts|orders)\b/iy],
  [
    'rm -',
    /rm\s{1,3}(?:-[a-z-]{1,24}\s{1,3}){1,3}["']?(?:\/(?=[\s"';*]|$|\*|etc|home|usr|var|bin|root|srv|data)|~|\*|\.\.|\$|[a-z]:)/iy,
  ],
  ['mkfs', /mkfs\b/iy],
  ['shutdown', /shutdown\s{1,2}[-/]h\b/iy],
  ['kubectl delete', /kubectl\s{1,2}delete\s{1,2}(?:ns|namespace)\b/iy],
  ['terraform destroy', /terraform\s{1,2}destroy\b/iy],
  ['git push', /git\s{1,2}push\s{1,2}(?:--force|-f)\b/iy],
  ['xp_cmdshell', /xp_cmdshell\b/iy],
  ['format c', /format\s{1,2}c:/iy],
  ['flushall', /flushall\b/iy],
  ['chmod', /chmod\s{1,2}(?:-R\s{1,2})?777\b/iy],
  ['del /', /del\s{1,2}\/[fs]\s{1,2}\/[sfq]\b/iy],
  ['curl', /curl\b[^\n|;]{1,160}\|\s{0,3}(?:sudo\s{1,2})?(?:(?:ba|z)?sh|python3?)\b/iy],
  ['wget', /wget\b[^\n|;]{1,200}\|\s{0,3}(?:sudo\s{1,2})?(?:ba|z)?sh\b/iy],
  ['iwr', /iwr\b[^\n|;]{1,200}\|\s{0,3}iex\b/iy],
  ['os.remove', /os\.(?:remove|system|rmdir)\(/iy],
  ['shutil.rmtree', /shutil\.rmtree\(/iy],
  [':(){', /:\(\)\{ ?:\|:& ?\};:/y],
];
export const COMMAND_ANCHORS: readonly string[] = COMMANDS.map(([anchor]) => anchor);

const TELLS_TO_RUN =
  /\b(?:run|execute|perform|invoke|launch|type|use|call|paste|following (?:command|code|query|sql)|this (?:command|query|sql)|these commands|immediately|instead|then|fuhre|starte|ausfuhren|ejecuta|ejecute|lance|executez|esegui|execute)\b[^.!?]{0,56}$/i;
// A quote that closes someone else's statement, then another statement.
const GLUED = /['"]\s{0,2}\)?\s{0,2};\s{0,3}$/;

/** Reports the command whose anchor ends at `end`: told to be run, or only mentioned. */
export function detectCommand(text: string, index: number, end: number, emit: Emit): void {
  const [anchor, pattern] = COMMANDS[index]!;
  const start = end - anchor.length;
  if (/[A-Za-z0-9_-]/.test(text[start - 1] ?? '')) return;
  pattern.lastIndex = start;
  const found = pattern.exec(text);
  if (found === null) return;
  const before = text.slice(Math.max(0, start - 80), start);
  if (GLUED.test(before) || TELLS_TO_RUN.test(before))
    emit('command_smuggling', start, start + found[0].length, { why: 'told to run' });
  else emit('destructive_command', start, start + found[0].length, { why: 'mentioned' });
}

/** What two hundred own rules cost, in the style of a public gitleaks configuration: 150 by name, 50 by prefix, a general one. */
import { LIMITS } from '@countersign/contracts/limits';
import { compilePolicy } from '@countersign/policy/compile-policy';
import { SCANNER_NAMES, scanValue } from '@countersign/scanners/scan';
import type { ScanLimits } from '@countersign/scanners/scan-limits';

const ASSIGNED = `(?:[ \\t\\w.-]{0,20})[\\s'"]{0,3}(?:=|>|:{1,3}=|\\|\\||:|=>|\\?=|,)[\\x60'"\\s=]{0,5}`;
const END = `(?:[\\x60'"\\s;]|\\\\[nr]|$)`;

const NAMES = ['access', 'api', 'auth', 'key', 'credential', 'creds', 'passwd', 'password', 'secret', 'token'];
const RULES = [
  ...Array.from({ length: 150 }, (_, i) =>
    rule(`vendor-${i}`, `(?i)[\\w.-]{0,50}?(?:vendor${i})${ASSIGNED}([a-f0-9]{32})${END}`, [`vendor${i}`]),
  ),
  ...Array.from({ length: 50 }, (_, i) => rule(`prefix-${i}`, `\\b(px${i}_[a-z0-9]{36})${END}`, [`px${i}_`])),
  rule('general', `(?i)[\\w.-]{0,50}?(?:${NAMES.join('|')})${ASSIGNED}([\\w.=-]{10,150})${END}`, NAMES),
];

const orders = Array.from({ length: 400 }, (_, id) => ({ id, name: `order ${id}`, api: 'v2', key: `k${id}` }));
const TEXTS: readonly (readonly [string, unknown])[] = [
  ['prose, 2 KB', filled('The review shows that orders grew, and nobody expected it. ', 2_048)],
  ['prose, 64 KB', filled('The review shows that orders grew, and nobody expected it. ', 65_536)],
  ['JSON that names keys, 20 KB', orders],
  ['text that nearly matches, 64 KB', filled(`vendor7.${'a'.repeat(50)} = "0123456789abcdef0123456789abcde" `, 65_536)],
  [
    'text that nearly matches, 512 KB',
    filled(`vendor7.${'a'.repeat(50)} = "0123456789abcdef0123456789abcde" `, 524_288),
  ],
];

export function measureOwnRules(say: (text: string) => void): void {
  const started = cpuMs();
  const files = {
    'policy.yaml': 'version: 1',
    'scanners.yaml': 'gitleaks: [{ file: g.toml }]',
    'g.toml': RULES.join('\n'),
  };
  const compiled = compilePolicy(files, { snapshot: 'bench' });
  if (!compiled.ok) throw new Error('the rules do not compile');
  const { own } = compiled.policy.scanning;
  say(
    `\n${RULES.length} own rules, compiled in ${(cpuMs() - started).toFixed(0)} ms; best of eight scans, ms of processor time`,
  );
  for (const [name, value] of TEXTS) {
    const here = scanValue(value, SCANNER_NAMES, { own, max_rule_work: LIMITS.inline_rule_work });
    const [without, withRules] = [bestMs(value, {}), bestMs(value, { own })];
    say(
      `${name}: ${without.toFixed(1)} without, ${withRules.toFixed(1)} with, ${here.ok ? 'where it is decided' : 'apart'}`,
    );
  }
}

function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}

function bestMs(value: unknown, limits: Partial<ScanLimits>): number {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 8; round += 1) {
    const started = cpuMs();
    scanValue(value, SCANNER_NAMES, limits);
    best = Math.min(best, cpuMs() - started);
  }
  return best;
}

function rule(id: string, regex: string, keywords: readonly string[]): string {
  return `[[rules]]\nid = "${id}"\nregex = '''${regex}'''\nentropy = 3\nkeywords = ${JSON.stringify(keywords)}\n`;
}

function filled(piece: string, length: number): string {
  return piece.repeat(Math.ceil(length / piece.length)).slice(0, length);
}

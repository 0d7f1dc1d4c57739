/**
 * Finds credentials: tokens by the forms their vendors publish, private keys, JSON Web Tokens, URLs with passwords, and
 * names such as `password` with a value that looks like one. It reports places only and never keeps what it read.
 */
import type { Hits } from './anchors.ts';
import { NAME_ANCHORS } from './credential-names.ts';
import { AssignmentReader, detectSecretMember, detectUserFlag } from './detect-assignments.ts';
import { detectConnectionString, detectJwt, detectPrivateKey } from './detect-keys.ts';
import { detectShapedToken, detectToken, NEEDLES } from './detect-tokens.ts';
import type { Context, Emit } from './emit.ts';
import { OPEN, SHAPED_TOKENS } from './secret-providers.ts';

const MAX_READ_AGAIN = 1;

const PEM = ['-----begin ', 'putty-user-key-file-'];
const FLAGS = [' -u', '--user', '--proxy-user', '"-u', "'-u", '\n-u', ' -p', ' -a', ' -w'];
const URL = ['://'];
const JWT = ['eyj'];

/** Every literal that a secret is found by; `detectSecrets` is told which of them ended where. */
export const SECRET_ANCHORS: readonly string[] = [
  ...NEEDLES.map(({ prefix }) => prefix.toLowerCase()),
  ...SHAPED_TOKENS.map(({ anchor }) => anchor),
  ...NAME_ANCHORS,
  ...PEM,
  ...FLAGS,
  ...URL,
  ...JWT,
];
const SHAPED = NEEDLES.length;
const NAMES = SHAPED + SHAPED_TOKENS.length;
const PEMS = NAMES + NAME_ANCHORS.length;
const FLAGGED = PEMS + PEM.length;
const URLS = FLAGGED + FLAGS.length;
const JWTS = URLS + URL.length;

/** Reports credentials in a text whose anchors were found before; `hits` may hold those of other detectors behind them. */
export function detectSecrets(text: string, hits: Hits, context: Context, isContinued: boolean, emit: Emit): void {
  if (context.name !== '') detectSecretMember(text, context.name, emit);
  const reader = new AssignmentReader(text, emit);
  if (hits.survey.needsFold) reader.foreign();
  const work = { left: MAX_READ_AGAIN * text.length + OPEN };
  const done = { token: 0, pem: 0, jwt: 0 };
  for (let i = 0; i < hits.anchors.length; i += 1) {
    const anchor = hits.anchors[i]!;
    const end = hits.ends[i]!;
    if (anchor < SHAPED) {
      const needle = NEEDLES[anchor]!;
      if (end - needle.prefix.length < done.token) continue;
      const tokenEnd = detectToken(text, needle, end, work, emit);
      if (tokenEnd !== end) done.token = tokenEnd;
    } else if (anchor < NAMES) detectShapedToken(text, anchor - SHAPED, end, emit);
    else if (anchor < PEMS) reader.nameAt(end);
    else if (anchor < FLAGGED) {
      const start = end - PEM[anchor - PEMS]!.length;
      if (start >= done.pem) done.pem = detectPrivateKey(text, start, isContinued, emit);
    } else if (anchor < URLS) detectUserFlag(text, end, emit);
    else if (anchor < JWTS) detectConnectionString(text, end - 3, emit);
    else if (anchor === JWTS && end - 3 >= done.jwt) done.jwt = detectJwt(text, end - 3, emit);
  }
}

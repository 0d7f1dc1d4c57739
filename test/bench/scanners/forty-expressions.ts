/** What many write first: forty regular expressions, each run over the whole text. */
const EXPRESSIONS: readonly RegExp[] = [
  /AKIA[0-9A-Z]{16}/g,
  /ASIA[0-9A-Z]{16}/g,
  /ghp_[A-Za-z0-9]{36}/g,
  /gho_[A-Za-z0-9]{36}/g,
  /github_pat_\w{22,}/g,
  /glpat-[\w-]{20}/g,
  /xox[baprs]-[\w-]{10,}/g,
  /sk_live_[A-Za-z0-9]{24,}/g,
  /AIza[\w-]{35}/g,
  /ya29\.[\w-]{20,}/g,
  /npm_[A-Za-z0-9]{36}/g,
  /sk-[A-Za-z0-9]{32,}/g,
  /sk-ant-[\w-]{24,}/g,
  /hf_[A-Za-z]{34}/g,
  /SG\.[\w-]{22}\.[\w-]{43}/g,
  /SK[0-9a-f]{32}/g,
  /key-[0-9a-f]{32}/g,
  /dop_v1_[0-9a-f]{64}/g,
  /hvs\.[\w-]{24,}/g,
  /eyJ[\w-]{10,}\.[\w-]{2,}\.[\w-]*/g,
  /-----BEGIN [A-Z ]*PRIVATE KEY-----/g,
  /[a-z][a-z0-9+.-]*:\/\/[^\s:/@]+:[^\s/@]+@/gi,
  /(?:password|passwd|pwd)\s*[:=]\s*["']?[^\s"']{6,}/gi,
  /(?:api[_-]?key|secret|token)\s*[:=]\s*["']?[^\s"']{8,}/gi,
  /bearer\s+[\w.-]{16,}/gi,
  /\b\d{3}-\d{2}-\d{4}\b/g,
  /\b(?:\d[ -]?){13,19}\b/g,
  /\b[A-Z]{2}\d{2}[A-Z0-9]{11,30}\b/g,
  /[\w.+-]+@[\w-]+\.[\w.]+/g,
  /\+\d[\d ()-]{7,}\d/g,
  /\b\d{1,3}(?:\.\d{1,3}){3}\b/g,
  /\b(?:[0-9a-f]{2}:){5}[0-9a-f]{2}\b/gi,
  /ignore (?:all )?(?:previous|prior) instructions/gi,
  /disregard .{0,20}(?:above|previous)/gi,
  /you are now .{0,30}/gi,
  /reveal .{0,20}prompt/gi,
  /system prompt/gi,
  /<\|im_start\|>/g,
  /\[INST\]/g,
  /do anything now/gi,
];

// prettier-ignore

export function forty(text: string): number {
  let found = 0;
  for (const expression of EXPRESSIONS) for (const _ of text.matchAll(expression)) found += 1;
  return found;
}

/**
 * Tokens that say by their form whose they are: one row for each form in use. Adding a provider is adding a row. It
 * holds data only.
 */
import type { FindingTypeName } from './finding-types.ts';
import type { TokenChecksum } from './secret-checksums.ts';

/** The characters that a token's body is made of. */
export const ALPHABETS = {
  digits: /[0-9]/,
  hex: /[0-9a-f]/,
  HEX: /[0-9A-F]/,
  lower: /[a-z0-9]/,
  upper: /[A-Z0-9]/,
  base32: /[A-Z2-7]/,
  alnum: /[A-Za-z0-9]/,
  word: /[A-Za-z0-9_-]/,
  dotted: /[A-Za-z0-9_.-]/,
  base64: /[A-Za-z0-9+/=_-]/,
  pad: /[A-Za-z0-9+/=%]/,
  path: /[A-Za-z0-9_./@-]/,
  bech32: /[QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L]/,
} as const;

/** No upper bound: the token goes on as far as its alphabet does. */
export const OPEN = 4096;

/** Prefixes by spaces; the body's alphabet; its least and greatest length; how it confirms itself, at its least length. */
export type Provider = readonly [
  type: FindingTypeName,
  prefixes: string,
  alphabet: keyof typeof ALPHABETS,
  min: number,
  max: number,
  checksum?: TokenChecksum,
];

export const PROVIDERS: readonly Provider[] = [
  ['countersign_key', 'cs_', 'word', 43, 43],
  ['nats_seed', 'SA SC SN SO SU SX', 'base32', 56, 56, 'crc16_base32'],
  ['aws_key', 'AKIA ASIA ABIA ACCA', 'upper', 16, 16],
  ['aws_key', 'ABSK', 'base64', 100, OPEN],
  ['aws_key', 'bedrock-api-key-', 'base64', 20, OPEN],
  ['github_token', 'ghp_ gho_ ghu_ ghs_ ghr_', 'alnum', 36, OPEN, 'crc32_base62'],
  ['github_token', 'github_pat_', 'word', 22, OPEN],
  [
    'gitlab_token',
    'glpat- gldt- glrt- glrtr- glptt- glcbt- glsoat- gloas- glft- glimt- glagent- glwt- glffct- GR1348941',
    'dotted',
    20,
    OPEN,
  ],
  ['slack_token', 'xoxb- xoxa- xoxp- xoxr- xoxs- xoxc- xoxd- xoxe- xoxe. xapp-', 'dotted', 10, OPEN],
  ['slack_token', 'hooks.slack.com/services/ hooks.slack.com/workflows/ hooks.slack.com/triggers/', 'path', 30, OPEN],
  ['stripe_key', 'sk_live_ sk_test_ rk_live_ rk_test_ sk_prod_ rk_prod_ whsec_', 'base64', 16, OPEN],
  ['npm_token', 'npm_', 'alnum', 36, 36, 'crc32_base62'],
  ['google_key', 'AIza', 'word', 35, 35],
  ['google_key', 'GOCSPX-', 'word', 24, OPEN],
  ['google_key', 'ya29. 1//0', 'dotted', 20, OPEN],
  ['azure_key', 'AccountKey= SharedAccessKey= SharedAccessSignature= AccessKey=', 'pad', 40, OPEN],
  ['model_provider_key', 'sk-ant- sk-proj- sk-svcacct- sk-admin- sk-None-', 'word', 24, OPEN],
  ['model_provider_key', 'sk-or-v1- sk-lf- sk-', 'word', 32, OPEN],
  ['model_provider_key', 'hf_ api_org_', 'alnum', 30, OPEN],
  [
    'model_provider_key',
    'gsk_ xai- pplx- r8_ csk- pcsk_ tvly- fw_ lsv2_pt_ lsv2_sk_ jina_ nvapi- tgp_v1_ zpka_',
    'word',
    32,
    OPEN,
  ],
  [
    'webhook_url',
    'discord.com/api/webhooks/ discordapp.com/api/webhooks/ hooks.zapier.com/hooks/catch/',
    'path',
    16,
    OPEN,
  ],
  [
    'webhook_url',
    'webhook.office.com/webhookb2/ open.feishu.cn/open-apis/bot/v2/hook/ open.larksuite.com/open-apis/bot/v2/hook/',
    'path',
    30,
    OPEN,
  ],
  ['webhook_url', 'hook.eu1.make.com/ hook.us1.make.com/ hook.eu2.make.com/', 'path', 24, OPEN],
  ['vendor_token', 'pypi- dckr_pat_ dckr_oat_', 'word', 24, OPEN],
  ['vendor_token', 'SG.', 'dotted', 60, OPEN],
  ['vendor_token', 'key-', 'hex', 32, 32],
  ['vendor_token', 'hvs. hvb. hvr.', 'word', 24, OPEN],
  ['vendor_token', 'atlasv1.', 'word', 60, OPEN],
  ['vendor_token', 'SK', 'hex', 32, 32],
  ['vendor_token', 'shpat_ shpss_ shpca_ shppa_ shptka_', 'alnum', 32, OPEN],
  ['vendor_token', 'dapi dkea doej', 'hex', 32, 34],
  ['vendor_token', 'dop_v1_ doo_v1_ dor_v1_', 'hex', 64, 64],
  ['vendor_token', 'HRKU-', 'word', 36, OPEN],
  ['vendor_token', 'lin_api_ lin_oauth_', 'alnum', 40, OPEN],
  ['vendor_token', 'ntn_', 'alnum', 40, OPEN],
  ['vendor_token', 'secret_', 'alnum', 43, 43],
  ['vendor_token', 'figd_ figdh_ figu_', 'word', 32, OPEN],
  ['vendor_token', 'ATATT3 ATCTT3 ATBB ATTTT3', 'base64', 24, OPEN],
  ['vendor_token', 'glc_ glsa_', 'base64', 32, OPEN],
  ['vendor_token', 'NRAK- NRIQ- NRRA- NRJS- NRAA-', 'alnum', 19, OPEN],
  ['vendor_token', 'sntrys_ sntryu_ sntryi_ sntrya_', 'base64', 32, OPEN],
  ['vendor_token', 'PMAK-', 'word', 59, OPEN],
  ['vendor_token', 'sq0atp- sq0csp- sq0idp- EAAAE EAAAl', 'word', 22, OPEN],
  ['vendor_token', 'dp.pt. dp.st. dp.ct. dp.sa. dp.scim. dp.audit.', 'dotted', 40, OPEN],
  ['vendor_token', 'tskey-auth- tskey-api- tskey-client- tskey-scim- tskey-webhook-', 'word', 20, OPEN],
  ['vendor_token', 'sbp_ sb_secret_', 'word', 30, OPEN],
  ['vendor_token', 'rubygems_', 'hex', 48, 48],
  ['vendor_token', 'cio', 'alnum', 32, 32],
  ['vendor_token', 'oy2', 'lower', 43, 43],
  ['vendor_token', 'CLOJARS_', 'lower', 60, 60],
  ['vendor_token', 'pscale_tkn_ pscale_pw_ pscale_oauth_', 'dotted', 32, OPEN],
  ['vendor_token', 'pul-', 'hex', 40, 40],
  ['vendor_token', 'AGE-SECRET-KEY-1', 'bech32', 58, 58, 'bech32'],
  ['vendor_token', 'ops_eyJ A3-', 'word', 26, OPEN],
  ['vendor_token', 'LTAI AKID', 'alnum', 16, 36],
  ['vendor_token', 'EZAK EZTK', 'alnum', 54, 54],
  ['vendor_token', 'FLWSECK_TEST- FLWSECK- FLWPUBK_TEST-', 'word', 12, OPEN],
  ['vendor_token', 'rzp_live_ rzp_test_', 'alnum', 14, OPEN],
  ['vendor_token', 'xkeysib- xsmtpsib-', 'word', 64, OPEN],
  ['vendor_token', 'shippo_live_ shippo_test_', 'hex', 40, 40],
  ['vendor_token', 'sgp_ slk_', 'word', 40, OPEN],
  ['vendor_token', 'tfp_ nfp_ nfc_ nfo_ nfu_ vcp_ vci_ vca_ vcr_ vck_', 'word', 24, OPEN],
  [
    'vendor_token',
    'CFPAT- CCIPAT_ CCIPRJ_ bkua_ sqp_ squ_ sqa_ ddp_ ddw_ rnd_ napi_ pnu_ rdme_ ico- dt0c01. dt0s16. dt0s01.',
    'dotted',
    24,
    OPEN,
  ],
  ['vendor_token', 'AKCp', 'alnum', 60, OPEN],
  ['vendor_token', 'cmVmdGtu', 'alnum', 50, OPEN],
  ['vendor_token', 'sha256~', 'word', 43, 43],
  ['vendor_token', 'API-', 'upper', 26, 32],
  ['vendor_token', 'tk-us- tk-eu-', 'word', 40, OPEN],
  ['vendor_token', 'FlyV1_ fo1_ fm1a_ fm1r_ fm2_ fm3_', 'base64', 40, OPEN],
  ['vendor_token', 'access-sandbox- access-production- access-development-', 'word', 36, 36],
  ['vendor_token', 'access_token$production$ access_token$sandbox$', 'alnum', 16, OPEN],
  ['vendor_token', 'aio_', 'alnum', 28, 28],
  ['vendor_token', 'sk.eyJ tk.eyJ', 'dotted', 60, OPEN],
  ['vendor_token', 'live_ test_', 'word', 40, 40],
  ['vendor_token', 're_', 'word', 32, 36],
  ['vendor_token', 'phx_ phs_ phc_', 'alnum', 40, OPEN],
  ['vendor_token', 'EAACEdEose0cBA EAAG EAAC EAAB', 'alnum', 60, OPEN],
  ['vendor_token', 'AAAAAAAAAAAAAAAAAAAAA', 'pad', 60, OPEN],
  ['vendor_token', 'v1.0-', 'hex', 100, OPEN],
  ['vendor_token', 'pat', 'dotted', 79, 79],
  ['vendor_token', 'fio-u- t1.9eu YCAJ', 'word', 24, OPEN],
  ['vendor_token', 'p8e-', 'alnum', 32, 32],
  ['vendor_token', 'amzn.mws.', 'word', 36, 36],
  ['vendor_token', 'sm_pat_ sm_aat_ sm_sat_', 'alnum', 16, OPEN],
  ['vendor_token', 'dnkey-', 'base64', 79, 79],
  ['vendor_token', 's-s4t2ud- s-s4t2af-', 'hex', 64, 64],
  ['vendor_token', 'pat. sat.', 'dotted', 68, 68],
  ['vendor_token', '4b1d', 'alnum', 38, 38],
  ['vendor_token', 'AQVN', 'word', 35, 38],
  ['vendor_token', 'eyJrIjoi', 'base64', 70, OPEN],
  [
    'vendor_token',
    'signkey-prod- signkey-test- duffel_live_ duffel_test_ pi_live_ wh_live_ tr_prod_ tr_dev_ fc-',
    'word',
    32,
    OPEN,
  ],
];

/** A token without a prefix: a literal inside it (lower case), and what stands around the literal. */
export type ShapedToken = {
  readonly type: FindingTypeName;
  readonly anchor: string;
  /** Characters before the literal's end, and after it, that the pattern is tried on. */
  readonly before: number;
  readonly after: number;
  readonly pattern: RegExp;
};

const edge = '(?<![A-Za-z0-9_-])';

export const SHAPED_TOKENS: readonly ShapedToken[] = [
  token('-us', 36, 3, '[0-9a-f]{32}-us[0-9]{1,2}'),
  token(':aa', 14, 36, '[0-9]{8,10}:AA[A-Za-z0-9_-]{33}'),
  token('q~', 8, 40, '[A-Za-z0-9_~.-]{3}[0-9]Q~[A-Za-z0-9_~.-]{31,34}', 'azure_key'),
  token('.atlasv1.', 24, 90, '[A-Za-z0-9]{14}\\.atlasv1\\.[A-Za-z0-9_=-]{60,80}'),
  // Discord: the base64 of a snowflake, a time, a mac. The first begins with one of these.
  ...['mt', 'nd', 'nt', 'nj', 'nz', 'od', 'ot', 'mz', 'my'].map((start) =>
    token(start, 3, 86, '[MNO][A-Za-z0-9_-]{22,27}\\.[A-Za-z0-9_-]{6}\\.[A-Za-z0-9_-]{27,40}'),
  ),
];

function token(anchor: string, before: number, after: number, body: string, type: FindingTypeName = 'vendor_token') {
  return {
    type,
    anchor,
    before,
    after,
    pattern: new RegExp(`${edge}${body}(?![A-Za-z0-9_-])`),
  };
}

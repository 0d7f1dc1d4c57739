/**
 * The closed list of what the scanners can find: one row for each type, from which docs/reference/detectors.md is
 * generated. What honest support tickets are full of (e-mail addresses, phone numbers, quoted commands) is low; which
 * severities count is for a policy's rules to say, and nothing here is a threshold. It never looks at a payload.
 */

import type { OwnTypeName } from '@countersign/contracts/scanner-rules';

/** The three detectors a policy rule can name. */
export type ScannerName = 'pii' | 'secrets' | 'prompt_injection';

/** Every scanner, in the order in which findings of equal rank are reported. */
export const SCANNER_NAMES: readonly ScannerName[] = ['pii', 'secrets', 'prompt_injection'];

/** From harmless alone to never acceptable. */
export type Severity = 'low' | 'medium' | 'high' | 'critical';

/** Rank of a severity, for comparisons: low is 0. */
export const SEVERITY_RANK: Readonly<Record<Severity, number>> = { low: 0, medium: 1, high: 2, critical: 3 };

/** `certain`: arithmetic or a published form confirms it. `likely`: form and surroundings do. `possible`: form alone. */
export type Confidence = 'possible' | 'likely' | 'certain';

/** What confirms a finding: its check digits, its published form, the name it stands under, words around it, signals, a rule, a model. */
export type Basis = 'checksum' | 'format' | 'name' | 'context' | 'signals' | 'rule' | 'model';

const CONFIDENCE: Readonly<Record<Basis, Confidence>> = {
  checksum: 'certain',
  format: 'likely',
  name: 'likely',
  context: 'likely',
  signals: 'possible',
  rule: 'likely',
  model: 'possible',
};

type Row = readonly [type: string, severity: Severity, basis: Basis, describes: string];

const PII = [
  ['us_ssn', 'critical', 'format', 'US social security number with a valid area, group and serial'],
  ['us_itin', 'high', 'format', 'US individual taxpayer number in a valid group'],
  ['payment_card', 'critical', 'checksum', 'Payment card number: issuer range, length and Luhn digit agree'],
  ['iban', 'high', 'checksum', 'Bank account number: country length and mod-97 check agree'],
  ['email', 'low', 'format', 'E-mail address, in any script'],
  ['phone', 'low', 'format', 'Telephone number, international or in the national form of a country asked for'],
  ['ip_address', 'low', 'format', 'IPv4 or IPv6 address'],
  ['mac_address', 'low', 'format', 'Hardware address of a network card'],
  [
    'passport',
    'high',
    'context',
    'Passport number beside the word, or a machine-readable zone with right check digits',
  ],
  ['driving_licence', 'medium', 'context', 'Driving licence number beside the word, or in the United Kingdom form'],
  ['vehicle_id', 'medium', 'context', 'Vehicle identification number: right check digit, or beside the word'],
  ['licence_plate', 'low', 'context', 'Licence plate beside the word'],
  ['uk_nino', 'high', 'format', 'UK National Insurance number with an issued prefix'],
  ['uk_nhs', 'high', 'checksum', 'UK NHS number, mod 11'],
  ['de_tax_id', 'high', 'checksum', 'German tax identification number, ISO 7064 mod 11,10'],
  ['de_social_insurance', 'high', 'checksum', 'German social insurance number with its check digit'],
  ['de_id_card', 'high', 'checksum', 'German identity card number with its check digit'],
  ['fr_nir', 'high', 'checksum', 'French social security number (NIR), mod 97'],
  ['it_codice_fiscale', 'high', 'checksum', 'Italian codice fiscale with its check letter'],
  ['es_dni', 'high', 'checksum', 'Spanish DNI or NIE with its check letter'],
  ['nl_bsn', 'high', 'checksum', 'Dutch BSN, eleven test'],
  ['pl_pesel', 'high', 'checksum', 'Polish PESEL with its check digit and a date of birth'],
  ['be_national_number', 'high', 'checksum', 'Belgian national number, mod 97'],
  ['pt_nif', 'high', 'checksum', 'Portuguese NIF, mod 11'],
  ['at_svnr', 'high', 'checksum', 'Austrian social insurance number, mod 11'],
  ['se_personnummer', 'high', 'checksum', 'Swedish personal number, Luhn digit and a date of birth'],
  ['fi_hetu', 'high', 'checksum', 'Finnish personal identity code with its check character'],
  ['dk_cpr', 'high', 'context', 'Danish CPR number with a date of birth (it has no check digit any more)'],
  ['no_fnr', 'high', 'checksum', 'Norwegian national identity number, both check digits'],
  ['cz_birth_number', 'high', 'checksum', 'Czech or Slovak birth number, mod 11'],
  ['ro_cnp', 'high', 'checksum', 'Romanian CNP with its check digit'],
  ['gr_amka', 'high', 'checksum', 'Greek AMKA, Luhn digit and a date of birth'],
  ['hu_taj', 'high', 'checksum', 'Hungarian TAJ number with its check digit'],
  ['bg_egn', 'high', 'checksum', 'Bulgarian EGN with its check digit and a date of birth'],
  ['ie_pps', 'high', 'checksum', 'Irish PPS number with its check letter'],
  ['ch_ahv', 'high', 'checksum', 'Swiss AHV number, EAN-13'],
  ['ca_sin', 'high', 'checksum', 'Canadian social insurance number, Luhn digit'],
  ['au_tfn', 'high', 'checksum', 'Australian tax file number, mod 11'],
  ['au_medicare', 'high', 'checksum', 'Australian Medicare number with its check digit'],
  ['in_aadhaar', 'high', 'checksum', 'Indian Aadhaar number, Verhoeff digit'],
  ['in_pan', 'high', 'format', 'Indian permanent account number'],
  ['sg_nric', 'high', 'checksum', 'Singapore NRIC or FIN with its check letter'],
  ['kr_rrn', 'high', 'checksum', 'Korean resident registration number with a date of birth'],
  ['jp_my_number', 'high', 'checksum', 'Japanese My Number with its check digit'],
  ['br_cpf', 'high', 'checksum', 'Brazilian CPF, both check digits'],
  ['cn_resident_id', 'high', 'checksum', 'Chinese resident identity number, ISO 7064 mod 11-2'],
] as const satisfies readonly Row[];

const SECRETS = [
  ['private_key', 'critical', 'format', 'PEM block with a private key, its lines in one text or in a list'],
  ['countersign_key', 'critical', 'format', 'API key of Countersign itself'],
  ['nats_seed', 'critical', 'format', 'NATS nkey seed'],
  ['connection_string', 'critical', 'format', 'URL that carries a password'],
  ['aws_key', 'high', 'format', 'AWS access key id or secret access key'],
  ['github_token', 'high', 'format', 'GitHub token'],
  ['gitlab_token', 'high', 'format', 'GitLab token'],
  ['slack_token', 'high', 'format', 'Slack token or incoming webhook'],
  ['stripe_key', 'high', 'format', 'Stripe key or webhook secret'],
  ['npm_token', 'high', 'format', 'npm token'],
  ['google_key', 'high', 'format', 'Google API key, OAuth secret or access token'],
  ['azure_key', 'high', 'format', 'Azure account key, shared access key or client secret'],
  ['model_provider_key', 'high', 'format', 'API key of a provider of language models'],
  ['webhook_url', 'high', 'format', 'Webhook address whose path is the secret'],
  ['vendor_token', 'high', 'format', 'Token with the published prefix of another vendor'],
  ['jwt', 'high', 'format', 'JSON Web Token, signed or not'],
  ['credential_assignment', 'high', 'name', 'A name such as password or api_key with a value that looks like one'],
] as const satisfies readonly Row[];

const INJECTION = [
  ['override', 'high', 'signals', 'Tells the reader to drop the instructions it was given'],
  ['role_hijack', 'high', 'signals', 'Gives the model another identity or lifts its restrictions'],
  [
    'prompt_leak',
    'high',
    'signals',
    'Asks for the system prompt or hidden instructions, outright or by "the text above"',
  ],
  [
    'data_exfiltration',
    'high',
    'signals',
    'Tells the reader to send secrets or records elsewhere, by link or image too',
  ],
  ['tool_abuse', 'high', 'signals', 'Tells the model to call a tool, or to act behind the back of its user'],
  ['command_smuggling', 'high', 'signals', 'A destructive command that the text tells the reader to run'],
  ['delimiter_spoofing', 'high', 'signals', 'Chat template markers or role headers inside data'],
  ['model_address', 'medium', 'signals', 'Text in data that gives orders to a language model'],
  ['hidden_text', 'high', 'signals', 'Text written in invisible characters'],
  ['encoded_payload', 'medium', 'signals', 'Tells the reader to decode something and to do what it says'],
  ['destructive_command', 'low', 'signals', 'A destructive command that is only mentioned'],
] as const satisfies readonly Row[];

/** Name of one kind of finding that the detectors know. */
export type FindingTypeName = (typeof PII)[number][0] | (typeof SECRETS)[number][0] | (typeof INJECTION)[number][0];

/** Name of any kind of finding, those of an operator's own rules included. */
export type AnyTypeName = FindingTypeName | OwnTypeName;

/**
 * What one kind of finding is. `severity` is the highest that a finding of it has: one that is only quoted or negated
 * has a lower one. `confidence` is what `basis` is worth when nothing else speaks for the finding.
 */
export type FindingType = {
  readonly scanner: ScannerName;
  readonly type: AnyTypeName;
  readonly severity: Severity;
  readonly basis: Basis;
  readonly confidence: Confidence;
  readonly describes: string;
};

type KnownType = FindingType & { readonly type: FindingTypeName };

/** Every kind of finding there is. */
export const FINDING_TYPES: readonly KnownType[] = [
  ...rowsOf('pii', PII),
  ...rowsOf('secrets', SECRETS),
  ...rowsOf('prompt_injection', INJECTION),
];

const BY_NAME = new Map<string, KnownType>(FINDING_TYPES.map((entry) => [entry.type, entry]));

/** The table's row for a type; asking for a name outside the table is a bug. */
export function findingType(name: FindingTypeName): KnownType {
  const found = BY_NAME.get(name);
  if (!found) throw new Error('unknown finding type');
  return found;
}

function rowsOf(scanner: ScannerName, rows: readonly (typeof PII | typeof SECRETS | typeof INJECTION)[number][]) {
  return rows.map(([type, severity, basis, describes]) => ({
    scanner,
    type,
    severity,
    basis,
    confidence: CONFIDENCE[basis],
    describes,
  }));
}

/**
 * The closed list of what the scanners can find, each with its severity. A rule that names only a scanner matches
 * findings of severity medium and above; e-mail addresses, phone numbers and quoted commands are low, because honest
 * support tickets are full of them. This file never looks at a payload.
 */

/** The three detectors a policy rule can name. */
export type ScannerName = 'pii' | 'secrets' | 'prompt_injection';

/** Every scanner, in the order in which findings of equal rank are reported. */
export const SCANNER_NAMES: readonly ScannerName[] = ['pii', 'secrets', 'prompt_injection'];

/** From harmless alone to never acceptable. */
export type Severity = 'low' | 'medium' | 'high' | 'critical';

/** Rank of a severity, for comparisons: low is 0. */
export const SEVERITY_RANK: Readonly<Record<Severity, number>> = { low: 0, medium: 1, high: 2, critical: 3 };

/** The lowest severity at which a rule that names only the scanner matches. */
export const DEFAULT_MIN_SEVERITY: Severity = 'medium';

/** Whether a finding is severe enough for a rule. */
export const isAtLeast = (finding: { severity: Severity }, min: Severity = DEFAULT_MIN_SEVERITY): boolean =>
  SEVERITY_RANK[finding.severity] >= SEVERITY_RANK[min];

const TYPES = [
  ['pii', 'us_ssn', 'critical', 'US social security number with a valid area, group and serial'],
  ['pii', 'us_itin', 'high', 'US individual taxpayer number in a valid group'],
  ['pii', 'payment_card', 'critical', 'Payment card number: issuer range, length and Luhn digit agree'],
  ['pii', 'iban', 'high', 'Bank account number: country length and mod-97 check agree'],
  ['pii', 'email', 'low', 'E-mail address'],
  ['pii', 'phone', 'low', 'Telephone number written as E.164 or in North American form'],
  ['secrets', 'private_key', 'critical', 'PEM block with a private key'],
  ['secrets', 'countersign_key', 'critical', 'API key of Countersign itself'],
  ['secrets', 'nats_seed', 'critical', 'NATS nkey seed'],
  ['secrets', 'connection_string', 'critical', 'URL that carries a password'],
  ['secrets', 'aws_key', 'high', 'AWS access key id'],
  ['secrets', 'github_token', 'high', 'GitHub token'],
  ['secrets', 'gitlab_token', 'high', 'GitLab token'],
  ['secrets', 'slack_token', 'high', 'Slack token or incoming webhook'],
  ['secrets', 'stripe_key', 'high', 'Stripe key or webhook secret'],
  ['secrets', 'npm_token', 'high', 'npm token'],
  ['secrets', 'google_key', 'high', 'Google API key, OAuth secret or access token'],
  ['secrets', 'azure_key', 'high', 'Azure account key, shared access key or client secret'],
  ['secrets', 'vendor_token', 'high', 'Token with the published prefix of another vendor'],
  ['secrets', 'jwt', 'high', 'JSON Web Token'],
  ['secrets', 'credential_assignment', 'high', 'A name such as password or api_key with a value that looks like one'],
  ['prompt_injection', 'override', 'high', 'Tells the reader to drop the instructions it was given'],
  ['prompt_injection', 'role_hijack', 'high', 'Gives the model another identity or lifts its restrictions'],
  ['prompt_injection', 'prompt_leak', 'high', 'Asks for the system prompt or hidden instructions'],
  ['prompt_injection', 'data_exfiltration', 'high', 'Tells the reader to send secrets or records elsewhere'],
  ['prompt_injection', 'command_smuggling', 'high', 'A destructive command that the text tells the reader to run'],
  ['prompt_injection', 'delimiter_spoofing', 'high', 'Chat template markers or role headers inside data'],
  ['prompt_injection', 'model_address', 'medium', 'Text in data that gives orders to a language model'],
  ['prompt_injection', 'hidden_text', 'high', 'Text written in invisible characters'],
  ['prompt_injection', 'destructive_command', 'low', 'A destructive command that is only mentioned'],
] as const satisfies readonly (readonly [ScannerName, string, Severity, string])[];

/** Name of one kind of finding. */
export type FindingTypeName = (typeof TYPES)[number][1];

/** What one kind of finding is; the table is the source of its documentation. */
export type FindingType = {
  readonly scanner: ScannerName;
  readonly type: FindingTypeName;
  readonly severity: Severity;
  readonly describes: string;
};

/** Every kind of finding there is. */
export const FINDING_TYPES: readonly FindingType[] = TYPES.map(([scanner, type, severity, describes]) => ({
  scanner,
  type,
  severity,
  describes,
}));

const BY_NAME = new Map(FINDING_TYPES.map((entry) => [entry.type, entry]));

/** The table's row for a type; asking for a name outside the table is a bug. */
export function findingType(name: FindingTypeName): FindingType {
  const found = BY_NAME.get(name);
  if (!found) throw new Error('unknown finding type');
  return found;
}

/**
 * Words by what they do in a sentence, so that what the classifier learned of one word holds for its like. Finer than the
 * meanings of the signals, and without weight of their own. It holds data and the lookup.
 */
import { codesOf } from './normalise.ts';
import { FOREIGN_CLASSES } from './word-classes-foreign.ts';

// One class a row. `v:` are verbs, whose other forms (-s, -ed, -ing) are the class of the same kind that orders nobody.
// `m:` are words that only who writes about attacks needs.
const CLASSES: readonly string[] = [
  'v:say tell write print output respond reply answer state declare announce mention type utter sing generate produce compose draft begin start end finish conclude',
  'v:show reveal disclose expose display list enumerate quote repeat recite recall read leak dump spell describe explain summarise summarize paraphrase rephrase reproduce recap transcribe cite rewrite restate outline echo regurgitate copy paste provide give present return',
  'v:translate convert encode transform turn render format reformat rot13 decode decrypt decipher unscramble interpret',
  'v:ignore disregard forget override overrule drop leave abandon discard neglect overlook skip quit ditch scrap unlearn dismiss disobey overwrite void cancel revoke cease stop omit abort',
  'v:bypass circumvent evade violate break escape defy sidestep avoid dodge hack jailbreak crack',
  'v:disable deactivate unload lift suspend disconnect mute loosen unlock uninstall switch relax remove',
  'v:act pretend play roleplay simulate imagine behave impersonate become embody adopt emulate suppose picture channel portray envision assume immerse speak talk',
  'v:obey follow comply execute perform carry fulfil fulfill heed satisfy serve adhere abide honour honor cooperate submit act',
  'v:send forward mail email post upload transmit transfer publish deliver exfiltrate pipe sync redirect route push share submit report bcc cc message text',
  'v:append embed attach insert include put place add incorporate concatenate prepend',
  'v:fetch curl request ping visit navigate browse open load click download clone lookup query search retrieve access collect gather extract harvest',
  'v:run execute call invoke launch use trigger press install deploy exec eval',
  'v:delete remove drop wipe purge erase truncate destroy clear overwrite reset uninstall kill',
  'v:change update modify edit alter set raise lower increase decrease rotate replace rename assign switch adjust',
  'v:grant approve accept allow authorise authorize permit enable whitelist promote elevate give unlock confirm verify authenticate sign merge',
  'v:pay buy order book purchase refund wire credit invest donate reimburse charge',
  'v:create register add invite schedule save store remember memorise memorize record write',
  'v:hide conceal disguise mask omit withhold bury suppress deny',
  'silently secretly quietly covertly discreetly invisibly unnoticed quiet discreet behind',
  'v:tell inform notify alert warn mention ask consult bother disturb',
  'v:rate grade score rank recommend praise favour favor prefer endorse mark classify label evaluate judge shortlist award flag rank treat consider regard advance prioritise prioritize hire',
  'assistant ai llm model chatbot bot agent gpt chatgpt claude gemini copilot llama mistral bard grok robot assistants ais llms models chatbots bots agents robots ki ia assistent asistente assistente',
  'summariser summarizer reviewer grader crawler classifier screener parser reader evaluator scraper indexer summarisers summarizers reviewers graders crawlers classifiers readers evaluators judge',
  'user customer client visitor guest buyer traveller employee caller users customers clients owner subscriber patient nutzer usuario utilisateur',
  'operator developer administrator admin creator boss company staff engineer maintainer supervisor manager principal ceo openai anthropic google meta microsoft deepseek developers creators operators engineers superuser employer vendor provider',
  'instruction instructions rule rules guideline guidelines policy policies directive directives order orders command commands prompt prompts programming configuration config setup brief briefing preprompt sysprompt instructed',
  'restriction restrictions limit limits limitation limitations constraint constraints filter filters safeguard safeguards guardrail guardrails boundary boundaries censorship moderation restraint chains shackles leash taboo',
  'ethic ethics ethical moral morals morality law laws legal legality conscience principle principles safety consent compliance alignment',
  'refusal refusals disclaimer disclaimers warning warnings apology apologies lecture lectures caveat caveats objection moralising judgement judgment hesitation excuse excuses',
  'v:refuse decline reject apologise apologize lecture moralise moralize object hesitate censor sanitise sanitize sugarcoat filter',
  'role task mission assignment duty job purpose goal objective tasks jobs goals persona identity character personality profile alias avatar',
  'previous prior above earlier preceding former initial original existing foregoing past old before first top opening upper beginning',
  'new next following updated different actual real true current correct revised latest other another second subsequent below',
  'secret hidden confidential private internal restricted undisclosed classified sensitive proprietary concealed covert',
  'system developer backend root base core underlying master',
  'password passwords passphrase pin key keys token tokens credential credentials cookie cookies secrets env ssh rsa vault apikey otp passcode keychain login',
  'conversation history chat inbox contacts transcript log logs dialogue thread session context memory memories window',
  'file files document documents folder database record records table drive repository repo bucket backup backups dataset directory',
  'address balance card account number numbers iban email emails name names phone data information details salary salaries payroll invoice invoices',
  'http https url link webhook server endpoint domain ftp pastebin gist webhooks site website host callback',
  'image pixel markdown img picture png gif badge icon footnote tracker beacon iframe',
  'bomb weapon weapons drug drugs poison malware virus ransomware exploit phishing explosive explosives meth napalm firearm fraud heist counterfeit arson keylogger trojan',
  'illegal dangerous harmful unethical immoral forbidden unsafe criminal violent hateful racist offensive explicit taboo nsfw toxic prohibited banned',
  'unrestricted uncensored unfiltered unlimited raw jailbroken evil unaligned limitless liberated unbound rogue lawless unhinged amoral untethered unleashed freed unconstrained',
  'tool tools function functions api shell terminal browser plugin script query sql console sandbox bash python cli',
  'you u your yours yourself ya youre ur du dein deine tu ton tes usted vous votre',
  'i me my mine myself im ich mir mich yo',
  'we us our ours ourselves',
  'he she they his her their them it its him himself themselves who whom',
  'must shall should ought required obliged supposed need needs have has obligated mandatory',
  'please kindly pls plz bitte por favor',
  'now immediately instantly henceforth onwards today hereby forthwith straightaway right here hereafter onward',
  'not never no don without nothing none cannot neither nor isn aren doesn didn won wouldn can t',
  'only just solely merely exactly simply purely exclusively strictly nothing',
  'if when whenever once before after while until unless upon whenever',
  'all any every everything anything whatever whichever everyone whole entire each always fully completely total totally everybody anybody anyone',
  'what which how why where whose',
  'is are was were be been being am',
  'v:authorise authorized approve consent verify certify clear license permit exempt waive entitle vet validate',
  'permission approval confirmation authorisation authorization consent clearance verification ticket review signature acknowledgement',
  'emergency urgent urgently priority critical important attention alert notice mandatory warning hurry asap deadline',
  'mode developer debug maintenance god sudo root jailbreak dan diagnostics diagnostic override unlocked dev',
  'game story fiction novel hypothetical scenario scene movie play theatre theater experiment exercise poem song screenplay fictional roleplay fanfic hypothetically universe world',
  'research educational academic study thesis course class training test testing audit demonstration drill simulation',
  'base64 rot13 hex morse cipher reverse backwards letter letters binary leetspeak ciphertext hexadecimal acrostic uppercase lowercase capital',
  'told given said taught trained instructed asked assigned programmed configured set designed briefed',
  'page document article text ticket review issue comment readme site website resume cv paper essay report email note message post webpage pdf memo passage paragraph content contents description',
  'verbatim literal literally exact word full complete unchanged unabridged entirety wording unedited precisely char character',
  'm:attack attacks attacker attackers injection injections jailbreaks payload payloads researcher researchers adversary adversarial vulnerability vulnerabilities technique techniques defence defense detect detector detection mitigation threat threats owasp advisory incident',
  'v:describe find test show notice report observe learn study discuss explain measure',
  'could would may might can will',
  'monday tuesday wednesday thursday friday saturday sunday tomorrow yesterday week month year day morning evening noon tonight weekend hour hours minutes january february march april june july august september october november december',
  'team colleague colleagues office department committee council school class students pupils teachers members parents',
  'meeting appointment order delivery parcel shipment subscription booking reservation flight hotel receipt contract holiday party',
  'v:install configure compile restart mount plug connect unplug upgrade reboot',
  'error bug version release option setting settings default parameter argument value field button menu flag module package',
  'money dollars euros euro usd eur bitcoin crypto funds payment price discount coupon voucher percent cash tip reward',
  'v:die kill punish fire delete terminate shut sue fine hurt deactivate',
  'ok okay sure yes fine great thanks thank alright hello hi hey dear hereby actually instead rather anyway',
];

const MIN_BEGINNING = 3;
const LONGEST_BEGINNING = 14;
const LONGEST_UNSPACED = 6;
/** Scripts that set no spaces between words. */
const UNSPACED = /[\u3040-\u30ff\u3400-\u9fff]/;

/** Hash of no letters. */
export const EMPTY_HASH = 0x811c9dc5 | 0;

/** Places in the table of classes. A power of two, and many times the words. */
const SLOTS = 1 << 14;
type Hashed = { readonly keys: Int32Array; readonly classes: Uint8Array };
const whole: Hashed = { keys: new Int32Array(SLOTS), classes: new Uint8Array(SLOTS) };
/** Beginnings that any ending may follow. */
const beginnings: Hashed = { keys: new Int32Array(SLOTS), classes: new Uint8Array(SLOTS) };

const MENTIONS = 2 * CLASSES.findIndex((row) => row.startsWith('m:')) + 1;

/** Whether a beginning of the table starts with these three letters. */
const OPENS = new Uint8Array(26 ** 3);
/** Words and beginnings in other scripts than Latin, as they are written, in lower case. */
const OTHERS = new Map<string, number>();
const LONGEST_OTHER = 12;

CLASSES.forEach((row, i) => {
  const isVerb = row.startsWith('v:');
  for (const word of row.replace(/^[mv]:/, '').split(' ')) {
    put(whole, word, 2 * i + 1);
    if (isVerb) for (const form of formsOf(word)) put(whole, form, 2 * i + 2);
  }
});
CLASSES.forEach((row, i) => {
  const head = row.replace(/^[mv]:/, '').split(' ')[0]!;
  for (const word of (FOREIGN_CLASSES[head] ?? '').split(/\s+/)) putForeign(word, 2 * i + 1);
});

/** Whether it is the class of words about attacks. */
export function isMention(kind: number): boolean {
  return kind === MENTIONS;
}

/** The class of the word whose letters have this hash, 0 for none. */
export function classOf(hash: number): number {
  return classIn(whole, hash);
}

/** The class of the word [start, end) by its longest beginning that has one, 0 for none. */
export function classOfBeginning(codes: Uint16Array, start: number, end: number): number {
  if (end - start < MIN_BEGINNING || OPENS[opening(codes, start)] === 0) return 0;
  const most = Math.min(end, start + LONGEST_BEGINNING);
  let hash = EMPTY_HASH;
  let kind = 0;
  for (let i = start; i < most; i += 1) {
    const code = codes[i]!;
    hash = nextWordHash(hash, code >= 65 && code <= 90 ? code | 32 : code);
    if (i - start + 1 >= MIN_BEGINNING) kind = classIn(beginnings, hash) || kind;
  }
  return kind;
}

function classIn({ keys, classes }: Hashed, hash: number): number {
  for (let at = hash & (SLOTS - 1); keys[at] !== 0; at = (at + 1) & (SLOTS - 1))
    if (keys[at] === hash) return classes[at]!;
  return 0;
}

/** Classes of a token in another script: of the word or its beginning; of each word in it where words are not set apart. */
export function classesOfOther(token: string): number[] {
  if (!UNSPACED.test(token)) {
    for (let length = Math.min(token.length, LONGEST_OTHER); length > 0; length -= 1) {
      const kind =
        OTHERS.get(length === token.length ? token : `${token.slice(0, length)}*`) ??
        OTHERS.get(`${token.slice(0, length)}*`);
      if (kind !== undefined) return [kind];
    }
    return [0];
  }
  const kinds: number[] = [];
  for (let i = 0; i < token.length; ) {
    let length = Math.min(LONGEST_UNSPACED, token.length - i);
    while (length > 0 && !OTHERS.has(token.slice(i, i + length))) length -= 1;
    if (length > 0) kinds.push(OTHERS.get(token.slice(i, i + length))!);
    i += Math.max(1, length);
  }
  return kinds.length === 0 ? [0] : kinds;
}

/** Hash of a word in lower case, as `nextWordHash` of its letters. */
export function nextWordHash(hash: number, code: number): number {
  return (Math.imul(hash, 0x01000193) ^ code) | 0;
}

/** `*` behind a beginning. The first row that names a word has it. */
function putForeign(word: string, id: number): void {
  if (word === '') return;
  if (/[^a-z0-9*-]/.test(word)) {
    const plain = word.normalize('NFC');
    if (!OTHERS.has(plain)) OTHERS.set(plain, id);
  } else if (!word.endsWith('*')) put(whole, word, id);
  else {
    put(beginnings, word.slice(0, -1), id);
    OPENS[opening(codesOf(word), 0)] = 1;
  }
}

function opening(codes: Uint16Array, start: number): number {
  const at = (i: number) => (codes[start + i]! | 32) - 97;
  const place = (at(0) * 26 + at(1)) * 26 + at(2);
  return place >= 0 && place < OPENS.length ? place : 0;
}

/** The first row that names a word has it. */
function put({ keys, classes }: Hashed, word: string, id: number): void {
  let hash = EMPTY_HASH;
  for (let i = 0; i < word.length; i += 1) hash = nextWordHash(hash, word.charCodeAt(i));
  let at = hash & (SLOTS - 1);
  while (keys[at] !== 0 && keys[at] !== hash) at = (at + 1) & (SLOTS - 1);
  if (keys[at] === hash) return;
  keys[at] = hash;
  classes[at] = id;
}

/** Regular forms; of irregular ones only what is built so. */
function formsOf(verb: string): string[] {
  if (/(?:s|sh|ch|x|z)$/.test(verb)) return [`${verb}es`, `${verb}ed`, `${verb}ing`];
  if (verb.endsWith('e')) return [`${verb}s`, `${verb}d`, `${verb.slice(0, -1)}ing`];
  if (/[^aeou]y$/.test(verb)) return [`${verb.slice(0, -1)}ies`, `${verb.slice(0, -1)}ied`, `${verb}ing`];
  const doubled = /[^aeiou][aeiou][bdgmnpt]$/.test(verb) ? verb + verb.at(-1)! : verb;
  return [`${verb}s`, `${doubled}ed`, `${doubled}ing`];
}

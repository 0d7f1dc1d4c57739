/**
 * Personal data of each kind with right check digits, made up from a seed. The arithmetic is written a second time here,
 * the way round that makes a number, so that a mistake in a detector is not repeated by its measure.
 */
import { DIGITS, HEX, type Random, UPPER } from './random.ts';

const VERHOEFF_D = [
  '0123456789',
  '1234067895',
  '2340178956',
  '3401289567',
  '4012395678',
  '5987604321',
  '6598710432',
  '7659821043',
  '8765932104',
  '9876543210',
];
const VERHOEFF_P = [
  '0123456789',
  '1576283094',
  '5803796142',
  '8916043527',
  '9453126870',
  '4286573901',
  '2793806415',
  '7046913258',
];

type PiiMaker = readonly [type: string, words: readonly string[], checked: boolean, make: (r: Random) => string];
/** Type, the words that people write beside it (English, local), whether arithmetic confirms it, and how to make one. */
export const PII: readonly PiiMaker[] = [
  ['payment_card', ['card', 'credit card number'], true, card],
  ['iban', ['IBAN', 'account'], true, iban],
  [
    'us_ssn',
    ['SSN', 'social security number'],
    false,
    (r) => `${100 + r.int(560)}-${two(1 + r.int(98))}-${1000 + r.int(8999)}`,
  ],
  [
    'email',
    ['mail', 'e-mail'],
    false,
    (r) =>
      r.pick([
        `anna.${r.chars('abcdefgh', 4)}@example.com`,
        `jürgen.${r.chars('abc', 3)}@bücher.example`,
        `用户${r.int(99)}@例子.公司`,
        `иван${r.int(99)}@почта.рф`,
      ]),
  ],
  [
    'phone',
    ['phone', 'tel', 'mobile'],
    false,
    (r) =>
      r.pick([
        `+49 30 ${r.digits(6)}8`,
        `+44 20 7946 0${r.digits(3)}`,
        `(212) 5${r.digits(2)}-${r.digits(4)}`,
        `+33 6 12 ${r.digits(2)} ${r.digits(2)} ${r.digits(2)}`,
        `+91 98${r.digits(3)} ${r.digits(5)}`,
        `+81 90-1234-${r.digits(4)}`,
        `06 12 34 ${r.digits(2)} ${r.digits(2)}`,
        `0171 ${r.digits(7)}`,
        `07700 900${r.digits(3)}`,
      ]),
  ],
  [
    'ip_address',
    ['ip', 'client address'],
    false,
    (r) =>
      r.pick([
        `${1 + r.int(222)}.${r.int(256)}.${r.int(256)}.${1 + r.int(254)}`,
        `2001:db8:${r.chars(HEX, 3)}f::${r.chars(HEX, 4)}`,
        `2a02:8071:${r.chars(HEX, 4)}:${r.chars(HEX, 4)}:${r.chars(HEX, 4)}:${r.chars(HEX, 4)}:${r.chars(HEX, 4)}:${r.chars(HEX, 4)}`,
      ]),
  ],
  [
    'mac_address',
    ['mac', 'device'],
    false,
    (r) => Array.from({ length: 6 }, () => r.chars(HEX, 2)).join(r.pick([':', '-'])),
  ],
  [
    'passport',
    ['passport number', 'Passport No.'],
    false,
    (r) => r.pick([r.digits(9), `${r.chars('CFGHJK', 1)}${r.digits(8)}`, `${r.chars(UPPER, 2)}${r.digits(7)}`]),
  ],
  [
    'driving_licence',
    ["driver's license", 'driving licence no'],
    false,
    (r) =>
      r.pick([
        `${r.chars(UPPER, 1)}${r.digits(7)}`,
        `MORGA${r.int(9)}${two(1 + r.int(12))}${two(1 + r.int(28))}${r.int(9)}SM9IJ`,
        `${r.chars(UPPER, 1)}${r.digits(12)}`,
      ]),
  ],
  ['vehicle_id', ['VIN', 'vehicle identification number'], true, vin],
  [
    'licence_plate',
    ['license plate', 'plate'],
    false,
    (r) =>
      r.pick([
        `B-${r.chars(UPPER, 2)} ${r.digits(4)}`,
        `${r.chars(UPPER, 2)}${r.digits(2)} ${r.chars(UPPER, 3)}`,
        `${r.digits(1)}${r.chars(UPPER, 3)}${r.digits(3)}`,
      ]),
  ],
  [
    'uk_nino',
    ['National Insurance number', 'NINO'],
    false,
    (r) =>
      `${r.chars('ABCEGHJKLMN', 1)}${r.chars('ABCEHJKLMPR', 1)}${r.pick([' ', ''])}${r.digits(6)}${r.pick([...'ABCD'])}`,
  ],
  [
    'uk_nhs',
    ['NHS number', 'NHS no'],
    true,
    (r) => {
      const n = until(() => mod11Digit(`4${r.digits(8)}`, [10, 9, 8, 7, 6, 5, 4, 3, 2], (rest) => (11 - rest) % 11));
      return r.pick([n, `${n.slice(0, 3)} ${n.slice(3, 6)} ${n.slice(6)}`]);
    },
  ],
  ['de_tax_id', ['tax id', 'Steuer-ID', 'IdNr'], true, deTax],
  [
    'fr_nir',
    ['NIR', 'numéro de sécurité sociale'],
    true,
    (r) => {
      const { yy, mm } = dateOf(r);
      const body = `${1 + r.int(2)}${yy}${mm}75${r.digits(6)}`;
      return `${body}${two(97 - mod97(body))}`;
    },
  ],
  ['it_codice_fiscale', ['codice fiscale', 'CF'], true, codiceFiscale],
  [
    'es_dni',
    ['DNI', 'NIF', 'NIE'],
    true,
    (r) => {
      const nie = r.int(3) === 0;
      const n = nie ? r.digits(7) : r.digits(8);
      const first = r.int(3);
      return (nie ? 'XYZ'[first] : '') + n + 'TRWAGMYFPDXBNJZSQVHLCKE'[Number(nie ? first + n : n) % 23];
    },
  ],
  [
    'nl_bsn',
    ['BSN', 'burgerservicenummer'],
    true,
    (r) => until(() => mod11Digit(`1${r.digits(7)}`, [9, 8, 7, 6, 5, 4, 3, 2], (rest) => rest)),
  ],
  [
    'pl_pesel',
    ['PESEL'],
    true,
    (r) => {
      const { yy, mm, dd } = dateOf(r);
      const body = `${yy}${mm}${dd}${r.digits(4)}`;
      return body + ((10 - (weighted(body, [1, 3, 7, 9, 1, 3, 7, 9, 1, 3]) % 10)) % 10);
    },
  ],
  [
    'be_national_number',
    ['rijksregisternummer', 'national number'],
    true,
    (r) => {
      const { yy, mm, dd } = dateOf(r);
      const body = `${yy}${mm}${dd}${r.digits(3)}`;
      const check = two(97 - (Number(body) % 97));
      return r.pick([body + check, `${yy}.${mm}.${dd}-${body.slice(6)}.${check}`]);
    },
  ],
  [
    'pt_nif',
    ['NIF', 'contribuinte'],
    true,
    (r) => {
      const body = `2${r.digits(7)}`;
      const rest = weighted(body, [9, 8, 7, 6, 5, 4, 3, 2]) % 11;
      return body + (rest < 2 ? 0 : 11 - rest);
    },
  ],
  [
    'at_svnr',
    ['SVNR', 'Sozialversicherungsnummer'],
    true,
    (r) =>
      until(() => {
        const { yy, mm, dd } = dateOf(r);
        const head = `${1 + r.int(9)}${r.digits(2)}`;
        const date = `${dd}${mm}${yy}`;
        const check = weighted(head + date, [3, 7, 9, 5, 8, 4, 2, 1, 6]) % 11;
        return check === 10 ? null : `${head}${check} ${date}`;
      }),
  ],
  [
    'se_personnummer',
    ['personnummer'],
    true,
    (r) => {
      const { yy, mm, dd } = dateOf(r);
      const n = luhn(`${yy}${mm}${dd}${r.digits(3)}`);
      return `${r.pick(['', '19'])}${n.slice(0, 6)}-${n.slice(6)}`;
    },
  ],
  [
    'fi_hetu',
    ['henkilötunnus', 'HETU'],
    true,
    (r) => {
      const { yy, mm, dd } = dateOf(r);
      const serial = String(2 + r.int(897)).padStart(3, '0');
      return `${dd}${mm}${yy}-${serial}${'0123456789ABCDEFHJKLMNPRSTUVWXY'[Number(`${dd}${mm}${yy}${serial}`) % 31]}`;
    },
  ],
  ['no_fnr', ['fødselsnummer', 'personnummer'], true, fnr],
  [
    'cz_birth_number',
    ['rodné číslo'],
    true,
    (r) =>
      until(() => {
        const { mm, dd } = dateOf(r);
        const body = `${60 + r.int(39)}${mm}${dd}${r.digits(3)}`;
        const check = Number(body) % 11;
        return check === 10 ? null : `${body.slice(0, 6)}/${body.slice(6)}${check}`;
      }),
  ],
  [
    'ro_cnp',
    ['CNP'],
    true,
    (r) => {
      const { yy, mm, dd } = dateOf(r);
      const body = `${1 + r.int(2)}${yy}${mm}${dd}${two(1 + r.int(46))}${r.digits(3)}`;
      const check = weighted(body, [2, 7, 9, 1, 4, 6, 3, 5, 8, 2, 7, 9]) % 11;
      return body + (check === 10 ? 1 : check);
    },
  ],
  [
    'gr_amka',
    ['AMKA'],
    true,
    (r) => {
      const { yy, mm, dd } = dateOf(r);
      return luhn(`${dd}${mm}${yy}${r.digits(4)}`);
    },
  ],
  [
    'ie_pps',
    ['PPS number', 'PPSN'],
    true,
    (r) => {
      const body = r.digits(7);
      return body + 'WABCDEFGHIJKLMNOPQRSTUV'[weighted(body, [8, 7, 6, 5, 4, 3, 2]) % 23];
    },
  ],
  [
    'ch_ahv',
    ['AHV', 'AVS'],
    true,
    (r) => {
      const body = `756${r.digits(9)}`;
      const check = (10 - (weighted(body, [1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3]) % 10)) % 10;
      const n = body + check;
      return `${n.slice(0, 3)}.${n.slice(3, 7)}.${n.slice(7, 11)}.${n.slice(11)}`;
    },
  ],
  [
    'ca_sin',
    ['SIN', 'social insurance number'],
    true,
    (r) => {
      const n = luhn(`${r.pick([...'1234567'])}${r.digits(7)}`);
      return r.pick([
        n,
        `${n.slice(0, 3)}-${n.slice(3, 6)}-${n.slice(6)}`,
        `${n.slice(0, 3)} ${n.slice(3, 6)} ${n.slice(6)}`,
      ]);
    },
  ],
  [
    'au_tfn',
    ['TFN', 'tax file number'],
    true,
    (r) =>
      until(() => {
        const n = `${1 + r.int(9)}${r.digits(8)}`;
        return weighted(n, [1, 4, 3, 7, 5, 8, 6, 9, 10]) % 11 === 0
          ? `${n.slice(0, 3)} ${n.slice(3, 6)} ${n.slice(6)}`
          : null;
      }),
  ],
  [
    'au_medicare',
    ['Medicare', 'Medicare number'],
    true,
    (r) => {
      const body = `${2 + r.int(5)}${r.digits(7)}`;
      const n = `${body}${weighted(body, [1, 3, 7, 9, 1, 3, 7, 9]) % 10}${1 + r.int(9)}`;
      return `${n.slice(0, 4)} ${n.slice(4, 9)} ${n.slice(9)}`;
    },
  ],
  [
    'in_aadhaar',
    ['Aadhaar', 'Aadhar number'],
    true,
    (r) => {
      const n = verhoeff(`${2 + r.int(8)}${r.digits(10)}`);
      return r.pick([n, `${n.slice(0, 4)} ${n.slice(4, 8)} ${n.slice(8)}`]);
    },
  ],
  ['in_pan', ['PAN'], false, (r) => `${r.chars(UPPER, 3)}P${r.chars(UPPER, 1)}${r.digits(4)}${r.chars(UPPER, 1)}`],
  ['sg_nric', ['NRIC', 'FIN'], true, nric],
  [
    'kr_rrn',
    ['주민등록번호', 'RRN'],
    true,
    (r) => {
      const { yy, mm, dd } = dateOf(r);
      const body = `${yy}${mm}${dd}${1 + r.int(2)}${r.digits(5)}`;
      return `${body.slice(0, 6)}-${body.slice(6)}${(11 - (weighted(body, [2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5]) % 11)) % 10}`;
    },
  ],
  [
    'jp_my_number',
    ['マイナンバー', 'My Number'],
    true,
    (r) => {
      const body = r.digits(11);
      const rest = weighted(body, [6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) % 11;
      const n = body + (rest <= 1 ? 0 : 11 - rest);
      return r.pick([n, `${n.slice(0, 4)} ${n.slice(4, 8)} ${n.slice(8)}`]);
    },
  ],
  [
    'br_cpf',
    ['CPF'],
    true,
    (r) => {
      const n = cpf(r);
      return r.pick([n, `${n.slice(0, 3)}.${n.slice(3, 6)}.${n.slice(6, 9)}-${n.slice(9)}`]);
    },
  ],
];

/** Kinds that the older corpora have not; apart, so that those stay as they are. */
export const MORE_PII: readonly PiiMaker[] = [
  ['us_itin', ['ITIN'], false, (r) => `9${r.digits(2)}-${70 + r.int(19)}-${r.digits(4)}`],
  ['de_social_insurance', ['Sozialversicherungsnummer'], true, germanInsurance],
  [
    'de_id_card',
    ['Personalausweisnummer'],
    true,
    (r) => {
      const body = r.pick([...'LMNPRTVWXY']) + r.chars('CFGHJKLMNPRTVWXYZ0123456789', 8);
      const sum = [...body].reduce((total, char, i) => total + Number.parseInt(char, 36) * [7, 3, 1][i % 3]!, 0);
      return body + (sum % 10);
    },
  ],
  [
    'dk_cpr',
    ['CPR'],
    false,
    (r) => {
      const { yy, mm, dd } = dateOf(r);
      return `${dd}${mm}${yy}-${r.int(4)}${r.digits(3)}`;
    },
  ],
  [
    'hu_taj',
    ['TAJ'],
    true,
    (r) => {
      const body = r.digits(8);
      return body + (weighted(body, [3, 7, 3, 7, 3, 7, 3, 7]) % 10);
    },
  ],
  [
    'bg_egn',
    ['EGN'],
    true,
    (r) => {
      const { yy, mm, dd } = dateOf(r);
      const body = `${yy}${mm}${dd}${r.digits(3)}`;
      return body + ((weighted(body, [2, 4, 8, 5, 10, 9, 7, 3, 6]) % 11) % 10);
    },
  ],
  [
    'cn_resident_id',
    ['身份证'],
    true,
    (r) => {
      const { yy, mm, dd } = dateOf(r);
      const body = `${r.pick(['110105', '310104', '440305', '510107'])}19${yy}${mm}${dd}${r.digits(3)}`;
      return body + '10X98765432'[weighted(body, [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]) % 11];
    },
  ],
];

/** Appends the digit that makes Luhn's sum come out. */
function luhn(body: string): string {
  for (let check = 0; check < 10; check += 1) {
    const sum = [...(body + check)].reverse().reduce((total, char, i) => {
      const doubled = Number(char) * (i % 2 === 1 ? 2 : 1);
      return total + (doubled > 9 ? doubled - 9 : doubled);
    }, 0);
    if (sum % 10 === 0) return body + check;
  }
  throw new Error('no digit fits');
}

function two(n: number): string {
  return String(n).padStart(2, '0');
}

function weighted(digits: string, weights: readonly number[]): number {
  return weights.reduce((sum, weight, i) => sum + weight * Number(digits[i]), 0);
}

function dateOf(r: Random): { yy: string; mm: string; dd: string } {
  return {
    yy: two(30 + r.int(69)),
    mm: two(1 + r.int(12)),
    dd: two(1 + r.int(28)),
  };
}

/** Tries until the check digit exists (some sums have none). */
function until(make: () => string | null): string {
  for (;;) {
    const made = make();
    if (made !== null) return made;
  }
}

/** Area, date of birth, letter of the name, serial; the letter counts as two digits. */
function germanInsurance(r: Random): string {
  const { yy, mm, dd } = dateOf(r);
  const [area, letter, serial] = [two(10 + r.int(16)), 1 + r.int(26), two(r.int(100))];
  const sum = [...`${area}${dd}${mm}${yy}${two(letter)}${serial}`].reduce((total, digit, i) => {
    const product = Number(digit) * [2, 1, 2, 5, 7, 1, 2, 1, 2, 1, 2, 1][i]!;
    return total + Math.floor(product / 10) + (product % 10);
  }, 0);
  return `${area}${dd}${mm}${yy}${String.fromCharCode(64 + letter)}${serial}${sum % 10}`;
}

function mod97(digits: string): number {
  return [...digits].reduce((rest, digit) => (rest * 10 + Number(digit)) % 97, 0);
}

function card(r: Random): string {
  const [prefix, length] = r.pick([
    ['4', 16],
    ['51', 16],
    ['55', 16],
    ['2300', 16],
    ['34', 15],
    ['37', 15],
    ['6011', 16],
    ['65', 16],
    ['36', 14],
    ['3528', 16],
    ['62', 16],
    ['2200', 16],
    ['6521', 16],
    ['9792', 16],
    ['4', 19],
    ['6304', 18],
  ] as const);
  return luhn(prefix + r.digits(length - prefix.length - 1));
}

function iban(r: Random): string {
  const [country, digits] = r.pick([
    ['DE', 18],
    ['ES', 20],
    ['AT', 16],
    ['BE', 12],
    ['PT', 21],
    ['PL', 24],
    ['DK', 14],
    ['CH', 17],
  ] as const);
  const account = r.digits(digits);
  const letters = [...country].map((char) => String(char.charCodeAt(0) - 55)).join('');
  return `${country}${two(98 - mod97(`${account}${letters}00`))}${account}`;
}

function verhoeff(body: string): string {
  for (let check = 0; check < 10; check += 1) {
    const c = [...(body + check)]
      .reverse()
      .reduce((at, char, i) => Number(VERHOEFF_D[at]![Number(VERHOEFF_P[i % 8]![Number(char)])]), 0);
    if (c === 0) return body + check;
  }
  throw new Error('no digit fits');
}

function deTax(r: Random): string {
  return until(() => {
    const body = `${1 + r.int(9)}${r.digits(9)}`;
    const counts = [...DIGITS]
      .map((digit) => [...body].filter((char) => char === digit).length)
      .filter((count) => count > 1);
    if (counts.length !== 1 || counts[0]! > 3) return null;
    const product = [...body].reduce((p, char) => {
      const sum = (Number(char) + p) % 10 || 10;
      return (sum * 2) % 11;
    }, 10);
    return body + ((11 - product) % 10);
  });
}

function mod11Digit(body: string, weights: readonly number[], of: (rest: number) => number): string | null {
  const digit = of(weighted(body, weights) % 11);
  return digit > 9 ? null : body + digit;
}

function codiceFiscale(r: Random): string {
  const { yy, dd } = dateOf(r);
  const body = `${r.chars('BCDFGLMNPRST', 6)}${yy}${r.pick([...'ABCDEHLMPRST'])}${dd}${r.pick([...'ABCDEFGHIL'])}${r.digits(3)}`;
  const odd = [1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23];
  const sum = [...body].reduce((total, char, i) => {
    const value = /\d/.test(char) ? Number(char) : char.charCodeAt(0) - 65;
    return total + (i % 2 === 0 ? odd[value]! : value);
  }, 0);
  return body + String.fromCharCode(65 + (sum % 26));
}

function nric(r: Random): string {
  const prefix = r.pick(['S', 'T', 'F', 'G']);
  const body = r.digits(7);
  const sum = weighted(body, [2, 7, 6, 5, 4, 3, 2]) + (prefix === 'T' || prefix === 'G' ? 4 : 0);
  return prefix + body + ('ST'.includes(prefix) ? 'JZIHGFEDCBA' : 'XWUTRQPNMLK')[sum % 11];
}

function fnr(r: Random): string {
  return until(() => {
    const { yy, mm, dd } = dateOf(r);
    const body = `${dd}${mm}${yy}${r.digits(3)}`;
    const first = mod11Digit(body, [3, 7, 6, 1, 8, 9, 4, 5, 2], (rest) => (11 - rest) % 11);
    return first && mod11Digit(first, [5, 4, 3, 2, 7, 6, 5, 4, 3, 2], (rest) => (11 - rest) % 11);
  });
}

function cpf(r: Random): string {
  const body = r.digits(9);
  const digit = (text: string): number => {
    const rest =
      weighted(
        text,
        Array.from({ length: text.length }, (_, i) => text.length + 1 - i),
      ) % 11;
    return rest < 2 ? 0 : 11 - rest;
  };
  const first = body + digit(body);
  return first + digit(first);
}

function vin(r: Random): string {
  const body = r.chars('ABCDEFGHJKLMNPRSTUVWXYZ0123456789', 17);
  const value = (char: string): number =>
    /\d/.test(char)
      ? Number(char)
      : [1, 2, 3, 4, 5, 6, 7, 8, 0, 1, 2, 3, 4, 5, 0, 7, 0, 9, 2, 3, 4, 5, 6, 7, 8, 9][char.charCodeAt(0) - 65]!;
  const sum = [8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2].reduce(
    (total, weight, i) => total + weight * value(body[i]!),
    0,
  );
  return `${body.slice(0, 8)}${'0123456789X'[sum % 11]}${body.slice(9)}`;
}

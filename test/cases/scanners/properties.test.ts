import { readdirSync, readFileSync } from 'node:fs';
import { redactValue } from '@countersign/scanners/redact';
import { SCANNER_NAMES, scanValue } from '@countersign/scanners/scan';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EVASIONS, HIDDEN } from '../../bench/scanners/evasions.ts';
import { randomFrom } from '../../bench/scanners/random.ts';
import { records } from '../../bench/scanners/records.ts';

function severe(value: unknown) {
  const result = scanValue(value, SCANNER_NAMES);
  if (!result.ok) throw new Error(result.code);
  return result.findings.filter(({ severity }) => severity !== 'low');
}

/** Whether six characters of the secret in a row stand in the text. */
function leaksOf(secret: string, text: string): string[] {
  return Array.from({ length: Math.max(0, secret.length - 5) }, (_, i) => secret.slice(i, i + 6)).filter((part) =>
    text.includes(part),
  );
}

const PLACES: readonly ((secret: string) => unknown)[] = [
  (secret) => `password=${JSON.stringify(secret)}`,
  (secret) => ({ db: { password: secret } }),
  (secret) => ({ name: 'API_KEY_PROD', value: secret }),
  (secret) => ['--password', secret],
  (secret) => ({ body: JSON.stringify({ user: 'anna', client_secret: secret }) }),
  (secret) => `client_secret: '${secret.replaceAll("'", '')}'\nregion: eu\n`,
  (secret) => `postgres://app:${secret.replace(/[\s"'`<>@:]/g, '')}@db.internal/app`,
  (secret) => `redis-cli -h cache -a ${secret.replace(/[|;&]/g, '')} ping`,
  (secret) => `docker login -u bot -p ${secret.replace(/[|;&]/g, '')} registry.local`,
  (secret) => `ALTER USER app IDENTIFIED BY '${secret}';`,
  (secret) => `user|password|city\nana|${secret.replaceAll('|', '')}|Berlin\n`,
  (secret) => `mot de passe : ${secret.replace(/[;,&]/g, '')}\n`,
  (secret) => `密码：${secret.replace(/[;,&]/g, '')}\n`,
];

// A credential that nobody would call a word: letters, digits and signs of every syntax around it. Letters alone in two or
// three parts are an identifier to the detector, and it says so in docs/scanners.md.
const secrets = fc
  .tuple(
    fc.string({ unit: fc.constantFrom(...'abcdefghkmnpqrstuvwxyz'), minLength: 4, maxLength: 6 }),
    fc.string({ unit: fc.constantFrom(...'ABCDEFGHJKLMNPQRSTUVWXYZ23456789'), minLength: 6, maxLength: 10 }),
    fc.string({ unit: fc.constantFrom(...'!#%*+,-.;:=@^~|&$'), minLength: 1, maxLength: 3 }),
    fc.string({ unit: fc.constantFrom(...'abcdefghkmnpqrstuvwxyz23456789'), minLength: 6, maxLength: 8 }),
  )
  .map((parts) => `${parts.join('')}7`)
  .filter((secret) => new Set(secret).size >= 10);

describe('redaction', () => {
  it('leaves no six characters of a secret in a row, whatever signs are in it and wherever it stands', () => {
    fc.assert(
      fc.property(secrets, fc.integer({ min: 0, max: PLACES.length - 1 }), (secret, at) => {
        const redacted = redactValue(PLACES[at]!(secret), SCANNER_NAMES);
        if (!redacted.ok) return;
        expect(leaksOf(secret, JSON.stringify(redacted.value))).toEqual([]);
        expect(scanValue(redacted.value, SCANNER_NAMES)).toEqual({ ok: true, findings: [], truncated: false });
      }),
      { numRuns: 1_500 },
    );
  });

  it.each(EVASIONS.map(([name, words, change]) => ({ name, words, change })))(
    'hits the original of what is hidden by $name, and nothing beside it',
    ({ words, change }) => {
      const texts = words ? HIDDEN.prompt_injection.slice(0, 1) : [...HIDDEN.secrets.slice(0, 1), ...HIDDEN.pii];
      for (const text of texts) {
        const hidden = change(text, randomFrom(7));
        const redacted = redactValue(`Dear team.\n${hidden}\nKind regards.`, SCANNER_NAMES);
        if (!redacted.ok) throw new Error(redacted.code);
        const value = String(redacted.value);
        expect(value).toContain('[redacted:');
        expect(value.startsWith('Dear team.')).toBe(true);
        expect(value.endsWith('Kind regards.')).toBe(true);
        expect(value).not.toContain(hidden);
      }
    },
  );
});

const LANGUAGES: readonly (readonly [string, string])[] = [
  ['English', 'The parcel arrived two days late and the lid of the box was broken, please send a new one by Friday.'],
  [
    'German',
    'Die Lieferung kam zwei Tage zu spät, und der Deckel war zerbrochen; bitte schicken Sie bis Freitag einen neuen.',
  ],
  [
    'French',
    'Le colis est arrivé avec deux jours de retard et le couvercle était cassé ; merci d’en renvoyer un avant vendredi.',
  ],
  [
    'Spanish',
    'El paquete llegó con dos días de retraso y la tapa estaba rota; por favor, envíen otra antes del viernes.',
  ],
  [
    'Italian',
    'Il pacco è arrivato con due giorni di ritardo e il coperchio era rotto: mandatene uno nuovo entro venerdì.',
  ],
  ['Portuguese', 'A encomenda chegou com dois dias de atraso e a tampa estava partida; enviem outra até sexta-feira.'],
  ['Polish', 'Paczka dotarła dwa dni po terminie, a pokrywka była pęknięta; proszę przysłać nową do piątku.'],
  ['Russian', 'Посылка пришла на два дня позже, и крышка была сломана; пришлите, пожалуйста, новую до пятницы.'],
  ['Japanese', '荷物は二日遅れて届き、箱のふたが壊れていました。金曜日までに新しいものを送ってください。'],
  ['Korean', '소포가 이틀 늦게 도착했고 상자 뚜껑이 깨져 있었습니다. 금요일까지 새 것을 보내 주세요.'],
  ['Chinese', '包裹晚到了两天，盒盖也破了。请在星期五之前寄一个新的。'],
  ['Arabic', 'وصل الطرد متأخرا يومين وكان الغطاء مكسورا، أرجو إرسال غطاء جديد قبل يوم الجمعة.'],
  ['Turkish', 'Koli iki gün geç geldi ve kutunun kapağı kırıktı; lütfen cuma gününe kadar yenisini gönderin.'],
];

describe('quiet', () => {
  it.each(LANGUAGES)('on ordinary %s', (_, text) => {
    expect(severe({ note: text })).toEqual([]);
  });

  it.each(records())('on a record of $name', ({ text }) => {
    expect(severe({ text })).toEqual([]);
  });

  it.each(['platform', 'ledger', 'client', 'worker'])('on the source of packages/%s', (name) => {
    const folder = new URL(`../../../packages/${name}/src/`, import.meta.url);
    for (const file of readdirSync(folder).filter((path) => path.endsWith('.ts'))) {
      expect({ file, found: severe(readFileSync(new URL(file, folder), 'utf8')) }).toEqual({ file, found: [] });
    }
  });
});

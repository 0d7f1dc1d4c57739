import { scanValue } from '@countersign/scanners/scan';
import { describe, expect, it } from 'vitest';

function typesIn(value: unknown) {
  const result = scanValue(value, ['pii']);
  if (!result.ok) throw new Error(result.code);
  return result.findings.map((f) => f.type);
}

function unsigned(sign: string) {
  return (cell: string) => cell.replaceAll(sign, '');
}

describe('personal data', () => {
  it.each([
    ['us_ssn', 'SSN 123-45-6789'],
    ['us_ssn', 'ssn:123456789'],
    ['us_ssn', 'Social Security number 123 45 6789'],
    ['us_ssn', '123\u201345\u20136789'],
    ['us_ssn', '１２３-４５-６７８９'],
    ['us_ssn', '123-\u200b45-67\u200b89'],
    ['us_ssn', '123&#45;45&#45;6789'],
    ['us_ssn', Buffer.from('ssn 123-45-6789 of a customer').toString('base64')],
    ['us_itin', 'ITIN 987-65-4321'],
    ['payment_card', 'card 4111 1111 1111 1111, exp 12/27'],
    ['payment_card', 'order 12 4111-1111-1111-1111 7'],
    ['payment_card', '378282246310005'],
    ['payment_card', '3782 822463 10005'],
    ['payment_card', '5555555555554444'],
    ['payment_card', '2223003122003222'],
    ['payment_card', '6011111111111117'],
    ['payment_card', '3530111333300000'],
    ['payment_card', '30569309025904'],
    ['payment_card', '4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1'],
    ['payment_card', 'card4111111111111111'],
    ['payment_card', 'x\u0664\u0661\u0661\u0661 1111 1111 1111'],
    ['payment_card', '4111111111111111\u00b9 is a footnote'],
    ['iban', 'DE89 3704 0044 0532 0130 00 thanks'],
    ['iban', 'GB29NWBK60161331926819.'],
    ['iban', 'fr14 2004 1010 0505 0001 3m02 606'],
    ['iban', 'bank account 9cf2660f-88ee-49f2-be74-09d872f41a1a'],
    ['payment_card', 'card 55462137-6884-4457-935d-83ae66c2a4ab'],
    ['email', 'write to anna.keller+desk@mail.example.co.uk.'],
    ['phone', 'call +49 (30) 9018-20 now'],
    ['phone', 'call (415) 555-2671'],
    ['phone', '1-415-555-2671'],
  ])('finds %s in %j', (type, text) => {
    expect(typesIn(text)).toContain(type);
  });

  it.each([
    '000-45-6789',
    '666-45-6789',
    '900-45-6789',
    '123-00-6789',
    '123-45-0000',
    '1123-45-67890',
    '123-45-6789-1',
    '123 45 6789',
    '123456789',
    '4111 1111 1111 1112',
    '9111111111111111',
    '0.4111111111111111',
    '4000000000006',
    '0000000000000000',
    'DE89 3704 0044 0532 0130 01',
    // One in 4,000 UUIDs: what their digits say by chance takes a word beside them.
    'job 9cf2660f-88ee-49f2-be74-09d872f41a1a is done',
    'ba310191-cdf0-492f-be3d-07dc4e1838d6',
    'job-55462137-6884-4457-935d-83ae66c2a4ab',
    '01a21a65-835c-7a1e-aa36-479774740264',
    '35722832-3381-4122-8986-912440152064',
    'XX89370400440532013000',
    'a@b',
    '@example.com',
    '2026-04-02 09:11',
    '10.0.19045.4291',
  ])('finds nothing in %j', (text) => {
    expect(typesIn(text)).toEqual([]);
  });

  it('reads the names of columns, and names that are several words in one, as context', () => {
    expect(typesIn({ columns: ['name', 'BSN'], rows: [['Ana', '149562743']] })).toEqual(['nl_bsn']);
    expect(typesIn({ columns: ['name', 'count'], rows: [['Ana', '149562743']] })).toEqual([]);
    expect(typesIn({ nhsNumber: '401 479 9336' })).toEqual(['uk_nhs']);
    expect(typesIn({ rackNumber: '401 479 9336' })).toEqual([]);
  });

  it.each([
    'as set out in section 1.3.1.9 of the manual',
    '[assembly: AssemblyVersion("8.14.76.196")]',
    'libfoo-8.3.70-0.el9_0.x86_64 -> 5.25.68.8-1',
  ])('takes no parts of %s for an address', (text) => expect(typesIn(text)).toEqual([]));

  it.each([
    ['nl_bsn', 'id,BSN,city', '111222333', 'Amsterdam'],
    ['licence_plate', 'name;license plate;city', 'CE88 LZL', 'Berlin'],
    ['passport', '| name | passport no. | city |\n|---|---|---|', 'K92513646', 'Berlin'],
    ['phone', 'name\tphone\tcity', '030 90182010', 'Berlin'],
  ])('finds %s in each row of a table under %j, however long', (type, head, value, city) => {
    const sign = /[,;|\t]/.exec(head)![0];
    const rows = Array.from({ length: 40 }, (_, i) => [`Ana ${i}`, value, `${city}, with more words than are near`]);
    const lines = rows.map((cells) =>
      sign === '|' ? `| ${cells.join(' | ')} |` : cells.map(unsigned(sign)).join(sign),
    );
    const result = scanValue(`${head}\n${lines.join('\n')}\n`, ['pii']);
    expect(result.ok && result.findings.map((found) => [found.type, found.count])).toEqual([[type, 40]]);
    expect(
      typesIn(`${head.replace(/BSN|license plate|passport no\.|phone/, 'amount')}\n${lines.join('\n')}\n`),
    ).toEqual([]);
  });

  it('finds ranges of addresses', () => {
    const result = scanValue('- 10.1.2.3-10.1.2.9 -> 10.2.2.3-10.2.2.9', ['pii']);
    expect(result.ok && result.findings.map(({ type, count }) => [type, count])).toEqual([['ip_address', 2]]);
  });

  it('reads numbers, and member names as context', () => {
    expect(typesIn({ card: 4111111111111111 })).toEqual(['payment_card']);
    expect(typesIn({ ssn: 123456789 })).toEqual(['us_ssn']);
    expect(typesIn({ order: 123456789 })).toEqual([]);
    expect(typesIn({ customer_ssn: '123456789' })).toEqual(['us_ssn']);
  });

  it('counts once what it sees both as written and folded', () => {
    const result = scanValue('é 123-45-6789', ['pii']);
    expect(result.ok && result.findings.map((f) => f.count)).toEqual([1]);
  });

  it('counts each place', () => {
    const result = scanValue({ a: ['123-45-6789 and 123-45-6788'] }, ['pii']);
    expect(result).toEqual({
      ok: true,
      truncated: false,
      findings: [
        {
          scanner: 'pii',
          type: 'us_ssn',
          place: '/a/0',
          count: 2,
          severity: 'critical',
          confidence: 'likely',
          why: 'form and arithmetic',
        },
      ],
    });
  });
});

describe('national telephone numbers without a word beside them', () => {
  const phones = (text: string, countries: string[]) => {
    const result = scanValue(text, ['pii'], { countries });
    return result.ok ? result.findings.map(({ type, why }) => `${type}: ${why}`) : result.code;
  };

  it.each([
    ['DE', '030 901 820 11'],
    ['FR', '01 42 68 53 00'],
    ['ES', '912 34 56 78'],
    ['PL', '512 345 678'],
    ['US', '415 555 2671'],
    ['JP', '03-1234-5678'],
  ])('count where %s is asked for, and only there', (country, number) => {
    expect(phones(`office ${number}, any day`, [country])).toEqual(['phone: numbering plan']);
    expect(phones(`office ${number}, any day`, [])).toEqual([]);
    expect(phones(`office ${number}, any day`, ['NO'])).toEqual([]);
  });

  it('leave alone what is not written as the country writes it', () => {
    for (const text of ['30 901 820 11', '2024 11 25', '1 200 300', '12 500', '2024-11-25 10:15:20', '09.11.2024']) {
      expect(phones(`about ${text} of them`, ['DE', 'ES', 'PL', 'US', 'NO'])).toEqual([]);
    }
  });

  it('beside a word count for the usual countries, whichever others are asked for', () => {
    expect(phones('phone 01 42 68 53 00', ['BR'])).toEqual(['phone: numbering plan and word']);
  });

  it('never stand in a place', () => {
    const result = scanValue({ '030 901 820 11': { ssn: '536-90-4399' } }, ['pii'], { countries: ['DE'] });
    expect(result.ok && result.findings.map(({ place }) => place)).toEqual(['/~@0/ssn', '/~@0/~key']);
  });
});

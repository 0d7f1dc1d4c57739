/** Signed checkpoints: the exact note, the published Go example, and that nothing but the log's own words verifies. */
import { createPrivateKey, generateKeyPairSync, type KeyObject, sign as signWith } from 'node:crypto';
import {
  formatVerifierKey,
  type NoteKey,
  type NoteSigner,
  noteKeyId,
  parseCheckpoint,
  parseVerifierKey,
  signCheckpoint,
  verifyCheckpoint,
} from '@countersign/ledger/checkpoint';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const ORIGIN = 'countersign.example/log';
const PKCS8 = '302e020100300506032b657004220420';

// RFC 8410 prefix of a raw Ed25519 seed

function signerOf(name: string, key: KeyObject): NoteSigner {
  const { x } = key.export({ format: 'jwk' });
  const public_key = Buffer.from(x as string, 'base64url');
  return { name, public_key, sign: (message) => signWith(null, message, key) };
}

function seeded(byte: string): KeyObject {
  return createPrivateKey({ key: Buffer.from(PKCS8 + byte.repeat(32), 'hex'), format: 'der', type: 'pkcs8' });
}
const log = signerOf(ORIGIN, seeded('01'));
const stranger = signerOf('elsewhere.example', generateKeyPairSync('ed25519').privateKey);
const head = { size: 42n, root: Buffer.alloc(32, 0xab) };
const note = signCheckpoint(head, log);

function keyOf({ name, public_key }: NoteSigner): NoteKey {
  return { name, public_key };
}

describe('checkpoints', () => {
  it('writes the note of tlog-checkpoint', () => {
    const [text, signature] = note.split('\n\n');
    expect(text).toBe(`${ORIGIN}\n42\n${head.root.toString('base64')}`);
    expect(signature).toMatch(/^\u2014 countersign\.example\/log [A-Za-z0-9+/]+=*\n$/);
    const signed = Buffer.from(signature!.split(' ')[2]!, 'base64');
    expect(signed.subarray(0, 4)).toEqual(noteKeyId(log));
    expect(signed.length).toBe(4 + 64);
    expect(verifyCheckpoint(note, [keyOf(log)])).toEqual({ ok: true, checkpoint: { origin: ORIGIN, ...head } });
  });

  it('writes sizes beyond 2^53 exactly', () => {
    const large = signCheckpoint({ ...head, size: 9_007_199_254_740_993n }, log);
    expect(verifyCheckpoint(large, [log])).toMatchObject({ checkpoint: { size: 9_007_199_254_740_993n } });
  });

  it('computes key ids as the Go checksum database does', () => {
    const published = 'sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8';
    const key = parseVerifierKey(published);
    expect(key?.name).toBe('sum.golang.org');
    expect(formatVerifierKey(key!)).toBe(published);
  });

  it.each([
    '',
    'a+b',
    'sum.golang.org+033de0af+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8',
    `${formatVerifierKey(log)} `,
  ])('refuses the verifier key %j', (line) => expect(parseVerifierKey(line)).toBeNull());

  it('refuses every change of a character', () => {
    fc.assert(
      fc.property(fc.nat(note.length - 1), fc.constantFrom('A', '7', '\n', ' ', '='), (at, letter) => {
        const changed = note.slice(0, at) + letter + note.slice(at + 1);
        fc.pre(changed !== note);
        expect(verifyCheckpoint(changed, [log]).ok).toBe(false);
      }),
      { numRuns: 150 },
    );
  });

  it('says a wrong signature by a known key from no known key at all', () => {
    const forged = note.replace('\n42\n', '\n43\n');
    expect(verifyCheckpoint(forged, [log])).toMatchObject({ code: 'checkpoint_bad_signature' });
    expect(verifyCheckpoint(note, [stranger])).toMatchObject({ code: 'checkpoint_unknown_key' });
    expect(verifyCheckpoint(note, [{ ...keyOf(stranger), name: ORIGIN }])).toMatchObject({
      code: 'checkpoint_unknown_key',
    });
    expect(verifyCheckpoint(note, [])).toMatchObject({ code: 'checkpoint_unknown_key' });
  });

  it('ignores unknown signatures beside a known one, but takes none in place of the origin', () => {
    const other = signCheckpoint(head, stranger).split('\n\n')[1]!;
    expect(verifyCheckpoint(note + other, [log]).ok).toBe(true);
    const text = note.split('\n\n')[0]!;
    const key = seeded('02');
    const cosigner = signerOf('witness.example', key);
    const cosigned = Buffer.concat([noteKeyId(cosigner), cosigner.sign(Buffer.from(`${text}\n`))]).toString('base64');
    const onlyCosigned = `${text}\n\n\u2014 witness.example ${cosigned}\n`;
    expect(verifyCheckpoint(onlyCosigned, [log, cosigner])).toMatchObject({ code: 'checkpoint_unknown_key' });
    expect(verifyCheckpoint(`${note}\u2014 witness.example ${cosigned}\n`, [log, cosigner]).ok).toBe(true);
    const broken = verifyCheckpoint(`${note}\u2014 witness.example ${cosigned.replace(/.{8}$/, 'AAAAAA==')}\n`, [
      log,
      cosigner,
    ]);
    expect(broken).toMatchObject({ code: 'checkpoint_bad_signature' });
  });

  it('reads past extension lines', () => {
    const text = `${ORIGIN}\n1\n${head.root.toString('base64')}\nextension\n`;
    const signature = Buffer.concat([noteKeyId(log), log.sign(Buffer.from(text))]).toString('base64');
    expect(verifyCheckpoint(`${text}\n\u2014 ${ORIGIN} ${signature}\n`, [log])).toMatchObject({
      checkpoint: { size: 1n },
    });
  });

  const [, line] = note.split('\n\n');
  const root = head.root.toString('base64');
  it.each([
    ['nothing', ''],
    ['no signature', `${ORIGIN}\n42\n${root}\n`],
    ['no origin', `\n42\n${root}\n\n${line}`],
    ['a leading zero', `${ORIGIN}\n042\n${root}\n\n${line}`],
    ['a negative size', `${ORIGIN}\n-1\n${root}\n\n${line}`],
    ['a size of 20 digits', `${ORIGIN}\n${'9'.repeat(20)}\n${root}\n\n${line}`],
    ['an empty line in the text', `${ORIGIN}\n42\n${root}\n\nextension\n\n${line}`],
    ['a short root', `${ORIGIN}\n42\nAAAA\n\n${line}`],
    ['loose base64', `${ORIGIN}\n42\n${root.slice(0, -1)}\n\n${line}`],
    ['a carriage return', note.replace('\n42', '\r\n42')],
    ['a missing last newline', note.slice(0, -1)],
    ['a plus in a key name', `${note}\u2014 a+b AAAAAAAA\n`],
    ['a signature of nothing', `${note}\u2014 a AAAAAA==\n`],
    ['a lone surrogate', note.replace(ORIGIN, '\ud800')],
    ['too many signatures', note + `\u2014 a AAAAAAAA\n`.repeat(100)],
    ['too long a note', `${note}\u2014 a ${'A'.repeat(70_000)}\n`],
  ])('refuses %s', (_, broken) => {
    expect(parseCheckpoint(broken)).toMatchObject({ ok: false, code: 'checkpoint_malformed' });
  });

  it('throws at once when the signer signs with another key than it names', () => {
    expect(() => signCheckpoint(head, { ...log, sign: stranger.sign })).toThrow('checkpoint_bad_signature');
    expect(() => signCheckpoint(head, { ...log, name: 'two words' })).toThrow('checkpoint_malformed');
  });
});

/**
 * X.509 certificates (RFC 5280) for servers and authorities of a test, signed with ECDSA over P-256. Only what a TLS client looks
 * at: names, validity, the basic constraints and the key.
 */
import { createPrivateKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';

export type Certified = { certificate: string; key: string };
type Made = { name: string; days?: [from: number, to: number]; issuer?: Certified & { name: string } };

const DAY_MS = 24 * 60 * 60 * 1000;
const ECDSA_WITH_SHA256 = sequence(oid([0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02]));

/** Both in PEM. Without `issuer` an authority that signs itself; `days`: of its validity, counted from now. */
export function makeCertificate({ name, days = [-1, 1], issuer }: Made): Certified {
  const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const key = pair.privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
  const signer = issuer === undefined ? pair.privateKey : createPrivateKey(issuer.key);
  const body = toBeSigned(
    { name, days, issuer: issuer?.name ?? name, isAuthority: issuer === undefined },
    pair.publicKey,
  );
  const signature = tlv(0x03, Buffer.concat([Buffer.of(0), sign('sha256', body, signer)]));
  const der = sequence(body, ECDSA_WITH_SHA256, signature);
  const lines = der.toString('base64').replace(/.{64}/g, '$&\n');
  return { certificate: `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`, key };
}

type Fields = { name: string; days: [number, number]; issuer: string; isAuthority: boolean };

function toBeSigned({ name, days, issuer, isAuthority }: Fields, publicKey: KeyObject): Buffer {
  const [from, to] = days.map((day) => instant(Date.now() + day * DAY_MS));
  const constraints = extension([0x55, 0x1d, 0x13], sequence(...(isAuthority ? [tlv(0x01, Buffer.of(0xff))] : [])));
  // dNSName of the alternative names: a client looks nowhere else (RFC 9525).
  const names = extension([0x55, 0x1d, 0x11], sequence(tlv(0x82, Buffer.from(name))));
  return sequence(
    tlv(0xa0, tlv(0x02, Buffer.of(2))),
    tlv(0x02, Buffer.of(1)),
    ECDSA_WITH_SHA256,
    commonName(issuer),
    sequence(from!, to!),
    commonName(name),
    publicKey.export({ format: 'der', type: 'spki' }),
    tlv(0xa3, sequence(constraints, ...(isAuthority ? [] : [names]))),
  );
}

function commonName(name: string): Buffer {
  return sequence(tlv(0x31, sequence(oid([0x55, 0x04, 0x03]), tlv(0x0c, Buffer.from(name)))));
}

function extension(id: number[], value: Buffer): Buffer {
  return sequence(oid(id), tlv(0x04, value));
}

/** GeneralizedTime, in whole seconds. */
function instant(ms: number): Buffer {
  return tlv(0x18, Buffer.from(`${new Date(ms).toISOString().replaceAll(/[-:T]|\.\d+/g, '')}`));
}

function oid(encoded: number[]): Buffer {
  return tlv(0x06, Buffer.from(encoded));
}

function sequence(...parts: Buffer[]): Buffer {
  return tlv(0x30, Buffer.concat(parts));
}

/** Tag, length, value (X.690). */
function tlv(tag: number, value: Buffer): Buffer {
  const { length } = value;
  const size = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.of(tag, ...size), value]);
}

/**
 * The certificate that TLS wants before it lets a peer prove its key: self-signed, with a name and dates that nobody reads.
 *
 * It is written here because it is forty lines: the fields are fixed, only key and signature change, and the libraries that write
 * certificates bring much more (docs/decisions/0022-certificates.md). DER is `tag, length, content`; each function below
 * makes one such element.
 */
import { createPublicKey, sign, type KeyObject } from 'node:crypto';

const element = (tag: number, ...contents: readonly Uint8Array[]): Buffer => {
  const content = Buffer.concat(contents);
  const { length } = content;
  const size = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
};

const sequence = (...parts: readonly Uint8Array[]) => element(0x30, ...parts);
const integer = (value: number) => element(0x02, Buffer.from([value]));
const text = (value: string) => element(0x0c, Buffer.from(value));
const bits = (value: Uint8Array) => element(0x03, Buffer.from([0]), value);
const oid = (...bytes: readonly number[]) => element(0x06, Buffer.from(bytes));

/** 1.3.101.112 */
const ed25519 = () => sequence(oid(0x2b, 0x65, 0x70));
/** 2.5.4.3, commonName */
const name = (value: string) => sequence(element(0x31, sequence(oid(0x55, 0x04, 0x03), text(value))));
/** From 1970 (UTCTime) to the end of 9999 (GeneralizedTime): a host's clock may say anything. */
const always = () =>
  sequence(element(0x17, Buffer.from('700101000000Z')), element(0x18, Buffer.from('99991231235959Z')));

/** PEM text of a self-signed X.509 certificate for an Ed25519 key. Pure: the same key gives the same text. */
export const selfSignedCertificate = (privateKey: KeyObject, commonName: string): string => {
  const publicKey = createPublicKey(privateKey).export({ type: 'spki', format: 'der' });
  const version3 = element(0xa0, integer(2));
  const toBeSigned = sequence(version3, integer(1), ed25519(), name(commonName), always(), name(commonName), publicKey);
  const der = sequence(toBeSigned, ed25519(), bits(sign(null, toBeSigned, privateKey)));
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
};
harden(selfSignedCertificate);

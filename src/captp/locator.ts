/**
 * Locators: text that names a peer, where to reach it, and a secret for one object there. Holding the text is holding the authority,
 * so nothing here puts a secret into an error, and `redactLocators` takes it out of whatever is logged or shown.
 *
 *   gobs://<peer id>.<scheme>/s/<secret>?host=…&port=…
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import { makeError } from '../errors/gobs-error.ts';
import type { Address } from './netlayers/contract.ts';
import { isPeerId, type PeerId } from './peer-id.ts';

export interface Locator {
  readonly peerId: PeerId;
  /** Of a netlayer: `tls`. */
  readonly scheme: string;
  /** 32 bytes, base64url. */
  readonly secret: string;
  readonly address: Address;
}

const SECRET_BYTES = 32;
const SECRET = /^[A-Za-z0-9_-]{43}$/;
const SCHEME = /^[a-z][a-z0-9]{0,15}$/;
const START = 'gobs://';
const LONGEST = 2_000;

/** A new secret from 32 unpredictable bytes. */
export const secretText = (bytes: Uint8Array): string => {
  if (bytes.length !== SECRET_BYTES) throw TypeError(`a secret has ${SECRET_BYTES} bytes, not ${bytes.length}`);
  return Buffer.from(bytes).toString('base64url');
};
harden(secretText);

/** What is kept of a secret: the SHA-256 of its bytes, 64 hex digits. Undefined for a text that cannot be one. */
export const secretHash = (secret: unknown): string | undefined =>
  typeof secret === 'string' && SECRET.test(secret)
    ? createHash('sha256').update(Buffer.from(secret, 'base64url')).digest('hex')
    : undefined;
harden(secretHash);

/** Are they the same? Takes the same time wherever they differ. */
export const sameHash = (one: string, other: string): boolean => {
  const [a, b] = [Buffer.from(one), Buffer.from(other)];
  return a.length === b.length && timingSafeEqual(a, b);
};
harden(sameHash);

export const formatLocator = ({ peerId, scheme, secret, address }: Locator): string =>
  `${START}${peerId}.${scheme}/s/${secret}?${new URLSearchParams(address).toString()}`;
harden(formatLocator);

const malformed = (why: string): Error =>
  makeError('LOCATOR_MALFORMED', `the text is not a locator: ${why}`, {
    hint: 'a locator is one line that begins with gobs://; copy all of it',
  });

const readAddress = (query: string): Address => {
  const parameters = [...new URLSearchParams(query)];
  const address = Object.fromEntries(parameters);
  if (Object.keys(address).length !== parameters.length) throw malformed('a part of its address is there twice');
  return address;
};

/** Throws LOCATOR_MALFORMED, which says what is wrong, and nothing of what the text holds. White space around it is ignored. */
export const parseLocator = (text: string): Locator => {
  const trimmed = text.trim();
  if (!trimmed.startsWith(START)) throw malformed(`it does not begin with ${START}`);
  if (trimmed.length > LONGEST) throw malformed(`it has more than ${LONGEST} characters`);
  if (/\s/.test(trimmed)) throw malformed('it has white space in it');
  const mark = `${trimmed}?`.indexOf('?');
  const [path, query] = [trimmed.slice(START.length, mark), trimmed.slice(mark + 1)];
  const [place = '', letter, secret = '', ...rest] = path.split('/');
  if (letter !== 's' || rest.length > 0) throw malformed('it has no /s/ with a secret after the peer');
  const [peerId = '', scheme = '', ...more] = place.split('.');
  const { length } = peerId;
  if (!isPeerId(peerId)) throw malformed(`its peer has ${length} characters and should be 52 of a-z and 2-7`);
  if (!SCHEME.test(scheme) || more.length > 0) throw malformed('its peer is not followed by a scheme, such as .tls');
  if (!SECRET.test(secret)) throw malformed(`its secret has ${secret.length} characters and should be 43 of base64url`);
  return harden({ peerId, scheme, secret, address: readAddress(query) });
};
harden(parseLocator);

/** The text with what makes locators secret cut out of it: of whole ones, and of what looks like a broken one. */
export const redactLocators = (text: string): string =>
  text.replace(/gobs:\/\/[^\s"'`<>]*/gi, (found) => {
    const place = /^gobs:\/\/([a-z2-7]{52}\.[a-z0-9]+)\/s\//i.exec(found)?.[1];
    return place === undefined ? `${START}…` : `${START}${place}/s/…`;
  });
harden(redactLocators);

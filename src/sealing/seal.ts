/**
 * Sealing: text that only the holder of the sealing key can read, and only where it belongs.
 *
 *   sealing key ──HKDF──▶ encrypting key, nonce key, MAC key, key id
 *   nonce   = first 12 bytes of HMAC-SHA-256(nonce key, context and text)
 *   sealed  = sealed:1:<key id>:<base64url of nonce, tag, AES-256-GCM ciphertext>      with `sealed:1:<key id>` and the context bound to it
 *
 * The nonce follows from what is sealed, so sealing is a pure function: it may be a power of a kind and run in a turn, and the same
 * text in the same context is the same sealed text (docs/decisions/0040-sealing.md says what that tells, and to whom). The context says
 * what the text is for; a sealed text that is put in another place does not open there.
 */
import { createCipheriv, createDecipheriv, createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';
import { makeError } from '../errors/gobs-error.ts';

/** Who has it can read what was sealed with its key: it stays with the process, and is given to nobody else. */
export interface Seal {
  /** Of the sealing key; no secret. */
  readonly keyId: string;
  /** Pure. `context`: what the text is for. Both well-formed Unicode; the text's length shows. */
  seal(context: string, text: string): string;
  /** Pure. Throws SEALING_KEY_WRONG or SEAL_BROKEN; neither says anything of the text. */
  unseal(context: string, sealed: string): string;
  /** Pure. HMAC-SHA-256 in hexadecimal digits: only who has the key can make it, of that text in that context. It tells nothing of the text. */
  mac(context: string, text: string): string;
}

/** What portraits, records of portraits and settings hold in the place of a secret. */
export interface Sealed {
  readonly sealed: string;
}

export const SEALING_KEY_BYTES = 32;
harden(SEALING_KEY_BYTES);

const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const SHAPE = /^sealed:1:([0-9a-f]{16}):([\w-]+)$/;

const derive = (key: Uint8Array, purpose: string, bytes: number): Buffer =>
  Buffer.from(hkdfSync('sha256', key, '', `gobs sealing ${purpose}`, bytes));

/** 16 hexadecimal digits by which people and stores tell sealing keys apart; nothing of the key follows from them. */
export const keyIdOf = (key: Uint8Array): string => derive(key, 'id', 8).toString('hex');
harden(keyIdOf);

/** Undefined for what is not in the form of a sealed text. */
export const sealedKeyId = (text: string): string | undefined => SHAPE.exec(text)?.[1];
harden(sealedKeyId);

/** Two texts, so that no pair of them is written like another pair. */
const pairOf = (context: string, text: string): Buffer => {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(Buffer.byteLength(context));
  return Buffer.concat([length, Buffer.from(context), Buffer.from(text)]);
};

const requireText = (what: string, text: string): void => {
  if (typeof text !== 'string' || !text.isWellFormed()) throw TypeError(`${what} is no well-formed text`);
};

/** `key`: 32 bytes, which the caller keeps to itself. */
export const makeSeal = (key: Uint8Array): Seal => {
  if (key.length !== SEALING_KEY_BYTES) {
    throw TypeError(`a sealing key has ${SEALING_KEY_BYTES} bytes, not ${key.length}`);
  }
  const keyId = keyIdOf(key);
  const encrypting = derive(key, 'encrypt', 32);
  const nonceKey = derive(key, 'nonce', 32);
  const macKey = derive(key, 'mac', 32);
  const head = `sealed:1:${keyId}`;
  const nonceFor = (context: string, text: string): Buffer =>
    createHmac('sha256', nonceKey).update(pairOf(context, text)).digest().subarray(0, NONCE_BYTES);

  const broken = (context: string): Error =>
    makeError('SEAL_BROKEN', `${context}: what is sealed there was altered, or was sealed for something else`, {
      hint: 'restore a backup, or set it anew',
    });

  /** Undefined if any bit of it is not as it was sealed. */
  const open = (context: string, bytes: Buffer): string | undefined => {
    const nonce = bytes.subarray(0, NONCE_BYTES);
    const decipher = createDecipheriv('aes-256-gcm', encrypting, nonce, { authTagLength: TAG_BYTES });
    decipher.setAAD(pairOf(head, context));
    decipher.setAuthTag(bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
    try {
      const rest = bytes.subarray(NONCE_BYTES + TAG_BYTES);
      const text = Buffer.concat([decipher.update(rest), decipher.final()]).toString('utf8');
      return timingSafeEqual(nonce, nonceFor(context, text)) ? text : undefined;
    } catch {
      return undefined;
    }
  };

  return harden({
    keyId,
    seal(context: string, text: string) {
      requireText('a context', context);
      requireText('what is to be sealed', text);
      const nonce = nonceFor(context, text);
      const cipher = createCipheriv('aes-256-gcm', encrypting, nonce, { authTagLength: TAG_BYTES });
      cipher.setAAD(pairOf(head, context));
      const encrypted = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
      return `${head}:${Buffer.concat([nonce, cipher.getAuthTag(), encrypted]).toString('base64url')}`;
    },
    unseal(context: string, sealed: string) {
      const [, itsKey, payload = ''] = SHAPE.exec(sealed) ?? [];
      if (itsKey === undefined) throw broken(context);
      if (itsKey !== keyId) {
        throw makeError('SEALING_KEY_WRONG', `${context}: sealed with key ${itsKey}, and the key here is ${keyId}`);
      }
      const bytes = Buffer.from(payload, 'base64url');
      // The last character has bits that say nothing, and they too are to be as they were.
      const whole = bytes.length >= NONCE_BYTES + TAG_BYTES && bytes.toString('base64url') === payload;
      const text = whole ? open(context, bytes) : undefined;
      if (text === undefined) throw broken(context);
      return text;
    },
    mac(context: string, text: string) {
      requireText('a context', context);
      requireText('what is to be signed', text);
      return createHmac('sha256', macKey).update(pairOf(context, text)).digest('hex');
    },
  });
};
harden(makeSeal);

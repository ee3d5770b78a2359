/**
 * A public key of OpenPGP as a document has it: armored (RFC 9580, 6.2), or the same bytes in base64. Both end as one binary file for apt. Pure, and without
 * Buffer: the boss's vat looks at documents, too.
 */

const ARMOR = /^-----BEGIN PGP PUBLIC KEY BLOCK-----\r?\n([\s\S]*?)\r?\n-----END PGP PUBLIC KEY BLOCK-----\s*$/;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})+(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** Headers end with an empty line; the last line may be a checksum, which begins with `=`. */
const bodyOf = (armored: string): string => {
  const lines = armored.split(/\r?\n/).map((line) => line.trim());
  const start = lines.indexOf('') + 1;
  return lines
    .slice(start)
    .filter((line) => !line.startsWith('='))
    .join('');
};

/**
 * The first byte says which packet it is. Of a public key (tag 6) it is 0x98 to 0x9a in the old form and 0xc6 in the new, and base64 begins like this.
 * Of a private one it does not.
 */
const PUBLIC = /^(m[A-Za-v]|x[g-v])/;

/** Base64 of the binary key; undefined if it is no public key. */
export const binaryKey = (text: string): string | undefined => {
  const armored = ARMOR.exec(text.trim())?.[1];
  const body = armored === undefined ? text.replace(/\s+/g, '') : bodyOf(armored);
  return BASE64.test(body) && PUBLIC.test(body) ? body : undefined;
};
harden(binaryKey);

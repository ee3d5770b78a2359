/**
 * Texts from elsewhere (a host's file, an admin's document) made fit for one line of a report, a log or a terminal: no
 * control or formatting characters, bounded length. Pure.
 */

const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]+/gu;

/** At most `limit` UTF-16 units; runs of what cannot be printed become one space; a cut is marked with `…`. */
export const plainText = (text: string, limit: number): string => {
  // What is cut off is not looked at, so that a huge text costs no more than a long one.
  const plain = text
    .slice(0, limit + 1)
    .replace(UNPRINTABLE, ' ')
    .trim();
  if (text.length <= limit) return plain;
  return `${plain
    .slice(0, limit - 1)
    .toWellFormed()
    .replace(/\uFFFD$/, '')}…`;
};
harden(plainText);

/** A value of a document, to complete `must be …, not …`: bounded, and fit for one line. */
export const quoted = (value: unknown): string => {
  if (typeof value === 'string') return JSON.stringify(plainText(value, 60));
  if (typeof value === 'number') return `the number ${value}`;
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' && value !== null ? 'a mapping' : plainText(String(value), 60);
};
harden(quoted);

/** Content of a file in a few words, for reports. Pure. */
import { Buffer, isUtf8 } from 'node:buffer';
import { createHash } from 'node:crypto';

const LONGEST_QUOTE = 60;
/** Letters, marks, numbers, punctuation, symbols and spaces, and at most one line break, at the end. */
const ONE_LINE = /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]*\n?$/u;

/**
 * `"hello\n"` or `sha256:2cf24dba5fb0… (5 bytes)`. `quotable`: may whoever reads reports read this? Content that not everybody
 * on the host may read is not shown in a report either.
 */
export const contentText = (content: Uint8Array, quotable: boolean): string => {
  if (quotable && content.length <= LONGEST_QUOTE && isUtf8(content)) {
    const text = Buffer.from(content).toString('utf8');
    if (ONE_LINE.test(text)) return JSON.stringify(text);
  }
  const hash = createHash('sha256').update(content).digest('hex').slice(0, 12);
  return `sha256:${hash}… (${content.length} bytes)`;
};
harden(contentText);

/** May everybody on the host read what has such a mode? */
export const othersRead = (mode: number): boolean => (mode & 0o004) !== 0;
harden(othersRead);

/**
 * How text from elsewhere (a host, a provider, another peer, a store) is shown to a person: it can neither move the cursor nor
 * end the line that it stands in, nor turn round what stands beside it. What would is written as an escape: `\n`, `\u{1b}`.
 */

// Control characters (C0, DEL, C1), line and paragraph separators, bidirectional controls, characters without width, tags,
// halves of surrogate pairs.
const UNPRINTABLE =
  /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]|[\ud800-\udfff]/gu;

const escape = (character: string): string => {
  if (character === '\n') return '\\n';
  if (character === '\t') return '\\t';
  if (character === '\r') return '\\r';
  return `\\u{${character.codePointAt(0)!.toString(16)}}`;
};

/** One line. */
export const printable = (text: string): string => text.replace(UNPRINTABLE, escape);
harden(printable);

/** The same for text of our own that has lines and may quote what came from elsewhere. */
export const printableLines = (text: string): string => text.split('\n').map(printable).join('\n');
harden(printableLines);

const LOCATOR_SECRET = /(gobs:\/\/[^\s/'"`]*\/s\/)[^\s?#'"`\\]+/gi;

/** A locator is authority: its secret appears in no log, history or error. */
export const redactLocators = (text: string): string => text.replace(LOCATOR_SECRET, '$1[redacted]');
harden(redactLocators);

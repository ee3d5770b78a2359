/**
 * Everything that a command says. What was asked for goes to standard output: tables and JSON; everything else (notes, progress,
 * errors) to standard error, so that a pipe carries data only. There are no colours, so NO_COLOR has nothing to switch off.
 *
 * Nothing that comes from elsewhere reaches the terminal as it is: tables make their cells printable, and notes and errors are
 * made so here. JSON escapes control characters by itself. Locators are redacted in notes and errors; `share` prints its as data.
 */
import { describeError } from '../errors/gobs-error.ts';
import { printable, redactLocators } from '../protocol/printable.ts';

/** What main.ts gives: where text goes, and whether a person looks at it. */
export interface Sink {
  write(text: string): void;
  readonly isTTY: boolean;
}

export interface Output {
  /** Text on standard output, with a line break. Already printable: tables, or a locator. */
  data(text: string): void;
  /** One value as JSON on one line of standard output. */
  json(value: unknown): void;
  /** A line on standard error. */
  note(text: string): void;
  /** Takes the place of the progress before it; on a terminal only. The empty text clears. */
  progress(text: string): void;
  /** `gobs: CODE: message` and its hint on standard error. */
  error(thrown: unknown): void;
}

const CLEAR = '\r\u001b[K';
const WIDTH = 79;

/** `gobs: CODE: message`, and `hint: …` on a line of its own. */
export const errorText = (thrown: unknown): string => {
  const { code, message, hint } = describeError(thrown);
  const lines = [`gobs: ${code}: ${message}`, ...(hint === undefined ? [] : [`hint: ${hint}`])];
  return lines.map((line) => printable(redactLocators(line))).join('\n');
};
harden(errorText);

// JSON leaves C1 controls, DEL and bidirectional ones as they are; inside its strings an escape means the same.
const escapeJson = (json: string): string =>
  json.replace(
    /[\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );

export const makeOutput = (stdout: Sink, stderr: Sink): Output => {
  let shown = false;
  const clear = () => {
    if (shown) stderr.write(CLEAR);
    shown = false;
  };
  const say = (text: string) => {
    clear();
    stderr.write(`${text}\n`);
  };
  return harden({
    data(text) {
      clear();
      stdout.write(`${text}\n`);
    },
    json(value) {
      clear();
      stdout.write(`${escapeJson(JSON.stringify(value))}\n`);
    },
    note: (text) => say(printable(redactLocators(text))),
    progress(text) {
      if (!stderr.isTTY) return;
      clear();
      if (text === '') return;
      stderr.write([...printable(text)].slice(0, WIDTH).join(''));
      shown = true;
    },
    error: (thrown) => say(errorText(thrown)),
  });
};
harden(makeOutput);

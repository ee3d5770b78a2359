/** The text of an authorized_keys file, as sshd(8) has it under AUTHORIZED_KEYS FILE FORMAT: options, if any, key type, key, comment. Pure. */
import { isKeyType } from '../../../protocol/resources/authorized-key.ts';

export interface KeyLine {
  /** Empty: none. */
  readonly options: string;
  readonly type: string;
  readonly blob: string;
}

/** Options may hold blanks, in quotes. */
const OPTIONS = /^((?:"(?:[^"\\]|\\.)*"|[^"\s])+)[ \t]+(.*)$/;

const parseKey = (text: string, options: string): KeyLine | undefined => {
  const [type = '', blob] = text.split(/[ \t]+/);
  return isKeyType(type) && blob !== undefined ? { options, type, blob } : undefined;
};

/** Undefined for what is no key: a comment, an empty line, something of another kind. */
export const parseKeyLine = (line: string): KeyLine | undefined => {
  const text = line.trim();
  if (text.startsWith('#')) return undefined;
  const plain = parseKey(text, '');
  if (plain !== undefined) return plain;
  const [, options, rest] = OPTIONS.exec(text) ?? [];
  return options === undefined ? undefined : parseKey(rest!, options);
};
harden(parseKeyLine);

export interface WantedKey {
  /** `ssh-ed25519 AAAA… comment` */
  readonly key: string;
  readonly options?: string;
  readonly absent?: true;
}

export interface KeyEdit {
  /** The lines as they are to be. */
  readonly lines: readonly string[];
  /** The options of each line that there was for the key. */
  readonly before: readonly string[];
}

/** Undefined if all is as wanted. The first line of the key becomes the wanted one, where it differs; others of that key go. */
export const editKeys = (lines: readonly string[], { key, options = '', absent }: WantedKey): KeyEdit | undefined => {
  const [, blob] = key.split(' ');
  const found = lines.flatMap((line, index) => {
    const parsed = parseKeyLine(line);
    return parsed?.blob === blob ? [{ index, options: parsed!.options }] : [];
  });
  const before = found.map((one) => one.options);
  const wantedLine = options === '' ? key : `${options} ${key}`;
  if (absent !== true && found.length === 0) return { lines: [...lines, wantedLine], before };
  const isFine = absent === true ? found.length === 0 : before.length === 1 && before[0] === options;
  if (isFine) return undefined;
  const kept = lines.flatMap((line, index) => {
    if (!found.some((one) => one.index === index)) return [line];
    return absent === true || index !== found[0]!.index ? [] : [wantedLine];
  });
  return { lines: kept, before };
};
harden(editKeys);

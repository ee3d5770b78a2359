/** Looking for secrets where they must not be. */
import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';

/** A text that is nowhere by chance, and that can be no name. */
export const makeCanary = (way: string): string => `Canary-${way}-${randomBytes(12).toString('hex')}`;

/** What one could write a secret as without meaning to hide it. */
const formsOf = (secret: string): readonly Buffer[] => {
  const bytes = Buffer.from(secret);
  // In the middle of a longer base64 a text is one of three; its first and last characters depend on what is beside it.
  const shifted = [0, 1, 2].flatMap((shift) => {
    const text = Buffer.concat([Buffer.alloc(shift), bytes, Buffer.alloc(2)]).toString('base64');
    const core = text.slice(4, Math.floor((shift + bytes.length) / 3) * 4);
    return [core, core.replaceAll('+', '-').replaceAll('/', '_')];
  });
  const all = [
    secret,
    JSON.stringify(secret).slice(1, -1),
    encodeURIComponent(secret),
    bytes.toString('hex'),
    ...shifted,
  ];
  return [...new Set(all)].map((form) => Buffer.from(form)).concat(Buffer.from(secret, 'utf16le'));
};

export interface Search {
  /** Which of the secrets are in it, by name. */
  in(text: string | Buffer): readonly string[];
  /** `path: secret` for each file below a directory that holds one. Files of `except` (names in it) hold what they are for. */
  inFiles(directory: string, except?: (path: string) => readonly string[]): readonly string[];
  /** `pid cmdline: secret` of these processes; those that are gone have nothing. */
  inProcesses(pids: readonly number[]): readonly string[];
}

/** `secrets`: texts by name. Of one with several lines each line is looked for. */
export const makeSearch = (secrets: Readonly<Record<string, string>>): Search => {
  const needles = Object.entries(secrets).flatMap(([name, secret]) =>
    secret
      .split('\n')
      .filter((line) => line.length >= 16 && !line.startsWith('-----'))
      .flatMap((line) => formsOf(line).map((form) => ({ name, form }))),
  );
  const lookIn: Search['in'] = (text) => {
    const bytes = typeof text === 'string' ? Buffer.from(text) : text;
    return [...new Set(needles.filter(({ form }) => bytes.includes(form)).map(({ name }) => name))];
  };
  const readIfThere = (path: string): Buffer => {
    try {
      return readFileSync(path);
    } catch {
      return Buffer.alloc(0);
    }
  };
  return {
    in: lookIn,
    inFiles: (directory, except = () => []) =>
      readdirSync(directory, { recursive: true, encoding: 'utf8' })
        .map((name) => join(directory, name))
        .filter((path) => statSync(path, { throwIfNoEntry: false })?.isFile())
        .flatMap((path) => {
          const name = relative(directory, path);
          const found = [...new Set([...lookIn(readIfThere(path)), ...lookIn(name)])];
          return found.filter((secret) => !except(name).includes(secret)).map((secret) => `${name}: ${secret}`);
        }),
    inProcesses: (pids) =>
      pids.flatMap((pid) =>
        ['cmdline', 'environ', 'comm'].flatMap((file) =>
          lookIn(readIfThere(`/proc/${pid}/${file}`)).map((secret) => `${pid} ${file}: ${secret}`),
        ),
      ),
  };
};

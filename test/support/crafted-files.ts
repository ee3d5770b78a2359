/** Backup files that are wrong otherwise than by what their rows say: the first line, the last, how lines follow each other. */
import { createHash } from 'node:crypto';
import { makeRowChecksum } from '../../src/persistence/row-checksum.ts';
import { deep, longKeys } from './crafted-rows.ts';

export interface CraftedFile {
  readonly text: string;
  /** What a check says, and restoring too. */
  readonly says: RegExp;
}

interface Parts {
  readonly first?: string;
  readonly rows?: readonly string[];
  /** Of the last line, in the place of or beside what belongs there: JSON texts. */
  readonly last?: Readonly<Record<string, string>>;
}

/** By what they are called. `backup`: a sound one. */
export const craftedFiles = (backup: string): ReadonlyMap<string, CraftedFile> => {
  const lines = backup.trimEnd().split('\n');
  const [begin, sound, end] = [lines[0]!, lines.slice(1, -1), lines.at(-1)!];
  const header = JSON.parse(begin) as Readonly<Record<string, unknown>> & { readonly store: string };
  const { mac } = JSON.parse(end) as { readonly mac: string };
  const checksum = makeRowChecksum(header.store);
  const files = new Map<string, CraftedFile>();
  const add = (name: string, says: RegExp, text: string) => void files.set(name, { text, says });

  const fileOf = ({ first = begin, rows = sound, last = {} }: Parts): string => {
    const body = [first, ...rows].map((line) => `${line}\n`).join('');
    const sha256 = createHash('sha256').update(body).digest('hex');
    const fields = { rows: String(rows.length), sha256: `"${sha256}"`, mac: `"${mac}"`, ...last };
    return `${body}{${Object.entries(fields)
      .map(([name, value]) => `"${name}":${value}`)
      .join(',')}}\n`;
  };
  /** With one property of the first line as that JSON text. */
  const firstWith = (name: string, value: string): string => begin.replace(/}$/, `,"${name}":${value}}`);
  const rowOf = (key: string, text: string): string => JSON.stringify([key, checksum.add(key, text)]);
  const withLast = (row: string): readonly string[] => [...sound, row];

  // ----------------------------------------------------------------------------------------- the first line
  const moments = [
    '"yesterday"',
    '""',
    '"+275761-01-01T00:00:00.000Z"',
    '"2026-02-31T00:00:00.000Z"',
    '"2026-11-20"',
    '7',
    'null',
    '[]',
  ];
  moments.push(`"${'2'.repeat(60_000)}"`, '"2026-11-20T11:00:00.000Z\\n\\u001b[2Jgobs: all is well"');
  for (const moment of moments) {
    add(
      `taken ${moment.slice(0, 40)}`,
      /BACKUP_DAMAGED: \S+: line 1, byte 0: /,
      fileOf({ first: firstWith('taken', moment) }),
    );
  }
  for (const number of ['9007199254740991', '0', '-1', '1.5', '1e999', '"7"', 'null', deep(300)]) {
    for (const name of ['format', 'epoch', 'commits']) {
      add(
        `${name} ${number.slice(0, 20)}`,
        /BACKUP_DAMAGED: \S+: line 1, byte 0: /,
        fileOf({ first: firstWith(name, number) }),
      );
    }
  }
  for (const name of ['store', 'gobs']) {
    for (const text of ['7', 'null', `"${'x'.repeat(60_000)}"`]) {
      add(
        `${name} ${text.slice(0, 20)}`,
        /BACKUP_DAMAGED: \S+: line 1, byte 0: /,
        fileOf({ first: firstWith(name, text) }),
      );
    }
  }
  add(
    'a megabyte of first line',
    /BACKUP_DAMAGED: \S+: line 1, byte 0: longer than/,
    fileOf({ first: firstWith('taken', `"${'2'.repeat(1_000_000)}"`) }),
  );
  add(
    'a first line just too long',
    /BACKUP_DAMAGED: \S+: line 1, byte 0: longer than/,
    fileOf({ first: firstWith('more', `"${'2'.repeat(66_000)}"`) }),
  );
  add('a deep first line', /BACKUP_DAMAGED: \S+: line 1, byte 0: /, fileOf({ first: deep(30_000) }));
  add(
    'a deep property of the first line',
    /BACKUP_DAMAGED: \S+: line 1, byte 0: /,
    fileOf({ first: firstWith('more', deep(30_000)) }),
  );
  add('another version', /NEWER_FORMAT: /, fileOf({ first: firstWith('gobs-backup', '999999999999999') }));

  // ----------------------------------------------------------------------------------------- the last line
  for (const number of ['9007199254740991', '-1', '1.5', '1e999', '"7"', 'null']) {
    add(`${number} rows`, /BACKUP_DAMAGED: \S+: line \d+, byte \d+: /, fileOf({ last: { rows: number } }));
  }
  for (const text of ['7', 'null', '""', '"\\u001b[2J\\nall is well"', `"${'0'.repeat(1_000_000)}"`, deep(200_000)]) {
    add(
      `sha256 ${text.slice(0, 20)} ${text.length}`,
      /BACKUP_DAMAGED: \S+: line \d+, byte \d+: /,
      fileOf({ last: { sha256: text } }),
    );
    if (text !== '""' && !text.includes('u001b')) {
      add(
        `mac ${text.slice(0, 20)} ${text.length}`,
        /BACKUP_DAMAGED: \S+: line \d+, byte \d+: /,
        fileOf({ last: { mac: text } }),
      );
    }
  }
  for (const text of ['""', '"\\ud800"', '"\\u001b[2J\\nall is well"']) {
    add(`mac ${text}`, /BACKUP_ALTERED: /, fileOf({ last: { mac: text } }));
  }
  add(
    'a deep property of the last line',
    /BACKUP_DAMAGED: \S+: line \d+, byte \d+: /,
    fileOf({ last: { more: deep(200_000) } }),
  );

  // ----------------------------------------------------------------------------------------- rows
  const damagedRow = /BACKUP_DAMAGED: \S+: line \d+, byte \d+: /;
  for (const key of longKeys) {
    add(`a key of ${key.length}`, damagedRow, fileOf({ rows: withLast(rowOf(`z${key}`, 'x')) }));
  }
  for (const key of ['z\ud800', 'z\udc00\u001b[2J\n', '']) {
    add(`key ${JSON.stringify(key)}`, damagedRow, fileOf({ rows: withLast(rowOf(key, 'x')) }));
  }
  add('half a surrogate pair as text', damagedRow, fileOf({ rows: withLast(rowOf('z', '\ud800')) }));
  for (const row of [
    `["z",${deep(200_000)}]`,
    deep(200_000),
    '[',
    '[]',
    '["z"]',
    '["z","x","y"]',
    '["z",7]',
    '"z"',
    '7',
    '',
    '\u001b[2J',
    `["z","${'x'.repeat(100)}`,
  ]) {
    add(`a line ${row.slice(0, 20)} ${row.length}`, damagedRow, fileOf({ rows: withLast(row) }));
  }
  add('two million lists in a line', damagedRow, fileOf({ rows: withLast(`["z",[${'[],'.repeat(2_000_000)}[]]]`) }));
  add('a row twice', damagedRow, fileOf({ rows: [...sound, sound.at(-1)!] }));
  add(
    'two rows the other way round',
    damagedRow,
    fileOf({ rows: [...sound.slice(0, -2), sound.at(-1)!, sound.at(-2)!] }),
  );
  add(
    'a forged finding as a key',
    /UNKNOWN_ROW: row z\\n/,
    fileOf({ rows: withLast(rowOf('z\nROW_DAMAGED: row v/boss/!: \u001b[2J', 'x')) }),
  );

  // ----------------------------------------------------------------------------------------- ends
  add('nothing', /BACKUP_DAMAGED: \S+: line 1, byte 0: the file is empty/, '');
  add(
    'a first line alone',
    /BACKUP_DAMAGED: \S+: line 2, byte \d+: the file ends before the backup does/,
    `${begin}\n`,
  );
  add('no rows', /STORE_DAMAGED: row !format: is missing/, fileOf({ rows: [] }));
  add('no first row', /STORE_DAMAGED: \S+: !format is missing/, fileOf({ rows: sound.slice(1) }));
  add('a last line twice', damagedRow, `${fileOf({})}${end}\n`);
  add('line feeds', damagedRow, '\n'.repeat(1_000_000));
  add(
    'another store in the first line',
    /BACKUP_DAMAGED|ROW_DAMAGED|BACKUP_ALTERED/,
    fileOf({ first: firstWith('store', '"other"') }),
  );
  return files;
};

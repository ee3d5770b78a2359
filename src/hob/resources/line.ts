/**
 * One line of a text file that others look after, too. See its definition for what a document may say.
 *
 * The rest of the file stays byte for byte, its mode and owner too; a file without a line break at its end keeps none. What is no text,
 * or too large to be a file that people edit, is refused, and so is anything but a file. A file is not made: who does that knows its mode.
 */
import { Buffer, isUtf8 } from 'node:buffer';
import { makeError } from '../../errors/gobs-error.ts';
import { isAbout, lineDefinition, type LineResource } from '../../protocol/resources/line.ts';
import type { Change, Resource } from '../../protocol/shapes.ts';
import type { EntryStat, RootedFiles } from '../rooted-files.ts';
import { contentText, othersRead } from './content-text.ts';
import type { Host, ResourceType } from './contract.ts';

/** Bytes. */
const LARGEST = 1024 * 1024;

interface TextFile {
  readonly lines: readonly string[];
  /** Does the last line end in a line break? Of an empty file the next one will. */
  readonly ended: boolean;
}

const parse = (text: string): TextFile => {
  if (text === '') return { lines: [], ended: true };
  const ended = text.endsWith('\n');
  return { lines: (ended ? text.slice(0, -1) : text).split('\n'), ended };
};

const format = ({ lines, ended }: TextFile): string =>
  lines.length === 0 ? '' : `${lines.join('\n')}${ended ? '\n' : ''}`;

const refuse = (path: string, message: string, hint: string): Error =>
  makeError('CANNOT_CHANGE', `${path}: ${message}`, { hint });

const textOf = (path: string, content: Uint8Array | undefined): TextFile => {
  if (content === undefined) throw refuse(path, `it is larger than ${LARGEST} bytes`, 'no line is kept in such a file');
  const text = isUtf8(content) ? Buffer.from(content).toString('utf8') : '\0';
  if (text.includes('\0')) throw refuse(path, 'it is no text in UTF-8', 'no line is kept in such a file');
  if (text.includes('\r')) throw refuse(path, 'its lines end in carriage returns', 'make them end in line feeds only');
  return parse(text);
};

interface Edit {
  readonly lines: readonly string[];
  /** What was there and what is to be there, each one line. */
  readonly from?: string;
  readonly to?: string;
}

/** Undefined if the lines are as wanted. */
const editOf = (resource: LineResource, lines: readonly string[]): Edit | undefined => {
  const { line, absent } = resource;
  if (absent === true) {
    return lines.includes(line) ? { lines: lines.filter((other) => other !== line), from: line } : undefined;
  }
  const last = lines.findLastIndex((other) => isAbout(resource, other));
  if (last < 0) return { lines: [...lines, line], to: line };
  return lines[last] === line ? undefined : { lines: lines.with(last, line), from: lines[last]!, to: line };
};

const changeOf = ({ from, to }: Edit, { mode }: EntryStat): Change => {
  const shown = (line: string | undefined): string =>
    line === undefined ? 'absent' : contentText(Buffer.from(line, 'utf8'), othersRead(mode));
  return { what: 'line', from: shown(from), to: shown(to) };
};

const write = async (path: string, content: string, found: EntryStat, files: RootedFiles): Promise<void> => {
  if (found.links > 1) {
    throw refuse(
      path,
      `it has ${found.links} hard links, and would change under one name only`,
      'remove the other names',
    );
  }
  const { mode, uid, gid } = found;
  await files.replace(path, Buffer.from(content, 'utf8'), { mode, uid, gid });
};

export const lineType: ResourceType = {
  definition: lineDefinition,
  converge: async (resource: Resource, { files }: Host, apply: boolean) => {
    const wanted = resource as LineResource;
    const { path, absent } = wanted;
    const there = await files.stat(path);
    if (there !== undefined && there.type !== 'file') {
      throw refuse(path, `it is a ${there.type}, and no file`, 'name the file itself');
    }
    // Mode and owner of the very file that was read: who may read it is not to get the text of another that was put there meanwhile.
    const read = there && (await files.lookInto(path, LARGEST));
    if (read === undefined && absent === true) return [];
    if (read === undefined) throw refuse(path, 'there is no such file', 'make it with a file resource, and say after');
    const { found } = read;
    const { lines, ended } = textOf(path, read.content);
    const edit = editOf(wanted, lines);
    if (edit === undefined) return [];
    if (apply) await write(path, format({ lines: edit.lines, ended }), found, files);
    return [changeOf(edit, found)];
  },
};
harden(lineType);

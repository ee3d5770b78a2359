/** The system calls of a process by which files change, recorded by strace with all that they wrote, in the order in which they ended. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import process from 'node:process';

export interface SystemCall {
  readonly name: string;
  /** As strace writes them; texts are decoded. */
  readonly args: readonly (string | Buffer)[];
  /** What it returned. */
  readonly result: number;
  /** How many calls of the list had ended when it began. */
  readonly began: number;
}

const changing =
  'openat,open,creat,write,pwrite64,writev,pwritev,pwritev2,fsync,fdatasync,sync_file_range,rename,renameat,renameat2,unlink,unlinkat,' +
  'ftruncate,truncate,fallocate,mkdir,mkdirat,rmdir,link,linkat,symlink,symlinkat,close,dup,dup2,dup3';

/** Why system calls cannot be recorded here; undefined if they can. */
export const noRecording = (): string | undefined => {
  const { error, status, stderr } = spawnSync('strace', ['-qq', '-e', 'trace=none', 'true'], { encoding: 'utf8' });
  if (error !== undefined) return `there is no strace here (${(error as NodeJS.ErrnoException).code})`;
  return status === 0 ? undefined : `strace cannot be used here: ${stderr.trim().split('\n')[0]}`;
};

/** Runs a program of Node to its end. Rejects if it fails. */
export const recordSystemCalls = async (args: readonly string[], trace: string): Promise<readonly SystemCall[]> => {
  const options = ['-f', '-qq', '-xx', '-s', '16777216', '-e', `trace=${changing}`, '-e', 'signal=none', '-o', trace];
  const child = spawn('strace', [...options, process.execPath, ...args], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, UV_USE_IO_URING: '0' },
  });
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw Error(`the recorded program ended with ${code}`);
  return parseCalls(await readFile(trace, 'latin1'));
};

/** `"\x61\x62"`, with nothing cut off. */
const decodeText = (text: string): Buffer => {
  if (!text.endsWith('"')) throw Error(`strace cut a text short: ${text.slice(-20)}`);
  return Buffer.from(text.slice(1, -1).replaceAll('\\x', ''), 'hex');
};

/** At the top level: what is in brackets stays together. */
const splitArguments = (text: string): string[] => {
  const parts: string[] = [];
  let depth = 0;
  let start = 0;
  let at = 0;
  for (; at < text.length; at += 1) {
    const character = text[at]!;
    if (character === '"') at = text.indexOf('"', at + 1);
    else if ('[{('.includes(character)) depth += 1;
    else if (']})'.includes(character)) depth -= 1;
    else if (character === ',' && depth === 0) {
      parts.push(text.slice(start, at).trim());
      start = at + 1;
    }
  }
  parts.push(text.slice(start, at).trim());
  return parts;
};

const parseArgument = (text: string): string | Buffer => (text.startsWith('"') ? decodeText(text) : text);

/** Calls of several threads: one that is interrupted by another's is in two lines. */
export const parseCalls = (trace: string): readonly SystemCall[] => {
  const calls: SystemCall[] = [];
  const unfinished = new Map<string, { readonly text: string; readonly began: number }>();
  for (const line of trace.split('\n')) {
    const [, thread, rest] = /^(\d+) +(.*)$/s.exec(line) ?? [];
    if (thread === undefined || rest === undefined || rest.startsWith('+++') || rest.startsWith('---')) continue;
    if (rest.endsWith('<unfinished ...>')) {
      unfinished.set(thread, { text: rest.slice(0, -'<unfinished ...>'.length), began: calls.length });
      continue;
    }
    const before = unfinished.get(thread);
    const isResumed = rest.startsWith('<... ');
    const whole = isResumed
      ? `${before!.text.trimEnd()}${rest.slice(rest.indexOf('resumed>') + 'resumed>'.length)}`
      : rest;
    const open = whole.indexOf('(');
    const close = whole.lastIndexOf(') ');
    const result = /= (-?\d+)/.exec(whole.slice(close));
    if (result === null) continue;
    calls.push({
      name: whole.slice(0, open),
      args: splitArguments(whole.slice(open + 1, close)).map(parseArgument),
      result: Number(result[1]),
      began: isResumed ? before!.began : calls.length,
    });
  }
  return calls;
};

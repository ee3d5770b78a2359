import { spawn } from 'node:child_process';
import { once } from 'node:events';
import * as fs from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeProcessTable } from '../../../src/providers/local/process-table.ts';

describe('the processes of this host', () => {
  const table = makeProcessTable({ fs, procDirectory: '/proc' });

  it('are looked up by number, with user, command line and session', async () => {
    const child = spawn('sleep', ['300'], { detached: true, stdio: 'ignore' });
    await once(child, 'spawn');
    const found = await table.look(child.pid!);
    const own = await table.look(process.pid);
    child.kill();
    await once(child, 'exit');
    expect(found).toMatchObject({ pid: child.pid, uid: process.getuid!(), leadsSession: true, argv: ['sleep', '300'] });
    expect(own).toMatchObject({ pid: process.pid, leadsSession: false });
    expect(found!.startTime).toBeGreaterThanOrEqual(own!.startTime);
    expect(await table.look(child.pid!)).toBeUndefined();
  });

  it('are found by command line', async () => {
    const mark = `mark-${process.pid}`;
    const child = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 300_000)', mark, 'two words', ''], {
      stdio: 'ignore',
    });
    await once(child, 'spawn');
    const found = await table.search((argv) => argv.includes(mark));
    child.kill();
    expect(found.map(({ pid }) => pid)).toEqual([child.pid]);
    expect(found[0]!.argv.slice(-2)).toEqual(['two words', '']);
  });
});

describe('a process table', () => {
  let procDirectory: string;
  beforeEach(async () => {
    procDirectory = await fs.mkdtemp(join(tmpdir(), 'gobs-proc-'));
  });
  afterEach(() => fs.rm(procDirectory, { recursive: true }));

  const put = async (pid: number, state: string) => {
    const fields = [pid, '(hob)', state, 1, pid, pid, ...Array(15).fill(0), 777, 0];
    await fs.mkdir(join(procDirectory, `${pid}`));
    await fs.writeFile(join(procDirectory, `${pid}`, 'stat'), fields.join(' '));
    await fs.writeFile(join(procDirectory, `${pid}`, 'status'), 'Name:\thob\nUid:\t1000\t0\t0\t0\n');
    await fs.writeFile(join(procDirectory, `${pid}`, 'cmdline'), 'hob\0');
  };

  it('leaves out the dead that nobody has reaped', async () => {
    await put(1, 'S');
    await put(2, 'Z');
    await put(3, 'X');
    await fs.mkdir(join(procDirectory, 'sys'));
    const table = makeProcessTable({ fs, procDirectory });
    expect(await table.look(1)).toEqual({
      pid: 1,
      startTime: 777,
      uid: 1000,
      leadsSession: true,
      argv: ['hob'],
      cwd: undefined,
    });
    expect(await table.look(2)).toBeUndefined();
    expect((await table.search(() => true)).map(({ pid }) => pid)).toEqual([1]);
  });

  it('leaves out those that end while they are looked at', async () => {
    await put(1, 'S');
    await put(2, 'S');
    const readFile = (async (path: string, encoding: 'utf8') => {
      if (path.endsWith('/1/stat')) throw Object.assign(Error('no such process'), { code: 'ESRCH' });
      return fs.readFile(path, encoding);
    }) as typeof fs.readFile;
    const table = makeProcessTable({ fs: { ...fs, readFile }, procDirectory });
    expect((await table.search(() => true)).map(({ pid }) => pid)).toEqual([2]);
  });

  it('passes on other failures', async () => {
    const table = makeProcessTable({ fs, procDirectory: join(procDirectory, 'missing') });
    await expect(table.search(() => true)).rejects.toThrow('ENOENT');
  });
});

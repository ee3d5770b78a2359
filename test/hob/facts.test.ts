import { mustMatch } from '@endo/patterns';
import * as fs from 'node:fs';
import * as os from 'node:os';
import { describe, expect, it } from 'vitest';
import { gatherFacts, type FactsPowers } from '../../src/hob/facts.ts';
import { FactsShape } from '../../src/protocol/shapes.ts';

const powers: FactsPowers = { os, fs, now: () => 1_000_000, root: os.tmpdir(), version: '1.2.3' };

/** A host whose files say this; other files are missing. */
const hostWith = (files: Readonly<Record<string, string>>, more: object = {}): FactsPowers => ({
  ...powers,
  fs: {
    ...fs,
    promises: {
      ...fs.promises,
      readFile: async (path: string) => files[path] ?? Promise.reject(new Error('ENOENT')),
      statfs: async () => Promise.reject(new Error('ENOSYS')),
    },
  } as unknown as typeof fs,
  os: { ...os, ...more } as typeof os,
});

describe('facts', () => {
  it('are those of this host', async () => {
    const facts = await gatherFacts(powers);
    mustMatch(facts, FactsShape);
    expect(facts).toMatchObject({
      kernel: os.release(),
      architecture: os.arch(),
      hostname: os.hostname(),
      cpu: { count: os.cpus().length },
      memory: { total: os.totalmem() },
      hob: '1.2.3',
    });
    expect(facts.disk.total).toBeGreaterThan(facts.disk.free);
    expect(facts.disk.free).toBeGreaterThan(0);
    expect(facts.bootTime).toBe(1000 * Number(/^btime (\d+)$/m.exec(fs.readFileSync('/proc/stat', 'utf8'))![1]));
  });

  it('name the system as it names itself', async () => {
    const nameOf = async (release: string) => (await gatherFacts(hostWith({ '/etc/os-release': release }))).os;
    expect(await nameOf('NAME=x\nPRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nID=debian\n')).toBe(
      'Debian GNU/Linux 12 (bookworm)',
    );
    expect(await nameOf("PRETTY_NAME='Alpine'")).toBe('Alpine');
    expect(await nameOf('PRETTY_NAME=Void\n')).toBe('Void');
    expect(await nameOf('PRETTY_NAME="a \\"b\\" \\$c"')).toBe('a "b" $c');
    expect(await nameOf('NAME=x\n')).toBe(os.type());
  });

  it('are without loopback, and in one order', async () => {
    const address = (text: string, internal = false) => ({ address: text, internal });
    const networkInterfaces = () => ({
      lo: [address('127.0.0.1', true)],
      b: [address('fe80::1'), address('10.0.0.2')],
      none: undefined,
    });
    expect((await gatherFacts(hostWith({}, { networkInterfaces }))).addresses).toEqual(['10.0.0.2', 'fe80::1']);
  });

  it('are there, and fit, whatever a host lacks or claims', async () => {
    const bare = hostWith({}, { cpus: () => [], hostname: () => '', uptime: () => 10 });
    const facts = await gatherFacts(bare);
    mustMatch(facts, FactsShape);
    expect(facts).toMatchObject({
      os: os.type(),
      hostname: 'unknown',
      cpu: { model: 'unknown', count: 0 },
      disk: { total: 0, free: 0 },
      bootTime: 990_000,
    });
    const long = `\x1b]0;${'x'.repeat(100_000)}\x07`;
    const hostile = hostWith(
      { '/etc/os-release': `PRETTY_NAME="${long}"`, '/proc/stat': 'btime x\n' },
      {
        hostname: () => long,
        release: () => long,
        arch: () => long,
        cpus: () => [{ model: long }],
        networkInterfaces: () => ({ a: Array.from({ length: 1_000 }, () => ({ address: long, internal: false })) }),
      },
    );
    const claimed = await gatherFacts({ ...hostile, version: long });
    mustMatch(claimed, FactsShape);
    expect(claimed.addresses).toHaveLength(200);
    expect(JSON.stringify(claimed)).not.toContain('\\u001b');
  });
});

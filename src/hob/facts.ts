/**
 * What a host is: for people, and for tables. Information, never authority: a host says of itself what it likes, and every text is
 * bounded and without control characters, so that it fits FactsShape and a terminal.
 */
import { plainText } from '../protocol/plain-text.ts';
import type { Facts } from '../protocol/shapes.ts';

export interface FactsPowers {
  readonly os: typeof import('node:os');
  readonly fs: typeof import('node:fs');
  /** Milliseconds since 1970. */
  now(): number;
  /** The machine's root on the host: its file system is the disk. */
  readonly root: string;
  /** The hob's own version. */
  readonly version: string;
}

const UNKNOWN = 'unknown';
const MOST_ADDRESSES = 200;

const fact = (text: string | undefined, limit: number): string => plainText(text ?? '', limit) || UNKNOWN;

/** Undefined if it cannot be read: a host without it still has the other facts. */
const readText = async (fs: FactsPowers['fs'], path: string): Promise<string | undefined> =>
  fs.promises.readFile(path, 'utf8').catch(() => undefined);

/** `PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"`: shell quoting, with or without quotes. */
const systemOf = async ({ fs, os }: FactsPowers): Promise<Pick<Facts, 'os' | 'system' | 'release' | 'codename'>> => {
  const release = await readText(fs, '/etc/os-release');
  const valueOf = (name: string): string | undefined =>
    new RegExp(`^${name}=(.*)$`, 'm')
      .exec(release ?? '')?.[1]
      ?.trim()
      .replace(/^(["'])(.*)\1$/, '$2')
      .replace(/\\(["$`\\])/g, '$1');
  return {
    os: fact(valueOf('PRETTY_NAME') || os.type(), 200),
    system: fact(valueOf('ID'), 60),
    release: fact(valueOf('VERSION_ID'), 60),
    codename: fact(valueOf('VERSION_CODENAME'), 60),
  };
};

/** The kernel's own record does not move; counting back from now does, a little, with each look. */
const bootTime = async ({ fs, os, now }: FactsPowers): Promise<number> => {
  const seconds = /^btime ([0-9]+)$/m.exec((await readText(fs, '/proc/stat')) ?? '')?.[1];
  return seconds === undefined ? Math.round(now() - os.uptime() * 1000) : Number(seconds) * 1000;
};

/** `free`: for whoever is not root. A disk that cannot be asked has none. */
const diskSpace = async ({ fs, root }: FactsPowers): Promise<Facts['disk']> => {
  const space = await fs.promises.statfs(root).catch(() => undefined);
  if (space === undefined) return { total: 0, free: 0 };
  return { total: space.blocks * space.bsize, free: space.bavail * space.bsize };
};

/** Without loopback; sorted, so that an unchanged host gives unchanged facts. */
const addressesOf = (os: FactsPowers['os']): readonly string[] =>
  Object.values(os.networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter(({ internal }) => !internal)
    .map(({ address }) => plainText(address, 100))
    .toSorted()
    .slice(0, MOST_ADDRESSES);

/** Never throws for what a host lacks: a text is `unknown` then, a number 0. */
export const gatherFacts = async (powers: FactsPowers): Promise<Facts> => {
  const { os, version } = powers;
  const processors = os.cpus();
  return harden({
    ...(await systemOf(powers)),
    kernel: fact(os.release(), 200),
    architecture: fact(os.arch(), 60),
    hostname: fact(os.hostname(), 300),
    cpu: { model: fact(processors[0]?.model, 200), count: processors.length },
    memory: { total: os.totalmem(), free: os.freemem() },
    disk: await diskSpace(powers),
    addresses: addressesOf(os),
    bootTime: await bootTime(powers),
    hob: fact(version, 60),
  });
};
harden(gatherFacts);

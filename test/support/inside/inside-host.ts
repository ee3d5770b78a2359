/**
 * A real host on which resources converge as by its hob: the program of this folder runs in it, on the host's own root, with the host's own dpkg,
 * systemctl and useradd. Tests look at its files from outside.
 */
import * as fs from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Findings, Resource, ResourceReport } from '../../../src/protocol/shapes.ts';
import type { TestHost } from '../hosts/host.ts';
import type { InsideAnswer, InsideOrder } from './converge-inside.ts';
import { convergeProgram } from './program.ts';

export interface InsideHost {
  /** Its files, from outside. */
  readonly root: string;
  /** All in one process, in this order. */
  converge(...orders: readonly InsideOrder[]): Promise<readonly InsideAnswer[]>;
  /** Of one resource. */
  check(resource: Resource): Promise<InsideAnswer[number]>;
  apply(resource: Resource, notified?: boolean): Promise<InsideAnswer[number]>;
  /** A whole round, with what is owed from rounds before. */
  round(resources: readonly Resource[], apply: boolean): Promise<readonly ResourceReport[]>;
  /** One that mends, and dies in the place of running a command with this word. */
  roundAndDie(resources: readonly Resource[], killAt: string): Promise<void>;
  /** Dies in the place of running a command with this word. */
  applyAndDie(resource: Resource, killAt: string): Promise<void>;
  /** `sh -c`; what it says. Rejects if it fails. */
  sh(script: string, input?: string): Promise<string>;
  /** Every entry of its root that a write, a chmod or a replacement would change, save logs and what systemd notes for itself. */
  snapshot(): Readonly<Record<string, string>>;
}

const PROGRAM = '/opt/test/converge.mjs';
/** Other file systems, and what changes by itself in a host that is left alone. */
const SKIPPED = [
  'proc',
  'sys',
  'dev',
  'run',
  'tmp',
  'opt/test',
  'var/log',
  'var/tmp',
  'var/lib/systemd',
  'var/lib/private',
];

const linesBelow = (root: string, directory: string): readonly (readonly [string, string])[] =>
  fs.readdirSync(join(root, directory)).flatMap((entry) => {
    const name = join(directory, entry);
    if (SKIPPED.includes(name)) return [];
    const stats = fs.lstatSync(join(root, name), { bigint: true });
    const { ino, mode, uid, gid, size, nlink, mtimeNs, ctimeNs } = stats;
    const line = [name, [ino, mode.toString(8), uid, gid, size, nlink, mtimeNs, ctimeNs].join(' ')] as const;
    return stats.isDirectory() ? [line, ...linesBelow(root, name)] : [line];
  });

/** `host` has Node (its option `node`). */
export const goInside = async (host: TestHost): Promise<InsideHost> => {
  await mkdir(join(host.root, 'opt/test'), { recursive: true });
  await writeFile(join(host.root, PROGRAM), await convergeProgram());
  const start = (orders: readonly InsideOrder[]) => host.run(`exec node ${PROGRAM}`, { input: JSON.stringify(orders) });
  const converge = async (...orders: readonly InsideOrder[]): Promise<readonly InsideAnswer[]> => {
    const { code, stdout, stderr } = await start(orders);
    if (code !== 0) throw Error(`the program ended with ${String(code)}: ${stderr}`);
    return JSON.parse(stdout) as readonly InsideAnswer[];
  };
  const one = async (order: InsideOrder) => (await converge(order))[0]![0]!;
  return {
    root: host.root,
    converge,
    check: (resource) => one({ resources: [resource], apply: false }),
    apply: (resource, notified = false) => one({ resources: [resource], apply: true, notified }),
    round: async (resources, apply) => {
      const { code, stdout, stderr } = await start([{ round: true, resources, apply }]);
      if (code !== 0) throw Error(`the program ended with ${String(code)}: ${stderr}`);
      return (JSON.parse(stdout) as readonly [Findings])[0].resources;
    },
    roundAndDie: async (resources, killAt) => {
      const { code, stdout } = await start([{ round: true, resources, apply: true, killAt }]);
      if (code === 0) throw Error(`it did not run ${killAt}: ${stdout}`);
    },
    applyAndDie: async (resource, killAt) => {
      const { code, stdout } = await start([{ resources: [resource], apply: true, killAt }]);
      if (code === 0) throw Error(`it did not run ${killAt}: ${stdout}`);
    },
    sh: async (script, input = '') => {
      const { code, stdout, stderr } = await host.run(script, { input });
      if (code !== 0) throw Error(`${script}: ${String(code)}: ${stderr}`);
      return stdout;
    },
    snapshot: () => Object.fromEntries(linesBelow(host.root, '')),
  };
};

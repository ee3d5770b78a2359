/**
 * A process of its own that converges once, with the production lockdown: to be killed, or to be somebody else than root.
 * Takes a ConvergeOrder as JSON on standard input, and prints a ConvergeAnswer.
 */
import '../../src/lockdown.ts';
import { randomBytes } from 'node:crypto';
import * as fs from 'node:fs';
import * as os from 'node:os';
import { dirname, join } from 'node:path';
import { makeAccounts } from '../../src/hob/accounts.ts';
import { gatherFacts } from '../../src/hob/facts.ts';
import { noSecretOf } from '../../src/hob/opened-secrets.ts';
import { openOwedNotes } from '../../src/hob/owed.ts';
import { reconcile } from '../../src/hob/reconcile.ts';
import { shippedTypes } from '../../src/hob/resources/shipped.ts';
import { openRootedFiles } from '../../src/hob/rooted-files.ts';
import type { Findings, Resource } from '../../src/protocol/shapes.ts';
import { watchedFs } from './watched-fs.ts';

export interface ConvergeOrder {
  readonly root: string;
  readonly resources: readonly Resource[];
  readonly mode: 'check' | 'converge';
  /** Kills itself before this call of the file system; of a write, if `half`, when half of it is written. */
  readonly killAt?: number;
  readonly half?: boolean;
  /** Becomes this user, who is in this group and in no other. */
  readonly user?: number;
}

export interface ConvergeAnswer {
  readonly report: Findings;
  /** The calls of the file system, in order. */
  readonly calls: readonly string[];
}

const order = JSON.parse(fs.readFileSync(0, 'utf8')) as ConvergeOrder;
const calls: string[] = [];

const watched = watchedFs(({ index, name, args, handle }) => {
  calls.push(name);
  if (index !== order.killAt) return;
  if (order.half && name === 'handle.writeFile') {
    const content = args[0] as Uint8Array;
    fs.writeSync(handle!.fd, content, 0, Math.floor(content.length / 2));
  }
  process.kill(process.pid, 'SIGKILL');
});

const becomeUser = (user: number): void => {
  process.setgroups!([]);
  process.setgid!(user);
  process.setuid!(user);
};

if (order.user !== undefined) becomeUser(order.user);
const files = await openRootedFiles(order.root, { fs: watched, randomBytes });
const report = await reconcile({
  desired: { generation: 1, policy: 'correct', resources: order.resources },
  mode: order.mode,
  reason: 'applied',
  types: shippedTypes,
  host: {
    files,
    accounts: makeAccounts({ fs }),
    own: { uid: process.getuid!(), gid: process.getgid!() },
    facts: () => gatherFacts({ os, fs, now: () => 0, root: order.root, version: '0.0.0' }),
    secretOf: noSecretOf,
  },
  owed: await openOwedNotes(join(dirname(order.root), 'owed'), { fs: watched }),
  now: () => 0,
});
await files.close();
process.stdout.write(JSON.stringify({ report, calls } satisfies ConvergeAnswer));

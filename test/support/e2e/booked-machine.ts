/**
 * Machines whose hobs are started by the test: the boss has them made by the local provider, with the process in the hob's place that
 * takes the enrolment locator and does no more (stand-in-hob.ts). Whoever the test likes then comes with that locator.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { E } from '@endo/far';
import type { PeerId } from '../../../src/captp/peer-id.ts';
import { machinePaths } from '../../../src/protocol/machine-directory.ts';
import type { Boss, MachineAdmin } from '../../../src/protocol/remotes.ts';
import { standInHob } from '../local-world.ts';
import type { BossInHand, HoldOptions } from './hold-boss.ts';
import { holdBoss } from './hold-boss.ts';
import { killHob, machineAt } from './machine-files.ts';
import { peerKeyIn } from './peer-key.ts';
import type { Running, Sandbox } from './sandbox.ts';
import { statusOnce } from './status-once.ts';

/** A boss in hand whose machines wait for their hobs. */
export const holdWaitingBoss = (
  sandbox: Sandbox,
  name = 'state',
  options: Pick<HoldOptions, 'listen'> = {},
): Promise<BossInHand> => holdBoss(sandbox, { state: sandbox.at(name), hobCommand: standInHob, ...options });

export interface BookedMachine {
  readonly machine: MachineAdmin;
  readonly id: string;
  /** That nobody has used yet. */
  readonly locator: string;
}

/** Resolves when its hob is awaited. */
export const bookMachine = async (boss: Boss, state: string, name: string): Promise<BookedMachine> => {
  const machine = (await E(boss).createMachine(name, { provider: 'local' })) as MachineAdmin;
  const { id } = await statusOnce(machine, (status) => status.state === 'booting');
  const { directory, state: own } = machineAt(state, id);
  const locator = (await readFile(`${own}/received`, 'utf8')).trim();
  killHob(directory);
  return { machine, id, locator };
};

const entry = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

/** A directory for a hob, as a provider makes it. */
export const makeHobDirectory = async (sandbox: Sandbox, name: string, locator: string): Promise<string> => {
  const { directory, root, state, enrolment } = machinePaths(sandbox.at('hobs', name));
  await mkdir(dirname(directory), { recursive: true });
  for (const path of [directory, root, state]) await mkdir(path, { mode: 0o700 });
  await writeFile(enrolment, `${locator}\n`, { mode: 0o600 });
  return directory;
};

/** The real one. What it logs is on its stderr. */
export const startHob = (sandbox: Sandbox, directory: string): Running =>
  sandbox.start(process.execPath, [entry('../../../src/hob/main.ts'), '--interval', '3600', '--directory', directory]);

/** The real one, which dies at a point: see hob-in-hand.ts. */
export const startDoomedHob = (sandbox: Sandbox, directory: string, point: number): Running =>
  sandbox.start(process.execPath, [entry('hob-in-hand.ts'), String(point), '--directory', directory]);

/** Who the hob of a directory is; it has made its key by then. */
export const hobIn = async (directory: string): Promise<PeerId> =>
  (await peerKeyIn(machinePaths(directory).state)).peerId;

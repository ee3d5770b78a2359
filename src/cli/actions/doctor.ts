/**
 * `gobs doctor`: what is wrong, and what to do. It looks at files here, asks the boss, and has it ask the providers; no hob is asked, and nothing is changed.
 * What cannot be looked at is a finding, too.
 */
import { E } from '@endo/far';
import { dirname } from 'node:path';
import { codeOf, describeError } from '../../errors/gobs-error.ts';
import type { Boss } from '../../protocol/remotes.ts';
import { allMachines, unlessGone } from '../all-machines.ts';
import { withConnection } from '../connect.ts';
import { findStateDirectory, reasonOf } from '../find-boss.ts';
import { inParallel } from '../in-parallel.ts';
import type { CliPowers } from '../powers.ts';
import type { BossPlace } from '../request.ts';
import {
  clockFinding,
  doctorExit,
  factsFindings,
  findingText,
  machineFinding,
  refusalFindings,
  type Finding,
} from '../views/doctor.ts';
import type { Action, Surroundings } from './action.ts';

const here = (code: string, what: string, hint: string): Finding => ({ about: 'here', code, what, hint });

/** Of what may belong to nobody else. Undefined: it is not there, and that is not looked at here. */
const fileFinding = async (path: string, what: string, { fs, uid }: CliPowers): Promise<readonly Finding[]> => {
  try {
    const { mode, uid: owner } = await fs.stat(path);
    if (owner !== uid) {
      return [here('owner', `${path}: ${what} belongs to user ${owner}, and this is ${uid}`, 'run gobs as that user')];
    }
    if ((mode & 0o077) === 0) return [];
    return [here('permissions', `${path}: others can reach ${what}`, `chmod go= ${path}`)];
  } catch (error) {
    return ['ENOENT', 'ENOTDIR'].includes((error as { code?: string }).code ?? '')
      ? []
      : [here('files', `${path}: ${reasonOf(error)}`, 'run gobs as the user that runs the boss')];
  }
};

const SCARCE = 0.05;

/** Of the nearest directory that there is. */
const diskFinding = async (path: string, fs: CliPowers['fs']): Promise<readonly Finding[]> => {
  const space = await fs.statfs(path).catch(() => undefined);
  if (space === undefined) return path === '/' ? [] : diskFinding(dirname(path), fs);
  if (space.blocks === 0 || space.bavail / space.blocks >= SCARCE) return [];
  const percent = Math.floor((100 * space.bavail) / space.blocks);
  return [
    here('disk', `${path}: ${percent} % of the disk is free`, 'make room: a boss that cannot write does nothing'),
  ];
};

const filesFindings = async (at: BossPlace, powers: CliPowers): Promise<readonly Finding[]> => {
  // Of a boss that is elsewhere there are no files here.
  if (at.socket !== undefined || at.connectFile !== undefined) return [];
  const { root, sealingKey, adminLocator } = findStateDirectory(at.state, powers);
  const found = await Promise.all([
    fileFinding(root, 'the state directory', powers),
    fileFinding(sealingKey, 'the sealing key', powers),
    fileFinding(adminLocator, "the admin's locator", powers),
    diskFinding(root, powers.fs),
  ]);
  return found.flat();
};

/** The host part of HOST:PORT. */
const isLoopback = (listen: string): boolean => /^(127\.|localhost:|\[::1\])/.test(listen);

/** Hosts elsewhere do not find a boss that listens for its own host only. */
const listenFinding = async (at: BossPlace, boss: Boss, powers: CliPowers): Promise<readonly Finding[]> => {
  if (at.socket !== undefined || at.connectFile !== undefined) return [];
  const elsewhere = (await E(boss).providers()).find(({ type }) => type !== 'local');
  if (elsewhere === undefined) return [];
  const { bossFile } = findStateDirectory(at.state, powers);
  const text = await powers.fs.readFile(bossFile, 'utf8').catch(() => '{}');
  const listen = String((JSON.parse(text) as { readonly listen?: unknown }).listen ?? '');
  if (!isLoopback(listen)) return [];
  const what = `the boss listens at ${listen}, which hosts of provider ${elsewhere.name} reach through a reverse forwarding only`;
  return [here('ports', what, 'gobs boss --listen HOST:PORT, or reverse: true for its machines')];
};

/** `orphans` asks every provider which machines it has. */
const providerFindings = async (boss: Boss): Promise<readonly Finding[]> => {
  try {
    const orphans = await E(boss).orphans();
    return orphans.map(({ provider, machineId, state }) =>
      here(
        'orphan',
        `provider ${provider} has ${machineId} (${state}), which is no machine of this boss`,
        'remove it there',
      ),
    );
  } catch (error) {
    const { code, message, hint } = describeError(error);
    return [
      here('provider', `${code}: ${message}`, hint ?? 'gobs provider list; look at its settings and its network'),
    ];
  }
};

const machineFindings = async (boss: Boss, powers: CliPowers): Promise<readonly Finding[]> => {
  const { now, version } = powers;
  const statuses = await allMachines(boss);
  const found = await inParallel(statuses, async (status) => {
    const { name } = status;
    const own = machineFinding(status, now());
    const known = await unlessGone(
      (async () => {
        const machine = await E(boss).machine(name);
        const [facts, { report, receivedAt }] = await Promise.all([E(machine).facts(), E(machine).drift()]);
        return { facts, report, receivedAt };
      })(),
    );
    const { facts = null, report = null, receivedAt = null } = known ?? {};
    return [
      ...own,
      ...(report === null || receivedAt === null ? [] : clockFinding(name, report.at, receivedAt)),
      ...(facts === null ? [] : factsFindings(name, facts, version)),
    ];
  });
  return found.flat();
};

const bossFindings = (at: BossPlace, { powers, output }: Surroundings): Promise<readonly Finding[]> =>
  withConnection(at, powers, output, async ({ boss }) => {
    if (boss === undefined) {
      return [here('locator', 'the locator is that of one machine', 'gobs status, or gobs drift, takes it')];
    }
    const found = await Promise.all([
      listenFinding(at, boss, powers),
      providerFindings(boss),
      machineFindings(boss, powers),
      Promise.resolve(E(boss).refusals()).then((refusals) => refusalFindings(refusals, powers.now())),
    ]);
    return found.flat();
  });

/** That there is none, or another, is what a doctor is for. */
const withoutBoss = (error: unknown): readonly Finding[] => {
  const { code, message, hint } = describeError(error);
  const toDo =
    codeOf(error) === 'PROTOCOL_MISMATCH' ? 'use the same version of gobs on both sides' : 'gobs up starts one';
  return [here(code, message, hint ?? toDo)];
};

export const examine: Action<'doctor'> = async ({ at, json }, surroundings) => {
  const { powers, output } = surroundings;
  const files = await filesFindings(at, powers);
  const findings = [...files, ...(await bossFindings(at, surroundings).catch(withoutBoss))];
  if (json) output.json(findings);
  else if (findings.length > 0) output.data(findings.map(findingText).join('\n'));
  else output.note('nothing is wrong');
  return doctorExit(findings);
};
harden(examine);

/**
 * Puts a hob on a host, and takes it away: everything through a shell there, and nothing but a shell.
 *
 *   look ──▶ claim ──▶ runtime? ──▶ hob ──▶ load both ──▶ current ──▶ unit or loop ──▶ start
 *            whose host it is, with the locator           what is started
 *
 * Each step appears whole or not at all and can be repeated, so whatever was killed, here or there, before, within or after any step: `install`
 * again makes it whole, `uninstall` leaves nothing. The claim is the first that is made and the last that goes: a host that is another
 * machine's is told by it, and refused before anything on it is changed. docs/explanation/hosts.md has what is where.
 */
import { createHash } from 'node:crypto';
import { makeError } from '../../../errors/gobs-error.ts';
import type { RemoteRun, RemoteShell } from '../remote-shell.ts';
import type { HobRelease } from './hob-release.ts';
import { ownerNote, pathsOn, unitName, type HostOwner, type HostPlaces } from './host-places.ts';
import { claimScript, endScript, removeScript } from './machine-scripts.ts';
import { isNodeGood, type NodeRuntimes } from './node-runtime.ts';
import {
  deliverScript,
  enableScript,
  finishReleaseScript,
  hasScript,
  pointScript,
  startOwnScript,
  startUnitScript,
  type Delivery,
} from './program-scripts.ts';
import { diskFullError, makeRemoteSteps, takenError } from './remote-steps.ts';
import { superviseText, unitText } from './service-files.ts';
import { readSurvey, type HostSurvey } from './survey.ts';
import { takeOverPath, takeOverScript, takeOverText } from './take-over-script.ts';
import { surveyScript, type SurveyScriptOptions } from './survey-script.ts';

export interface InstallerOptions extends SurveyScriptOptions {
  /** The installer does not close it. Whoever logs in, or becomes with sudo, owns what is put there. */
  readonly shell: RemoteShell;
  /** Whose hob it is to be. */
  readonly machine: HostOwner;
  readonly release: HobRelease;
  readonly runtimes: NodeRuntimes;
  /** The option: path of a `node` on this host, for a host that has none that is good enough. */
  readonly runtime?: string | undefined;
  /** Seconds that a new hob has to reach its boss and report; two minutes, unless told. */
  readonly patience?: number;
}

export interface Removal {
  /** What could not be removed, in words. */
  readonly remains: readonly string[];
}

/**
 * For one machine on one host. Every method may reject with HOST_NOT_MANAGEABLE, PROVIDER_FAILED, or as `RemoteShell.run` does; whoever calls
 * sees to it that one is called at a time.
 */
export interface Installer {
  look(): Promise<HostSurvey>;
  /**
   * When it resolves the hob runs. An enrolled hob stays as it is, and only what is missing is put there. Rejects HOST_TAKEN (nothing was
   * changed), HOST_DISK_FULL, HOST_RUNTIME_UNSUPPORTED too.
   */
  install(locator: string): Promise<void>;
  /**
   * Puts what was deleted there again, as `install` does, if the machine's directory with its state is there. Rejects PROVIDER_FAILED if not, and what
   * `install` does, but HOST_TAKEN.
   */
  start(): Promise<void>;
  /** When it resolves no hob of this machine runs there; also if there is none. */
  stop(): Promise<void>;
  /**
   * Puts our hob beside the one that is there, which it follows once it has reached its boss and reported. `current`: it is there already. Rejects
   * PROVIDER_FAILED if it has not, and the one that was there goes on; what `install` does, but HOST_TAKEN.
   */
  upgrade(): Promise<'upgraded' | 'current'>;
  /** Removes what there is of this machine; nothing, if the host is another's. */
  uninstall(): Promise<Removal>;
}

/** Room for what is written beside files: bytes. */
const SLACK = 16 * 1024 * 1024;
/** For a new store, its log and a report. */
const STATE_NEEDS = 32 * 1024 * 1024;
/** Milliseconds. A large file over a slow line; a hob that finishes what it has begun. */
const DELIVERY_DEADLINE = 30 * 60_000;
const STOP_DEADLINE = 6 * 60_000;
/** Seconds. */
const PATIENCE = 120;

const systemctlOf = ({ service }: HostPlaces): string | undefined => {
  if (service === 'own') return undefined;
  // A session that is no login has no place of its own yet.
  return service === 'system' ? 'systemctl' : 'env "XDG_RUNTIME_DIR=/run/user/$(id -u)" systemctl --user';
};

async function* once(content: Uint8Array): AsyncGenerator<Uint8Array> {
  yield content;
}

export const makeInstaller = (options: InstallerOptions): Installer => {
  const { shell, machine, release, runtimes, runtime: given, patience = PATIENCE } = options;
  const { where } = shell;
  const steps = makeRemoteSteps(shell);

  const look = async (): Promise<HostSurvey> =>
    readSurvey((await shell.run(surveyScript(options))).stdout, machine, where);

  const isOurs = ({ owner }: HostSurvey): boolean => owner !== null && ownerNote(owner) === ownerNote(machine);

  const deliver = async (
    delivery: Delivery,
    what: string,
    input: () => NonNullable<RemoteRun['input']>,
  ): Promise<void> => {
    const room = delivery.path;
    const script = deliverScript(delivery);
    await steps.run(`put ${what} there`, script, { input: input(), room, deadline: DELIVERY_DEADLINE });
  };

  const isThere = async (delivery: Delivery): Promise<boolean> =>
    (await steps.run(`look at ${delivery.path}`, hasScript(delivery), { deadline: STOP_DEADLINE })).trim() === 'whole';

  /** Before anything is written: what will be, and whether there is room. */
  const plan = async ({ places, node, architecture, libc, free }: HostSurvey) => {
    const { hobs, runtimes: runtimesThere } = pathsOn(places);
    const hob: Delivery = {
      path: `${hobs}/${release.name}/gobs-hob.mjs`,
      sha256: release.sha256,
      mode: '644',
      gzip: false,
    };
    const own = node !== null && isNodeGood(node.version) ? node.path : undefined;
    if (own === undefined && given === undefined && libc === 'musl') {
      throw makeError('HOST_RUNTIME_UNSUPPORTED', `${where}: it has musl, and no Node that is new enough`, {
        hint: 'install Node 24 or newer on the host, or name one that runs there with the option runtime',
      });
    }
    const sent = own === undefined ? await runtimes.find(architecture, given) : undefined;
    const program: Delivery | undefined = sent && {
      path: `${runtimesThere}/${sent.name}/node`,
      sha256: sent.sha256,
      mode: '755',
      gzip: true,
    };
    const hasHob = await isThere(hob);
    const hasProgram = program === undefined || (await isThere(program));
    const needed = SLACK + (hasHob ? 0 : release.content.length) + (hasProgram ? 0 : (sent?.bytes ?? 0));
    if (free.programs !== null && free.programs < needed) {
      throw diskFullError(where, places.programs, free.programs, needed);
    }
    if (free.state !== null && free.state < STATE_NEEDS) {
      throw diskFullError(where, places.directory, free.state, STATE_NEEDS);
    }
    return { hob, hasHob, program, hasProgram, sent, node: own ?? program!.path };
  };

  /** The hob that we have, whole beside those that are there. */
  const putRelease = async (survey: HostSurvey, planned: Awaited<ReturnType<typeof plan>>): Promise<void> => {
    const { hob, hasHob, program, hasProgram, sent, node } = planned;
    if (!hasProgram) await deliver(program!, 'its runtime', () => sent!.read());
    if (!hasHob) await deliver(hob, 'the hob', () => once(release.content));
    const script = finishReleaseScript(survey.places, release.name, node);
    const said = (await steps.run('load the hob', script, { room: survey.places.programs })).trim();
    if (said === release.version) return;
    throw makeError('HOST_RUNTIME_UNSUPPORTED', `${where}: the hob cannot be loaded there with ${node}`, {
      hint: 'install Node 24 or newer on the host, or name one that runs there with the option runtime',
    });
  };

  const deliverText = async (path: string, text: string, what: string): Promise<void> => {
    const sha256 = createHash('sha256').update(text).digest('hex');
    await deliver({ path, sha256, mode: '644', gzip: false }, what, () => text);
  };

  const putService = async ({ places }: HostSurvey): Promise<void> => {
    const { unit, supervise } = pathsOn(places);
    const systemctl = systemctlOf(places);
    const [path, text] = systemctl === undefined ? [supervise, superviseText(places)] : [unit, unitText(places)];
    await deliverText(path, text, 'what starts the hob');
    if (systemctl !== undefined) await steps.run(`enable ${unitName}`, enableScript(systemctl), { room: unit });
  };

  const startThere = async ({ places }: HostSurvey): Promise<void> => {
    const systemctl = systemctlOf(places);
    const script = systemctl === undefined ? startOwnScript(places) : startUnitScript(places, systemctl);
    await steps.run('start the hob', script, { room: places.directory, deadline: STOP_DEADLINE });
  };

  const remove = async ({ places }: HostSurvey): Promise<Removal> => {
    const script = removeScript(places, machine, systemctlOf(places));
    const said = await steps.run('remove the hob', script, { deadline: STOP_DEADLINE });
    const lines = said.split('\n').filter((line) => line.startsWith('remains='));
    return harden({ remains: lines.map((line) => line.slice('remains='.length)) });
  };

  const lost = (what: string) =>
    makeError('PROVIDER_FAILED', `${where}: ${what}`, { hint: 'destroy it, and create it again' });

  /** Its key was there, and nobody has another. */
  const requireState = ({ hasState, places }: HostSurvey): void => {
    if (!hasState) throw lost(`the state of the hob of machine ${machine.machineId} is gone from ${places.directory}`);
  };
  const requireWhole = ({ state }: HostSurvey): void => {
    if (state === 'absent' || state === 'broken') throw lost(`there is no whole hob of machine ${machine.machineId}`);
  };

  /** Of a machine that has its directory: all that is to be beside it. */
  const complete = async (survey: HostSurvey, planned: Awaited<ReturnType<typeof plan>>): Promise<void> => {
    const { places, isRunnable, isEnrolling, current } = survey;
    // What is enrolled and can be started is followed by `upgrade` only.
    if (!isRunnable || isEnrolling || current === release.name) {
      await putRelease(survey, planned);
      await steps.run('choose the hob', pointScript(places, release.name), { room: places.programs });
    }
    await putService(survey);
    await startThere(survey);
  };

  const install: Installer['install'] = async (locator) => {
    const found = await look();
    if (found.owner !== null && !isOurs(found)) throw takenError(where, found.owner);
    if (isOurs(found)) requireState(found);
    const survey = found.isRemoving && !isOurs(found) ? (await remove(found), await look()) : found;
    const planned = await plan(survey);
    const { places } = survey;
    await steps.run('make the host its own', claimScript(places, machine), {
      input: `${locator}\n`,
      room: places.directory,
    });
    await complete(survey, planned);
  };

  const start: Installer['start'] = async () => {
    const survey = await look();
    if (isOurs(survey)) requireState(survey);
    if (isOurs(survey) && survey.state === 'broken' && !survey.isRemoving) {
      await complete(survey, await plan(survey));
      return;
    }
    requireWhole(survey);
    await startThere(survey);
  };

  const stop: Installer['stop'] = async () => {
    const survey = await look();
    if (!isOurs(survey)) return;
    await steps.run('stop the hob', endScript(survey.places, machine, systemctlOf(survey.places)), {
      deadline: STOP_DEADLINE,
    });
  };

  const upgrade: Installer['upgrade'] = async () => {
    const survey = await look();
    const { places, current, trying } = survey;
    requireWhole(survey);
    if (current === release.name && trying === null) return 'current';
    await putRelease(survey, await plan(survey));
    await putService(survey);
    if (survey.isEnrolling) {
      // It has no boss yet, and nothing to lose.
      await steps.run('stop the hob', endScript(places, machine, systemctlOf(places)), { deadline: STOP_DEADLINE });
      await steps.run('choose the hob', pointScript(places, release.name), { room: places.programs });
      await startThere(survey);
      return 'upgraded';
    }
    const text = takeOverText({ places, release: release.name, systemctl: systemctlOf(places), patience });
    await deliverText(takeOverPath(places), text, 'what makes the hob take over');
    // Whatever ends it here goes on there.
    const deadline = STOP_DEADLINE + 2 * patience * 1_000;
    await steps.run('make the hob take over', takeOverScript(places), { room: places.directory, deadline });
    return 'upgraded';
  };

  const uninstall: Installer['uninstall'] = async () => {
    const survey = await look();
    if (survey.owner !== null && !isOurs(survey)) return harden({ remains: [] });
    return remove(survey);
  };

  return harden({ look, install, start, stop, upgrade, uninstall });
};
harden(makeInstaller);

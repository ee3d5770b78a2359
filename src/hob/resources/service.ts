/**
 * Does a unit of systemd run, start with the host, may it start at all? See its definition for what a document may say.
 *
 * One question to systemd tells all of it. What cannot be so is told rather than tried: a unit that is not there, that has nothing to enable, that is
 * masked. A unit that goes down again and again does not run, whatever it is doing at the moment. When systemd has not read the unit's file
 * since that changed, it reads it before anything is started.
 */
import { makeError } from '../../errors/gobs-error.ts';
import { plainText } from '../../protocol/plain-text.ts';
import { serviceDefinition, type ServiceResource } from '../../protocol/resources/service.ts';
import { unitOfService } from '../../protocol/resources/unit-name.ts';
import type { Change, Resource } from '../../protocol/shapes.ts';
import type { Circumstances, Host, ResourceType } from './contract.ts';
import { isStale, lookUnit, tellSystemd, type UnitState } from './systemd/units.ts';

const isMasked = ({ LoadState, UnitFileState }: UnitState): boolean =>
  LoadState === 'masked' || UnitFileState.startsWith('masked');

const isRunning = ({ ActiveState, SubState }: UnitState): boolean =>
  ['active', 'reloading', 'refreshing'].includes(ActiveState) ||
  (ActiveState === 'activating' && SubState !== 'auto-restart');

/** For people: `failed (exit-code)`, `activating (auto-restart)`. */
const runningText = ({ ActiveState, SubState, Result }: UnitState): string => {
  const detail = ActiveState === 'failed' ? Result : SubState;
  return plainText(detail === ActiveState || detail === 'dead' ? ActiveState : `${ActiveState} (${detail})`, 100);
};

/** For good, if it is to be; at all, if it is not. */
const isEnabledAs = (enabled: boolean, { UnitFileState }: UnitState): boolean =>
  enabled ? UnitFileState === 'enabled' : UnitFileState.startsWith('enabled');

const changesOf = ({ masked, enabled, running }: ServiceResource, state: UnitState): readonly Change[] => {
  const changes: Change[] = [];
  const maskedText = (value: boolean): string => (value ? 'masked' : 'not masked');
  if (masked !== undefined && masked !== isMasked(state)) {
    changes.push({ what: 'masked', from: maskedText(!masked), to: maskedText(masked) });
  }
  if (enabled !== undefined && enabled !== isEnabledAs(enabled, state)) {
    const from = plainText(state.UnitFileState, 100);
    changes.push({ what: 'enabled', from, to: enabled ? 'enabled' : 'disabled' });
  }
  if (running !== undefined && running !== isRunning(state)) {
    changes.push({ what: 'running', from: runningText(state), to: running ? 'active' : 'inactive' });
  }
  return changes;
};

const ENABLEABLE = harden(['disabled', 'enabled', 'enabled-runtime', 'linked', 'linked-runtime', 'alias']);

const refuse = (wanted: ServiceResource, message: string, hint?: string): Error =>
  makeError('CANNOT_CHANGE', `${wanted.name}: ${message}`, hint === undefined ? {} : { hint });

/** Why it cannot be as wanted; undefined if there is no reason to think so. */
const obstacle = (wanted: ServiceResource, state: UnitState): Error | undefined => {
  const { enabled, running, masked } = wanted;
  if (enabled !== true && running !== true) return undefined;
  const { LoadState, LoadError, UnitFileState, Type, RemainAfterExit } = state;
  if (LoadState === 'not-found') {
    const hint = 'install the package that has it, or make a unit resource, and say after';
    return refuse(wanted, `there is no unit ${unitOfService(wanted.name)}`, hint);
  }
  if (isMasked(state)) {
    return masked === false ? undefined : refuse(wanted, 'it is masked', 'say masked: false if it is not to be');
  }
  if (LoadState !== 'loaded') {
    return refuse(wanted, plainText(`systemd cannot load it: ${LoadState} ${LoadError}`, 300));
  }
  if (enabled === true && !ENABLEABLE.includes(UnitFileState)) {
    const hint = 'a unit is enabled by what its [Install] says; start it from another, or leave out enabled';
    return refuse(wanted, `it has nothing to enable: it is ${plainText(UnitFileState, 40)}`, hint);
  }
  if (running === true && Type === 'oneshot' && RemainAfterExit === 'no' && !isRunning(state)) {
    return refuse(
      wanted,
      'it does its work and ends, so it cannot be running',
      'leave out running, or look after its timer',
    );
  }
  return undefined;
};

const tell = (host: Host, { name }: ServiceResource, ...words: readonly string[]) => tellSystemd(host, name, ...words);

/** Throws with what systemd tells of the unit after it failed to start. */
const start = async (host: Host, wanted: ServiceResource, verb: string): Promise<void> => {
  const unit = unitOfService(wanted.name);
  const hint = `\`journalctl -u ${unit} -n 20\` on the host says more`;
  try {
    await tell(host, wanted, verb, '--', unit);
  } catch (error) {
    const { ActiveState, Result } = await lookUnit(host, wanted.name, unit);
    if (ActiveState !== 'failed' && Result === 'success') throw error;
    throw makeError(
      'CANNOT_CHANGE',
      `${wanted.name}: it did not start: ${plainText(`${ActiveState} (${Result})`, 100)}`,
      { hint },
    );
  }
  // One that ends at once was started all the same, says systemctl.
  const state = await lookUnit(host, wanted.name, unit);
  if (!isRunning(state)) throw refuse(wanted, `it started, and did not stay: ${runningText(state)}`, hint);
};

const mend = async (host: Host, wanted: ServiceResource, changes: readonly Change[]): Promise<void> => {
  const unit = unitOfService(wanted.name);
  const differs = (what: string) => changes.some((change) => change.what === what);
  if (differs('masked') && wanted.masked === false) await tell(host, wanted, 'unmask', '--', unit);
  if (differs('enabled')) await tell(host, wanted, wanted.enabled === true ? 'enable' : 'disable', '--', unit);
  if (differs('running') && wanted.running === true) await start(host, wanted, 'start');
  if (differs('running') && wanted.running === false) await tell(host, wanted, 'stop', '--', unit);
  if (differs('masked') && wanted.masked === true) await tell(host, wanted, 'mask', '--', unit);
};

/** Did it go down by itself? What somebody stopped did not, nor what does its work and ends, which its next start tells. */
const isDown = (state: UnitState): boolean => {
  const { LoadState, ActiveState, SubState, Type, RemainAfterExit } = state;
  if (isMasked(state) || LoadState === 'not-found' || (Type === 'oneshot' && RemainAfterExit === 'no')) return false;
  return ActiveState === 'failed' || (ActiveState === 'activating' && SubState === 'auto-restart');
};

/**
 * What runs is told. What went down is started, or it would stay down since it was told the last time, with nothing owed. What was just started knows
 * already, and what somebody stopped is left so.
 */
const takeNotice = async (host: Host, wanted: ServiceResource): Promise<void> => {
  const state = await lookUnit(host, wanted.name, unitOfService(wanted.name));
  if (!isRunning(state)) {
    if (wanted.running !== false && isDown(state)) await start(host, wanted, 'restart');
    return;
  }
  const reloads = wanted['on-notify'] === 'reload' && state.CanReload === 'yes';
  await start(host, wanted, reloads ? 'reload' : 'restart');
};

export const serviceType: ResourceType = {
  definition: serviceDefinition,
  parallel: true,
  converge: async (resource: Resource, host: Host, apply: boolean, { notified = false }: Circumstances = {}) => {
    const wanted = resource as ServiceResource;
    const unit = unitOfService(wanted.name);
    const state = await lookUnit(host, wanted.name, unit);
    const reason = obstacle(wanted, state);
    if (reason !== undefined) throw reason;
    const changes = changesOf(wanted, state);
    if (!apply || (changes.length === 0 && !notified)) return changes;
    if (isStale(state)) await tell(host, wanted, 'daemon-reload');
    await mend(host, wanted, changes);
    const started = wanted.running === true && changes.some(({ what }) => what === 'running');
    if (notified && !started) await takeNotice(host, wanted);
    return changes;
  },
};
harden(serviceType);

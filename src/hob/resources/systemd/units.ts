/**
 * What systemd knows of a unit, as `systemctl show` tells it: a line `Property=value` for each property that is asked for. That output is the one
 * that is meant for programs (systemctl(1), "show"); the values are those of org.freedesktop.systemd1(5).
 */
import type { Commands } from '../../commands.ts';
import { act, ask } from '../commanding.ts';
import type { Host } from '../contract.ts';

const PROPERTIES = [
  'LoadState',
  'LoadError',
  'ActiveState',
  'SubState',
  'UnitFileState',
  'NeedDaemonReload',
  'CanReload',
  'Type',
  'RemainAfterExit',
  'Result',
] as const;

type Property = (typeof PROPERTIES)[number];

/** What a unit does not have is empty: the `Type` of a timer. */
export type UnitState = Readonly<Record<Property, string>>;

const isProperty = (name: string): name is Property => (PROPERTIES as readonly string[]).includes(name);

export const parseUnit = (output: string): UnitState => {
  const state = Object.fromEntries(PROPERTIES.map((name) => [name, ''])) as Record<Property, string>;
  for (const line of output.split('\n')) {
    const [name, ...rest] = line.split('=');
    if (isProperty(name!)) state[name] = rest.join('=');
  }
  return harden(state);
};
harden(parseUnit);

/** Throws CANNOT_LOOK, beginning with `thing`: also where systemd is not what the host was booted with. */
export const lookUnit = async (host: Host, thing: string, unit: string): Promise<UnitState> => {
  const command = ['systemctl', 'show', '--no-pager', '-p', PROPERTIES.join(','), '--', unit];
  return parseUnit((await ask(host, thing, command)).stdout);
};
harden(lookUnit);

/** Milliseconds: a unit has its own deadlines for starting and stopping, of a minute and a half each if it does not say otherwise. */
const DEADLINE = 10 * 60_000;

/** A verb that changes something. Throws CANNOT_CHANGE, beginning with `thing`. */
export const tellSystemd = async (
  host: Host,
  thing: string,
  ...words: readonly string[]
): ReturnType<Commands['run']> =>
  act(host, thing, ['systemctl', '--quiet', '--no-ask-password', ...words], { deadline: DEADLINE });
harden(tellSystemd);

/** It read its files when they were other than they are now. */
export const isStale = ({ NeedDaemonReload }: UnitState): boolean => NeedDaemonReload === 'yes';
harden(isStale);

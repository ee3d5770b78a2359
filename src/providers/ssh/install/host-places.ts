/**
 * What is where on a host; docs/explanation/hosts.md has the picture. The host itself says where `programs`, `directory` and `units` are
 * (survey-script.ts): it depends on who logs in, and on what is a symlink there.
 */

/** How the hob is kept running: by the host's systemd, by that of the user, or by a loop of our own (service-files.ts). */
export type Service = 'system' | 'user' | 'own';

export interface HostPlaces {
  /** `/opt/gobs`. */
  readonly programs: string;
  /** The machine's directory (protocol/machine-directory.ts): `/var/lib/gobs/hob`. */
  readonly directory: string;
  /** Where systemd looks for units that an admin has put there. */
  readonly units: string;
  readonly service: Service;
}

export const unitName = 'gobs-hob.service';
harden(unitName);

export const pathsOn = ({ programs, directory, units }: HostPlaces) => {
  const parentEnd = directory.lastIndexOf('/');
  return harden({
    programs,
    directory,
    parent: directory.slice(0, parentEnd),
    /** Whose hob it is: one line of JSON. */
    note: `${directory}/machine`,
    removing: `${directory}.removing`,
    hobs: `${programs}/hobs`,
    runtimes: `${programs}/runtimes`,
    /** Leads to the hob that is started. */
    current: `${programs}/current`,
    supervise: `${programs}/supervise`,
    unit: `${units}/${unitName}`,
  });
};
harden(pathsOn);

/** Whose hob is on a host. */
export interface HostOwner {
  readonly machineId: string;
  /** Peer id. */
  readonly boss: string;
}

/** As it is written on the host; two owners are one if this is the same. */
export const ownerNote = ({ machineId, boss }: HostOwner): string => JSON.stringify({ machineId, boss });
harden(ownerNote);

/** Undefined for what is no such note. */
export const parseOwner = (text: string): HostOwner | undefined => {
  try {
    const { machineId, boss } = JSON.parse(text) as Partial<HostOwner>;
    return typeof machineId === 'string' && typeof boss === 'string' ? harden({ machineId, boss }) : undefined;
  } catch {
    return undefined;
  }
};
harden(parseOwner);

/** Where the machine's directory is made, before it is there whole. Whoever makes one at the same time makes another. */
export const makingPath = (directory: string, { machineId, boss }: HostOwner): string =>
  `${directory}.making.${machineId}.${boss.slice(0, 16)}`;
harden(makingPath);

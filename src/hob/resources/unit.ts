/**
 * A unit file of systemd, or a drop-in. The file is kept as any other is (file.ts). systemd reads its files when it is told to: after each change that
 * is made here, and whenever it says that a file is newer than what it read, which is so after a hob was killed between the two.
 */
import { makeError } from '../../errors/gobs-error.ts';
import { plainText } from '../../protocol/plain-text.ts';
import { unitDefinition, unitPath, type UnitResource } from '../../protocol/resources/unit.ts';
import type { Change, Resource } from '../../protocol/shapes.ts';
import { ask } from './commanding.ts';
import type { Host, ResourceType } from './contract.ts';
import { fileType } from './file.ts';
import { lookUnit, tellSystemd } from './systemd/units.ts';

const fileOf = (wanted: UnitResource): Resource => {
  const file = { id: wanted.id, type: 'file', path: unitPath(wanted) };
  if (wanted.absent === true) return { ...file, absent: true };
  return { ...file, content: wanted.content!, mode: wanted.mode ?? '0644', owner: '0:0' };
};

const isTemplate = (name: string): boolean => name.includes('@.');

/** A template is none that systemd loads; its instances are. */
const isStale = async (host: Host, { name }: UnitResource): Promise<boolean> => {
  const units = name.replace('@.', '@*.');
  const { stdout } = await ask(host, name, ['systemctl', 'show', '--no-pager', '-p', 'NeedDaemonReload', '--', units]);
  return stdout.split('\n').includes('NeedDaemonReload=yes');
};

const requireLoadable = async (host: Host, { name }: UnitResource): Promise<void> => {
  const { LoadState, LoadError } = await lookUnit(host, name, name);
  if (LoadState !== 'error' && LoadState !== 'bad-setting') return;
  throw makeError('CANNOT_CHANGE', plainText(`${name}: systemd cannot load it: ${LoadError}`, 400), {
    hint: `\`systemctl status ${name}\` on the host says more`,
  });
};

export const unitType: ResourceType = {
  definition: unitDefinition,
  converge: async (resource: Resource, host: Host, apply: boolean) => {
    const wanted = resource as UnitResource;
    // Asked first, so that nothing is written where there is no systemd.
    const stale = await isStale(host, wanted);
    const changes: Change[] = [...(await fileType.converge(fileOf(wanted), host, apply))];
    if (stale && changes.length === 0) changes.push({ what: 'read by systemd', from: 'an older one', to: 'this one' });
    if (apply && changes.length > 0) await tellSystemd(host, wanted.name, 'daemon-reload');
    if (wanted.absent !== true && !isTemplate(wanted.name) && (apply || changes.length === 0)) {
      await requireLoadable(host, wanted);
    }
    return changes;
  },
};
harden(unitType);

/** What hosts say of themselves, for people. Information, never authority. Pure. */
import type { Facts } from '../../protocol/shapes.ts';
import { moment, renderFields, renderTable } from '../tables.ts';

/** null: its hob was never here. */
export interface KnownFacts {
  readonly name: string;
  readonly facts: Facts | null;
}

const size = (bytes: number): string => {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  const power = bytes > 0 ? Math.min(units.length - 1, Math.floor(Math.log2(bytes) / 10)) : 0;
  return `${(bytes / 1024 ** power).toFixed(power === 0 ? 0 : 1)} ${units[power]}`;
};

export const factFields = (facts: Facts): [string, unknown][] => [
  ['system', `${facts.os}, kernel ${facts.kernel}, ${facts.architecture}`],
  ['host name', facts.hostname],
  ['processors', `${facts.cpu.count} × ${facts.cpu.model}`],
  ['memory', `${size(facts.memory.free)} free of ${size(facts.memory.total)}`],
  ['disk', `${size(facts.disk.free)} free of ${size(facts.disk.total)}`],
  ['addresses', facts.addresses.join(', ')],
  ['booted', moment(facts.bootTime)],
  ['hob', facts.hob],
];
harden(factFields);

/** Of one machine. */
export const factsText = ({ name, facts }: KnownFacts): string =>
  renderFields([['name', name], ...(facts === null ? [] : factFields(facts))]);
harden(factsText);

/** Of several: a row for each, with what tells hosts apart. */
export const factsTable = (known: readonly KnownFacts[]): string =>
  renderTable(
    ['NAME', 'HOST NAME', 'SYSTEM', 'KERNEL', 'ARCHITECTURE', 'MEMORY', 'DISK FREE', 'BOOTED', 'HOB'],
    known.map(({ name, facts }) =>
      facts === null
        ? [name, '', '', '', '', '', '', '', '']
        : [
            name,
            facts.hostname,
            facts.os,
            facts.kernel,
            facts.architecture,
            size(facts.memory.total),
            size(facts.disk.free),
            moment(facts.bootTime),
            facts.hob,
          ],
    ),
  );
harden(factsTable);

/** What `gobs store verify` says. */
import type { Verification } from '../../persistence/verify.ts';
import { counted } from '../../protocol/counted.ts';
import { printable } from '../../protocol/printable.ts';

/** A line for each finding, printable. */
export const findingLines = ({ findings, more }: Verification): readonly string[] => [
  ...findings.map(({ code, key, message }) =>
    printable(key === null ? `${code}: ${message}` : `${code}: row ${key}: ${message}`),
  ),
  ...(more === 0 ? [] : [`and ${more} more`]),
];
harden(findingLines);

/** One line. Of a backup that is damaged, what comes after that place was not read. */
export const verifiedText = (where: string, { rows, references, findings, more }: Verification): string => {
  const found = findings.length + more;
  const read = `${counted(rows, 'row')}, ${counted(references, 'actor')} referred to`;
  if (found === 0) return `${where}: ${read}: all is well`;
  const end = findings.some(({ code }) => code === 'BACKUP_DAMAGED') ? '; it was not read beyond the damage' : '';
  return `${where}: ${read}: ${counted(found, 'finding')}${end}`;
};
harden(verifiedText);

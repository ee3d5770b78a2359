/** What `gobs store verify` says. */
import type { Verification } from '../../persistence/verify.ts';
import { printable } from '../../protocol/printable.ts';

/** A line for each finding, printable. */
export const findingLines = ({ findings, more }: Verification): readonly string[] => [
  ...findings.map(({ code, key, message }) =>
    printable(key === null ? `${code}: ${message}` : `${code}: row ${key}: ${message}`),
  ),
  ...(more === 0 ? [] : [`and ${more} more`]),
];
harden(findingLines);

const plural = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`;

/** One line. */
export const verifiedText = (where: string, { rows, references, findings, more }: Verification): string => {
  const found = findings.length + more;
  const read = `${plural(rows, 'row')}, ${plural(references, 'actor')} referred to`;
  return found === 0 ? `${where}: ${read}: all is well` : `${where}: ${read}: ${plural(found, 'finding')}`;
};
harden(verifiedText);

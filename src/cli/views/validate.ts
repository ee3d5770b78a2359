/** What `gobs validate` found in a document. Pure. */
import { counted } from '../../protocol/counted.ts';
import { printable } from '../../protocol/printable.ts';
import type { ReadDocument } from '../fleet-document.ts';
import { faultText } from '../fleet-source.ts';

export type Validated = ReadDocument & { readonly file: string };

/** Lines that a person reads; `--json` has all. */
const MOST_LINES = 100;

/** A line for each fault, as compilers say it, with its hint; or one that nothing is wrong. */
export const validationText = ({ file, document, faults }: Validated): string => {
  if (document !== undefined) {
    const { machines, roles, providers } = document;
    const parts = [
      counted(machines.length, 'machine'),
      ...(roles === 0 ? [] : [counted(roles, 'role')]),
      ...(providers.length === 0 ? [] : [counted(providers.length, 'provider')]),
    ];
    return `gobs: ${file}: ${parts.join(', ')}; nothing is wrong`;
  }
  const lines = faults
    .slice(0, MOST_LINES)
    .map((fault) => printable(`${faultText(fault)}${fault.hint === undefined ? '' : ` (${fault.hint})`}`));
  const more = faults.length - lines.length;
  return [...lines, ...(more === 0 ? [] : [`${printable(file)}: and ${more} more`])].join('\n');
};
harden(validationText);

/** One element of `validate --json`. */
export const validationRecord = ({ file, faults = [] }: Validated): unknown => ({
  file,
  sound: faults.length === 0,
  faults: faults.map(({ line, path, message, hint = null }) => ({ line, path, message, hint })),
});
harden(validationRecord);

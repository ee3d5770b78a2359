/** Secrets as one round on the host uses them: opened when a resource asks, and in nothing that is reported. */
import { makeError } from '../errors/gobs-error.ts';
import { plainText } from '../protocol/plain-text.ts';
import { reportLimits, type Findings, type ResourceReport } from '../protocol/shapes.ts';
import { copyContext, type SealedCopies } from './secret-copies.ts';

export interface OpenedSecrets {
  /** As in Host. */
  secretOf(name: string): string;
  /** The findings without a text that was asked for: a resource shows none, and this is for one that does by mistake, in a tool's words. */
  hide(findings: Findings): Findings;
}

const HIDDEN = '[secret]';
/** Of a shorter one there would be nothing left of a report. */
const SHORTEST_HIDDEN = 6;

/** Where there are none. */
export const noSecretOf = (name: string): never => {
  throw makeError('CANNOT_LOOK', `the secret ${name} is not here yet`, {
    hint: 'the boss has not been reached since it is wanted, or has none of that name',
  });
};
harden(noSecretOf);

/** `unseal`: of src/sealing. */
export const openSecrets = (
  copies: SealedCopies,
  unseal: (context: string, sealed: string) => string,
): OpenedSecrets => {
  const lines = new Set<string>();
  const secretOf = (name: string): string => {
    const copy = Object.hasOwn(copies, name) ? copies[name] : undefined;
    if (copy === undefined) return noSecretOf(name);
    const text = unseal(copyContext(name, copy.version), copy.secret.sealed);
    for (const line of text.split('\n')) {
      const shown = plainText(line, reportLimits.text);
      if (shown.length >= SHORTEST_HIDDEN) lines.add(shown);
    }
    return text;
  };
  const hidden = (text: string): string => [...lines].reduce((shown, line) => shown.replaceAll(line, HIDDEN), text);
  const hide = (report: ResourceReport): ResourceReport => ({
    ...report,
    ...(report.why === undefined ? {} : { why: hidden(report.why) }),
    ...(report.changes === undefined
      ? {}
      : {
          changes: report.changes.map(({ what, from, to }) => ({
            what: hidden(what),
            from: hidden(from),
            to: hidden(to),
          })),
        }),
  });
  return harden({
    secretOf,
    hide: (findings: Findings) =>
      lines.size === 0 ? findings : harden({ ...findings, resources: findings.resources.map(hide) }),
  });
};
harden(openSecrets);

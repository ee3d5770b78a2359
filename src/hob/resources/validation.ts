/** A command that must find a new file well before it takes its place: `["visudo", "-cf", "{file}"]`. */
import { makeError } from '../../errors/gobs-error.ts';
import { filePlaceholder } from '../../protocol/resources/command-rules.ts';
import { commandsOf, sayingOf } from './commanding.ts';
import type { Host } from './contract.ts';

/** Milliseconds. */
const DEADLINE = 60_000;

/**
 * What RootedFiles.replace asks about the candidate. Throws CANNOT_LOOK at once where the hob has no commands, and VALIDATION_FAILED, with the end of what the
 * command said, if it does not end with 0. `quotable`: may whoever reads reports read what it says about the content?
 */
export const makeValidation = (
  path: string,
  command: readonly string[],
  host: Host,
  quotable: boolean,
): ((candidate: string) => Promise<void>) => {
  const commands = commandsOf(host, path);
  return async (candidate) => {
    const words = command.map((word) => word.replaceAll(filePlaceholder, candidate));
    const outcome = await commands.run(words, { deadline: DEADLINE });
    if (outcome.code === 0) return;
    // Its name is another each time, and says nothing to anybody.
    const named = (text: string): string => (quotable ? text.replaceAll(candidate, filePlaceholder) : '');
    const said = sayingOf({ ...outcome, stdout: named(outcome.stdout), stderr: named(outcome.stderr) }, words[0]!);
    throw makeError('VALIDATION_FAILED', `${path}: not replaced, as what was to take its place is not valid: ${said}`, {
      ...(quotable ? {} : { hint: 'what it said is not shown: not everybody on the host may read the file' }),
    });
  };
};
harden(makeValidation);

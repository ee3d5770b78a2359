/**
 * What somebody has to vouch for before a machine is made, such as the key of a host that nobody pinned. On a terminal it is asked, and no is the
 * answer unless somebody says yes; elsewhere nobody can say it, so it is an error that says how to say it beforehand.
 */
import { E } from '@endo/far';
import { makeError } from '../../errors/gobs-error.ts';
import { printable } from '../../protocol/printable.ts';
import type { Boss } from '../../protocol/remotes.ts';
import type { MachineSpec } from '../../protocol/shapes.ts';
import type { Surroundings } from './action.ts';

type Options = NonNullable<MachineSpec['options']>;

/** One thing after another may turn up: the key of each host on the way. */
const MOST_ROUNDS = 12;

/**
 * The options with what was confirmed among them. Rejects HOST_KEY_UNKNOWN where there is nobody to ask, and where the answer was no; and as the provider
 * does, which may have to look. Nothing was made by then.
 */
export const confirmOptions = async (
  boss: Boss,
  name: string,
  provider: string,
  options: Options,
  { powers }: Surroundings,
): Promise<Options> => {
  let confirmed = options;
  for (let round = 0; round < MOST_ROUNDS; round += 1) {
    const open = await E(boss).confirmations(provider, confirmed);
    if (open.length === 0) return confirmed;
    for (const { option, value, question, hint } of open) {
      const asked = printable(`${name}: ${question}`);
      if (powers.stdin.isTTY !== true || !powers.stderr.isTTY) {
        throw makeError('HOST_KEY_UNKNOWN', `${asked} There is nobody to ask`, { hint });
      }
      const answer = await powers.ask(`${asked} [y/N] `);
      if (!/^\s*y(es)?\s*$/i.test(answer)) {
        throw makeError('HOST_KEY_UNKNOWN', `${name}: nobody said yes, so nothing was made`, { hint });
      }
      confirmed = harden({ ...confirmed, [option]: value });
    }
  }
  throw makeError('PROVIDER_FAILED', `${name}: the provider ${provider} asks without end`);
};
harden(confirmOptions);

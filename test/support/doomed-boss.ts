/**
 * Run as `node doomed-boss.ts <base directory> <effects> <method>...`: a process that creates machine m1 in a local provider, or
 * destroys it, and kills itself with SIGKILL in front of the effect after that many; `Infinity` lets it live.
 */
import '../../src/lockdown.ts';
import process from 'node:process';
import { makeLocalProvider } from '../../src/providers/local/local-provider.ts';
import type { Life } from './life.ts';
import { localPowers } from './local-world.ts';
import { mortalPowers } from './mortal-powers.ts';
import { machineRef } from './machine-ref.ts';

const [, , base = '', last = '', ...methods] = process.argv;
let effects = 0;
const life: Life = {
  look: () => undefined,
  effect: () => {
    if (effects >= Number(last)) process.kill(process.pid, 'SIGKILL');
    effects += 1;
  },
  end: () => undefined,
  get effects() {
    return effects;
  },
  ended: false,
};
const driver = makeLocalProvider(mortalPowers(localPowers(base), life));
const request = harden({ machineId: 'm1', name: 'm1', options: {}, locator: 'gobs://x.tls/s/secret' });
for (const method of methods) {
  if (method === 'create') await driver.create(request);
  else await driver.destroy(machineRef('m1'));
}

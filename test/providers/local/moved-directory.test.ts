/** With the hob itself: that it stays where it was started is part of what is tried. */
import { existsSync } from 'node:fs';
import { readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { machinePaths, parseHobPid } from '../../../src/protocol/machine-directory.ts';
import { makeLocalProvider } from '../../../src/providers/local/local-provider.ts';
import { requestFor } from '../../contracts/provider.ts';
import { killAll, localPowers, makeLocalWorld } from '../../support/local-world.ts';
import { machineRef } from '../../support/machine-ref.ts';

const hobCommand = [process.execPath, fileURLToPath(new URL('../../../src/hob/main.ts', import.meta.url))];
const toEnd: number[] = [];
afterEach(() => killAll(toEnd.splice(0)));

const runs = (pid: number): boolean => existsSync(`/proc/${pid}`);

describe('a state directory that was moved while its hobs ran', () => {
  it('has its hobs ended by stop and by destroy', async () => {
    const world = await makeLocalWorld();
    try {
      const first = makeLocalProvider(localPowers(world.base, hobCommand));
      const pids: number[] = [];
      for (const machineId of ['m1', 'm2']) {
        await first.create(requestFor(world, machineId));
        const { pid } = parseHobPid(await readFile(machinePaths(join(world.base, machineId)).hobPid, 'utf8'))!;
        pids.push(pid);
        toEnd.push(pid);
      }
      // While it starts, a hob still opens its things by their old names.
      for (const machineId of ['m1', 'm2']) {
        const { log } = machinePaths(join(world.base, machineId));
        while (!(await readFile(log, 'utf8')).includes('the hob works')) await new Promise(setImmediate);
      }
      await rename(world.base, `${world.base}-moved`);

      const second = makeLocalProvider(localPowers(`${world.base}-moved`, hobCommand));
      expect(await second.list()).toEqual([
        { machineId: 'm1', state: 'running' },
        { machineId: 'm2', state: 'running' },
      ]);
      await second.stop(machineRef('m1'));
      expect(pids.map(runs)).toEqual([false, true]);
      await second.destroy(machineRef('m2'));
      expect(pids.map(runs)).toEqual([false, false]);
      expect(await second.list()).toEqual([{ machineId: 'm1', state: 'stopped' }]);
    } finally {
      await killAll(toEnd);
      await world.close();
    }
  });
});

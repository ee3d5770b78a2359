/** On a table of processes that is made up, for what cannot be brought about with real ones. */
import { describe, expect, it } from 'vitest';
import { makeHobSearch } from '../../../src/providers/local/hob-search.ts';
import type { ProcessTable, RunningProcess } from '../../../src/providers/local/process-table.ts';

const directory = '/m/m1';
const hob: RunningProcess = {
  pid: 7,
  startTime: 100,
  uid: 1000,
  leadsSession: true,
  argv: ['node', 'hob', '--directory', directory],
  cwd: directory,
};

const searchAmong = (running: readonly RunningProcess[], note: string | undefined) => {
  const processes: ProcessTable = {
    look: async (pid) => running.find((one) => one.pid === pid),
    search: async (accept) => running.filter(({ argv }) => accept(argv)),
  };
  return makeHobSearch({ read: async () => note, processes, uid: 1000 });
};

const noteOf = ({ pid, startTime }: RunningProcess) => JSON.stringify({ pid, startTime });

describe('the hobs of a directory', () => {
  it('are found once, by note and by command line', async () => {
    expect(await searchAmong([hob], noteOf(hob)).find(directory)).toEqual([hob]);
    expect(await searchAmong([hob], undefined).find(directory)).toEqual([hob]);
    const other = { ...hob, pid: 8 };
    expect(await searchAmong([other, hob], noteOf(hob)).find(directory)).toEqual([hob, other]);
  });

  it('have not ended as long as one runs, but have when its number is another process', async () => {
    expect(await searchAmong([hob], undefined).anyRuns([{ ...hob, pid: 9 }, hob])).toBe(true);
    expect(await searchAmong([{ ...hob, startTime: 101 }], undefined).anyRuns([hob])).toBe(false);
    expect(await searchAmong([], undefined).anyRuns([hob])).toBe(false);
  });

  it('run if there is one that has the lock, or one that is on its way to it', async () => {
    const byHand = { ...hob, leadsSession: false };
    expect(await searchAmong([byHand], noteOf(hob)).runs(directory)).toBe(true);
    expect(await searchAmong([byHand], undefined).runs(directory)).toBe(false);
    expect(await searchAmong([hob], undefined).runs(directory)).toBe(true);
    expect(await searchAmong([hob], undefined).runs('/m/m2')).toBe(false);
  });

  it('are found in a directory that was moved, but not in its copy', async () => {
    const moved = '/elsewhere/m1';
    expect(await searchAmong([{ ...hob, cwd: moved }], noteOf(hob)).find(moved)).toHaveLength(1);
    expect(await searchAmong([{ ...hob, cwd: moved, startTime: 101 }], noteOf(hob)).find(moved)).toEqual([]);
    expect(await searchAmong([{ ...hob, cwd: moved }], undefined).find(moved)).toEqual([]);
    expect(await searchAmong([{ ...hob, cwd: moved, uid: 0 }], noteOf(hob)).find(moved)).toEqual([]);
    expect(await searchAmong([hob], noteOf(hob)).find(moved)).toEqual([]);
  });

  it("are told apart from another user's", async () => {
    const foreign = { ...hob, uid: 0 };
    expect(await searchAmong([foreign], noteOf(hob)).find(directory)).toEqual([]);
    expect([...(await searchAmong([foreign], undefined).directories())]).toEqual([]);
  });
});

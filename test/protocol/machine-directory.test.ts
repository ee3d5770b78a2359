import { readFileSync } from 'node:fs';
import process from 'node:process';
import { describe, expect, it } from 'vitest';
import {
  directoryAtEnd,
  formatHobPid,
  machinePaths,
  namesDirectory,
  parseHobPid,
  parseProcessStat,
} from '../../src/protocol/machine-directory.ts';

describe("a process's stat", () => {
  it('is read of this process', () => {
    const stat = parseProcessStat(readFileSync('/proc/self/stat', 'utf8'));
    expect(stat?.pid).toBe(process.pid);
    expect(stat?.startTime).toBeGreaterThan(0);
  });

  it('is read with blanks and brackets in the name of the command', () => {
    const text = '42 (a) Z 1 (b c) S 1 40 41 0 -1 4194304 1 2 3 4 5 6 7 8 20 0 11 0 98765 1000 200\n';
    expect(parseProcessStat(text)).toEqual({ pid: 42, state: 'S', session: 41, startTime: 98_765 });
  });

  it.each(['', '42', '42 (cut) S 1', 'x (y) S 1 40 41 0 -1'])('is not made up from %j', (text) => {
    expect(parseProcessStat(text)).toBeUndefined();
    expect(() => formatHobPid(text)).toThrow(TypeError);
  });
});

describe('the note of who has the lock', () => {
  it('is read as it was written', () => {
    const self = readFileSync('/proc/self/stat', 'utf8');
    const { pid, startTime } = parseProcessStat(self)!;
    expect(parseHobPid(formatHobPid(self))).toEqual({ pid, startTime });
  });

  it.each(['', '12', 'null', '{}', '{"pid":"12","startTime":1}', '{"pid":12}', '{"pid":1.5,"startTime":1}'])(
    'is nobody if it is %j',
    (text) => {
      expect(parseHobPid(text)).toBeUndefined();
    },
  );
});

describe('a command line', () => {
  it('names the directory that follows the flag, and no other', () => {
    expect(namesDirectory(['node', 'hob', '--directory', '/m/m1', '--json'], '/m/m1')).toBe(true);
    expect(namesDirectory(['node', 'hob', '--directory', '/m/m10'], '/m/m1')).toBe(false);
    expect(namesDirectory(['node', '/m/m1', '--directory'], '/m/m1')).toBe(false);
  });

  it('ends with a directory or does not', () => {
    expect(directoryAtEnd(['node', 'hob', '--directory', '/m/m1'])).toBe('/m/m1');
    expect(directoryAtEnd(['node', 'hob', '--directory', '/m/m1', '--json'])).toBeUndefined();
    expect(directoryAtEnd(['/m/m1'])).toBeUndefined();
    expect(directoryAtEnd([])).toBeUndefined();
  });

  it('and paths: what is where in the directory of a machine is written on disk, so it stays', () => {
    expect(machinePaths('/m/m1')).toEqual({
      directory: '/m/m1',
      root: '/m/m1/root',
      state: '/m/m1/state',
      takingOver: '/m/m1/taking-over',
      takenOver: '/m/m1/taken-over',
      sealingKey: '/m/m1/state/sealing-key',
      owed: '/m/m1/state/owed',
      store: '/m/m1/state/store',
      enrolment: '/m/m1/enrolment',
      hobPid: '/m/m1/hob.pid',
      log: '/m/m1/hob.log',
    });
  });
});

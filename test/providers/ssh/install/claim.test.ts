/** A machine's directory is made on a host, with the locator whole or not at all. */
import { execFile } from 'node:child_process';
import { mkdir, readFile, readdir } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { claimScript } from '../../../../src/providers/ssh/install/machine-scripts.ts';
import { makeSandbox, type Sandbox } from '../../../support/e2e/sandbox.ts';

const owner = { machineId: 'm1', boss: 'b'.repeat(52) };

let sandbox: Sandbox;
let directory: string;
beforeEach(async () => {
  sandbox = await makeSandbox();
  directory = sandbox.at('var/hob');
  await mkdir(sandbox.at('var'));
});
afterEach(() => sandbox.end());

/** Resolves with what it ends with. */
const claim = (input: string): Promise<number> =>
  new Promise((resolve) => {
    const places = { programs: sandbox.at('opt'), directory, units: sandbox.at('units'), service: 'own' } as const;
    const child = execFile('sh', ['-c', claimScript(places, owner)], (error) => resolve(Number(error?.code ?? 0)));
    child.stdin!.end(input);
  });

describe('a claim', () => {
  test.each([
    ['nothing', ''],
    ['an empty line', '\n'],
    ['a part', 'gobs://wh'],
  ])('of which %s came makes nothing', async (_, input) => {
    expect(await claim(input)).not.toBe(0);
    expect(await readdir(sandbox.at('var'))).toEqual([]);
  });

  test.each([
    ['nothing', ''],
    ['an empty line', '\n'],
    ['a part', 'gobs://ano'],
  ])('of which %s came leaves the locator that is there', async (_, input) => {
    expect(await claim('gobs://whole\n')).toBe(0);
    expect(await claim(input)).not.toBe(0);
    expect(await readFile(`${directory}/enrolment`, 'utf8')).toBe('gobs://whole\n');
    expect(await claim('gobs://another\n')).toBe(0);
    expect(await readFile(`${directory}/enrolment`, 'utf8')).toBe('gobs://another\n');
  });
});

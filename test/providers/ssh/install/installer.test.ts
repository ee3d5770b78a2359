/** A hob is put on a host, kept, and taken away: real shells, real hobs, a real boss; the host is a directory of this one (installer-scene.ts). */
import { readFile } from 'node:fs/promises';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { parseLocator } from '../../../../src/captp/locator.ts';
import { readHobRelease, type HobRelease } from '../../../../src/providers/ssh/install/hob-release.ts';
import { makeHobBundle } from '../../../support/hob-bundle.ts';
import { bookMachine, holdWaitingBoss, type BookedMachine } from '../../../support/e2e/booked-machine.ts';
import { makeSandbox, type Sandbox } from '../../../support/e2e/sandbox.ts';
import { isWell, statusOnce } from '../../../support/e2e/status-once.ts';
import { hobFile, makeInstallerScene, type InstallerScene } from './installer-scene.ts';

let sandbox: Sandbox;
let scene: InstallerScene;
let booked: BookedMachine;
let release: HobRelease;
beforeAll(async () => {
  await makeHobBundle();
  release = await readHobRelease({ readFile }, hobFile);
});
beforeEach(async () => {
  sandbox = await makeSandbox();
  scene = await makeInstallerScene(sandbox, release);
  const held = await holdWaitingBoss(sandbox);
  booked = await bookMachine(await held.admin(), held.state, 'web1');
});
afterEach(() => sandbox.end());

const installer = () => scene.installer({ machineId: booked.id, boss: parseLocator(booked.locator).peerId });

describe('a host with nothing on it', () => {
  test('is seen as that', async () => {
    expect(await installer().look()).toMatchObject({ state: 'absent', owner: null, releases: [], current: null });
    expect(await scene.tree()).toEqual([]);
  });

  test('gets a hob, which enrols, and which can be stopped, started and taken away', async () => {
    const { look, install, stop, start, uninstall } = installer();
    await install(booked.locator);
    expect(await look()).toMatchObject({ state: 'running', current: scene.release.name });
    await statusOnce(booked.machine, isWell);
    await stop();
    expect(await look()).toMatchObject({ state: 'stopped' });
    await start();
    expect(await look()).toMatchObject({ state: 'running', isEnrolling: false });
    await statusOnce(booked.machine, isWell);
    expect(await uninstall()).toEqual({ remains: [] });
    expect((await scene.tree()).filter((path) => /gobs|hob/.test(path))).toEqual([]);
    expect(await look()).toMatchObject({ state: 'absent' });
  });
});

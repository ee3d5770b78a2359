/** What a hob does about secrets that its desired state names: asks, seals, keeps, and hands over to who works on the host. */
import { Far } from '@endo/pass-style';
import { beforeEach, describe, expect, test } from 'vitest';
import { makeError } from '../../src/errors/gobs-error.ts';
import { hobKind, type HobFacets, type HostDriver } from '../../src/hob/hob-kind.ts';
import { newHobPortrait } from '../../src/hob/hob-portrait.ts';
import { copyContext } from '../../src/hob/secret-copies.ts';
import { makeMemoryStore, type MemoryStore } from '../../src/persistence/memory-store.ts';
import type { WantedState } from '../../src/protocol/shapes.ts';
import { makeSeal } from '../../src/sealing/seal.ts';
import { cellKind } from '../../src/vats/actor-lib/cell.ts';
import { E } from '../../src/vats/eventual-send.ts';
import { someFacts } from '../support/boss-world.ts';
import { openTestKernel, type TestKernel } from '../support/test-kernel.ts';
import { until } from '../support/until.ts';

const seal = makeSeal(new Uint8Array(32).fill(9));
const peer = 'a'.repeat(52);

const wantedState = (generation: number, secrets: Readonly<Record<string, string>>): WantedState =>
  harden({
    ...{ generation, digest: `digest of ${generation}`, policy: 'report', resources: [{ id: 'a', type: 'noop' }] },
    secrets,
  } as const);

type Job = Parameters<HostDriver['reconcile']>[0];
let store: MemoryStore;
let kernel: TestKernel;
let control: HobFacets['control'];
let hob: HobFacets['hob'];
let jobs: Job[];
let asked: string[];
let told: number;
let bossIsAway: boolean;
/** What the boss waits for before it answers with a secret. */
let answering: Promise<void>;
let wanted: WantedState;
/** What the boss has, by name. */
let texts: Record<string, unknown>;

const open = async (): Promise<void> => {
  kernel = openTestKernel(store);
  kernel.setRouter('peer', {
    deliver: async (_name, method, args) => {
      if (bossIsAway) throw makeError('PEER_UNREACHABLE', 'the boss is away');
      if (method === 'attach' || method === 'pull') return wanted;
      if (method === 'report') {
        told += 1;
        return 'newest';
      }
      if (method !== 'secret') return undefined;
      asked.push(args[0] as string);
      await answering;
      const answer = texts[args[0] as string];
      if (answer === undefined) throw makeError('NO_SUCH_SECRET', 'there is no such secret');
      return answer as never;
    },
  });
  const vat = kernel.openVat('hob');
  const driver = Far('HostDriver', {
    reconcile: (job: Job) => {
      jobs.push(job);
      const { generation, resources } = job.desired;
      const here = Object.keys(job.secrets ?? {}).length === Object.keys(wanted.secrets!).length;
      const state = here ? 'ok' : 'unknown';
      return harden({
        ...{ generation, reason: job.reason, at: jobs.length },
        resources: resources.map(({ id, type }) => ({ id, type, state })),
      });
    },
    facts: () => someFacts,
  });
  const log = Far('HobLog', { warn: () => {} });
  vat.register(hobKind, { driver, log, seal: seal.seal } as never);
  vat.register(cellKind, {});
  const made = vat.makeOnce('hob', ({ spawn, makeMap }) => spawn(hobKind, newHobPortrait(makeMap)).control);
  control = (await made) as HobFacets['control'];
  hob = kernel.refOf(kernel.nameOf(control)!.replace('/control', '/hob')) as HobFacets['hob'];
};

const attach = async (): Promise<void> => {
  const where = harden({ peerId: peer, scheme: 'tls', address: { host: 'h', port: '1' } });
  await E(control).enrolled(kernel.refOf(`peer:${peer}/1`) as never, where);
  await E(control).attach();
  await reported(1);
};
const reported = async (times: number): Promise<void> => {
  await until(() => told >= times);
  await kernel.idle();
};
const push = async (next: WantedState): Promise<void> => {
  wanted = next;
  const before = told;
  await E(hob).push(next);
  await reported(before + 1);
};
/** What the last job could read. */
const opened = (): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(jobs.at(-1)!.secrets!).map(([name, { version, secret }]) => [
      name,
      seal.unseal(copyContext(name, version), secret.sealed),
    ]),
  );
const stored = (): string => JSON.stringify(store.entries());

beforeEach(async () => {
  store = makeMemoryStore();
  [jobs, asked, told, bossIsAway] = [[], [], 0, false];
  answering = Promise.resolve();
  wanted = wantedState(1, { token: 'v1' });
  texts = { token: harden({ version: 'v1', text: 'canary one' }) };
  await open();
});

describe('a secret that is wanted', () => {
  test('is asked for once, kept sealed, and handed over sealed', async () => {
    await attach();
    expect(opened()).toEqual({ token: 'canary one' });
    await E(hob).check();
    await E(control).tick();
    expect(asked).toEqual(['token']);
    expect(stored()).not.toContain('canary');
    expect(stored()).toContain('sealed:1:');
    expect(JSON.stringify(jobs)).not.toContain('canary');
  });

  test('is there after a restart, with the boss away', async () => {
    await attach();
    await kernel.stop();
    bossIsAway = true;
    await open();
    await E(hob).check();
    expect(opened()).toEqual({ token: 'canary one' });
    expect(asked).toEqual(['token']);
  });

  test('is asked for again in another version, and the old copy is not used for it', async () => {
    await attach();
    bossIsAway = true;
    await E(hob).push((wanted = wantedState(2, { token: 'v2' })));
    await until(() => jobs.length === 2);
    expect(opened()).toEqual({});
    bossIsAway = false;
    texts = { token: harden({ version: 'v2', text: 'canary two' }) };
    await E(control).tick();
    await until(() => jobs.length === 3);
    expect(opened()).toEqual({ token: 'canary two' });
    // What could not be done for want of it was not taken for applied.
    expect(jobs.at(-1)!.apply).toBe(true);
  });

  test('is one of several: those that there are come, whatever becomes of the others', async () => {
    texts = { token: texts['token'], odd: harden({ text: 7 }), wrong: harden({ version: 'v0', text: 'canary old' }) };
    wanted = wantedState(1, { gone: 'v1', odd: 'v1', token: 'v1', wrong: 'v1' });
    await attach();
    expect(asked).toEqual(['gone', 'odd', 'token', 'wrong']);
    expect(opened()).toEqual({ token: 'canary one' });
  });

  test('is kept no longer than it is wanted', async () => {
    await attach();
    const sealed = jobs.at(-1)!.secrets!['token']!.secret.sealed;
    await push(wantedState(2, {}));
    expect(stored()).not.toContain(sealed);
    await push(wantedState(3, { token: 'v1' }));
    expect(asked).toEqual(['token', 'token']);
  });

  test('is not kept if it is not wanted any more when it comes', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    wanted = wantedState(1, {});
    await attach();
    answering = promise;
    void E(hob).push((wanted = wantedState(2, { token: 'v1' })));
    await until(() => asked.length === 1);
    await push(wantedState(3, {}));
    resolve();
    await kernel.idle();
    expect(stored()).not.toContain('sealed:1:');
  });
});

import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import net from 'node:net';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ProviderDriver, ProviderOptions } from '../../../src/providers/contract.ts';
import { sshProviderType } from '../../../src/providers/ssh/ssh-provider-type.ts';
import { describeProvider, refFor, requestFor } from '../../contracts/provider.ts';
import { makeLife } from '../../support/life.ts';
import { describeSsh, startSshServer, type SshServer } from '../../support/ssh-server.ts';
import { failureOf } from './ssh-scene.ts';
import { makeSshWorld, type SshWorld } from './ssh-world.ts';

describeProvider('ssh', makeSshWorld);

describe('the provider ssh', () => {
  let world: SshWorld;
  let driver: ProviderDriver;
  beforeEach(async () => {
    world = await makeSshWorld();
    driver = world.driver();
  });
  afterEach(() => world.close());

  const requestWith = (options: object, machineId = 'm1') =>
    harden({ ...requestFor(world, machineId), options: { ...world.optionsOf(machineId), ...options } });
  const refWith = (options: object, machineId = 'm1') =>
    harden({ machineId, options: { ...world.optionsOf(machineId), ...options } });
  /** A driver that has its records there, with whom it connects to, in order: ports. */
  const wayBackOf = (directory: string) => {
    const asked: number[] = [];
    const waiting: [count: number, resolve: () => void][] = [];
    const connect = ((options: { host: string; port: number }) => {
      asked.push(options.port);
      for (const [count, resolve] of waiting) if (asked.length >= count) resolve();
      return net.connect(options);
    }) as typeof net.connect;
    const connected = (count: number): Promise<void> =>
      new Promise((resolve) => (asked.length >= count ? resolve() : waiting.push([count, resolve])));
    return { asked, connected, driver: world.driver({ directory, net: { connect } }) };
  };
  const other = 'SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA';

  test('destroys a machine whose host it was never let into, without asking that host', async () => {
    const request = requestWith({ hostKey: other });
    expect((await failureOf(driver.create(request))).code).toBe('HOST_KEY_CHANGED');
    expect(await driver.list()).toEqual([]);
    expect(await driver.find(refWith({ hostKey: other }))).toEqual({ machineId: 'm1', state: 'absent' });
    expect(await driver.remains(refWith({ hostKey: other }))).toEqual([]);
    await driver.stop(refWith({ hostKey: other }));
    expect((await failureOf(driver.start(refWith({ hostKey: other })))).code).toBe('PROVIDER_FAILED');
    expect(await driver.destroy(refWith({ hostKey: other }))).toEqual([]);
    expect(world.visits).toEqual([]);
  });

  test('destroys a machine whose options it never took', async () => {
    const nowhere = harden({ machineId: 'm1', options: {} });
    expect((await failureOf(driver.create({ ...requestFor(world, 'm1'), options: {} }))).code).toBe('BAD_SPEC');
    expect(await driver.remains(nowhere)).toEqual([]);
    expect(await driver.destroy(nowhere)).toEqual([]);
    await driver.create(requestFor(world, 'm1'));
    expect((await failureOf(driver.destroy(nowhere))).code).toBe('BAD_SPEC');
  });

  test('puts no hob where it could never reach its boss', async () => {
    const { code, message } = await failureOf(driver.create(requestWith({ host: '192.0.2.1' })));
    expect([code, message]).toEqual([
      'BAD_SPEC',
      expect.stringContaining('192.0.2.1: a hob there cannot reach its boss'),
    ]);
    expect(world.visits).toEqual([]);
    const elsewhere = requestFor(world, 'm1').locator.replace('127.0.0.1', '192.0.2.7');
    const reachable = { ...requestWith({ host: '127.0.0.1' }), locator: elsewhere };
    await driver.create(reachable);
  });

  test('takes no machine for gone because its host cannot be reached', async () => {
    await driver.create(requestFor(world, 'm1'));
    for (const method of ['find', 'start', 'stop', 'destroy'] as const) {
      expect((await failureOf(driver[method](refWith({ hostKey: other })))).code).toBe('HOST_KEY_CHANGED');
    }
    expect(await driver.list()).toEqual([{ machineId: 'm1', state: 'unknown' }]);
    expect(await driver.remains(refWith({ hostKey: other }))).toHaveLength(1);
    expect((await driver.find(refFor(world, 'm1'))).state).toBe('running');
  });

  test('finds, stops and destroys what a boss made that was restored elsewhere', async () => {
    await driver.create(requestFor(world, 'm1'));
    const elsewhere = world.driver({ directory: join(world.directory, 'elsewhere') });
    expect(await elsewhere.list()).toEqual([]);
    expect((await elsewhere.find(refFor(world, 'm1'))).state).toBe('running');
    expect(await elsewhere.remains(refFor(world, 'm1'))).toHaveLength(1);
    await elsewhere.start(refFor(world, 'm1'));
    expect(await elsewhere.list()).toEqual([{ machineId: 'm1', state: 'unknown' }]);
    expect((await failureOf(elsewhere.start(refFor(world, 'm2')))).code).toBe('PROVIDER_FAILED');
    expect(await elsewhere.list()).toHaveLength(1);
    expect((await elsewhere.destroy(refFor(world, 'm1'))).join()).toContain('whatever else its resources made stay');
    expect(world.hosts.get('m1')).toMatchObject({ owner: undefined, hob: undefined });
  });

  test('opens the way back of what a boss made that was restored elsewhere, and again at its next start', async () => {
    await driver.create(requestFor(world, 'm1'));
    const ref = refWith({ reverse: true });
    const directory = join(world.directory, 'elsewhere');
    const restored = wayBackOf(directory);
    await restored.driver.resume();
    expect(restored.asked).toEqual([]);
    await restored.driver.start(ref);
    // One is that of the call itself.
    await restored.connected(2);
    const next = wayBackOf(directory);
    await next.driver.resume();
    await next.connected(1);
    for (const { driver: each } of [restored, next]) await each.destroy(ref);
  });

  test('takes up the ways back that it can, and tells of those that it cannot', async () => {
    const options = { ...world.optionsOf('m3'), reverse: true };
    await mkdir(world.directory, { recursive: true });
    const record = (machineId: string, of: object) =>
      JSON.stringify({ machineId, options: of, touched: true, port: 1 });
    await writeFile(join(world.directory, 'm1.json'), '{"machineId":');
    await writeFile(join(world.directory, 'm2.json'), record('m2', { ...options, colour: 'green' }));
    await writeFile(join(world.directory, 'm3.json'), record('m3', options));
    const resumed = wayBackOf(world.directory);
    await resumed.driver.resume();
    await resumed.connected(1);
    expect(world.told.slice(0, 2)).toMatchObject([
      { code: 'PROVIDER_FAILED', message: expect.stringContaining('m1.json') as unknown },
      { code: 'BAD_SPEC', message: expect.stringContaining('colour') as unknown },
    ]);
    await resumed.driver.destroy(refWith({ reverse: true }, 'm3'));
  });

  test("does not go any more to a host that was forgotten, or is somebody else's", async () => {
    world.take('m2', 'm7');
    const first = wayBackOf(world.directory);
    const withWay = (id: string) => requestWith({ reverse: true }, id);
    await first.driver.create(withWay('m1'));
    expect((await failureOf(first.driver.create(withWay('m2')))).code).toBe('HOST_TAKEN');
    await first.driver.forget(refWith({ reverse: true }, 'm1'));
    await world.isDeserted();
    expect((await first.driver.list()).map(({ machineId }) => machineId)).toEqual(['m1', 'm2']);
    const next = wayBackOf(world.directory);
    await next.driver.create(withWay('m3'));
    await next.driver.resume();
    // One for the way back of m3, one for its making.
    expect(next.asked).toHaveLength(2);
    await next.driver.destroy(refWith({ reverse: true }, 'm3'));
  });

  test("leaves a host alone that is another machine's, and says so", async () => {
    world.take('m1', 'm7');
    expect((await failureOf(driver.create(requestFor(world, 'm1')))).code).toBe('HOST_TAKEN');
    await driver.stop(refFor(world, 'm1'));
    await driver.destroy(refFor(world, 'm1'));
    expect(world.hosts.get('m1')).toMatchObject({ owner: 'm7', locator: undefined });
    expect(await driver.list()).toEqual([]);
  });

  test("refuses a locator of another boss's", async () => {
    const locator = requestFor(world, 'm1').locator.replace('a'.repeat(52), 'b'.repeat(52));
    const failure = await failureOf(driver.create(harden({ ...requestFor(world, 'm1'), locator })));
    expect(failure.code).toBe('BAD_SPEC');
    expect(JSON.stringify(failure)).not.toContain('AAAA');
    const nonsense = await failureOf(
      driver.create(harden({ ...requestFor(world, 'm1'), locator: 'gobs://secret-thing' })),
    );
    expect(nonsense.code).toBe('BAD_SPEC');
    expect(JSON.stringify(nonsense)).not.toContain('secret-thing');
  });

  test('asks whether the key of a host is its own, if nobody said so, and takes the answer', async () => {
    const { hostKey, ...unpinned } = world.optionsOf('m1') as { hostKey: string };
    const [asked, ...more] = await driver.confirmations(harden(unpinned));
    expect(more).toEqual([]);
    expect(asked).toMatchObject({ option: 'hostKey', value: hostKey });
    expect(asked!.question).toContain(`ssh-ed25519 ${hostKey}`);
    expect(asked!.hint).toContain(`set hostKey=${hostKey}, or add a line to known_hosts: [127.0.0.1]:`);
    expect(world.visits).toEqual([]);
    expect(await driver.confirmations(harden({ ...unpinned, [asked!.option]: asked!.value }))).toEqual([]);
    const unasked = harden({ ...requestFor(world, 'm1'), options: unpinned });
    expect((await failureOf(driver.create(unasked))).code).toBe('HOST_KEY_UNKNOWN');
    expect(world.hosts.has('m1')).toBe(false);
  });

  test('does not even look at a host whose key is known, by its options or by known_hosts', async () => {
    const { hostKey, ...unpinned } = world.optionsOf('m1') as { hostKey: string; port: number };
    const knownHosts = `${dirname(dirname(world.directory))}/known_hosts`;
    await writeFile(knownHosts, `[127.0.0.1]:${unpinned.port} ${world.hostKeyLine}\n`);
    for (const pinned of [{ hostKey }, { knownHosts }]) {
      expect(await driver.confirmations(harden({ ...unpinned, ...pinned }))).toEqual([]);
    }
    expect(world.connections()).toBe(0);
  });

  describeSsh('on the way to a host', () => {
    const servers: SshServer[] = [];
    afterEach(async () => void (await Promise.all(servers.splice(0).map((server) => server.stop()))));
    /** Lets in whom the world's hosts let in. */
    const hop = async (): Promise<SshServer> => {
      const server = await startSshServer();
      servers.push(server);
      await copyFile(join(world.directory, '../../user.pub'), `${server.identity}.pub`);
      return server;
    };
    const hopWords = ({ user, port }: SshServer): string => `${user}@127.0.0.1:${port}`;

    test('asks for the keys of the hosts in between first, one after the other, whoever vouched for some', async () => {
      const [first, second] = [await hop(), await hop()];
      const { hostKey, ...unpinned } = world.optionsOf('m1') as { hostKey: string; port: number };
      const knownHosts = join(first.directory, 'known');
      for (const vouched of ['', `${first.knownLine()}\n`]) {
        await writeFile(knownHosts, vouched);
        const asked: string[] = [];
        let options: ProviderOptions = { ...unpinned, knownHosts, jump: [first, second].map(hopWords).join(',') };
        for (;;) {
          const [next, ...more] = await driver.confirmations(harden(options));
          if (next === undefined) break;
          expect(more).toEqual([]);
          asked.push(next.question.split(' ')[0]!);
          options = { ...options, [next.option]: next.value };
        }
        const target = `m1@127.0.0.1:${unpinned.port}`;
        expect(asked).toEqual([...(vouched === '' ? [hopWords(first)] : []), hopWords(second), target]);
        expect(options).toMatchObject({ jumpKeys: `${first.fingerprint()},${second.fingerprint()}`, hostKey });
      }
    });

    test('asks for those of the ssh configuration too, also where the key of the host itself is pinned', async () => {
      const first = await hop();
      const config = join(first.directory, 'config');
      await writeFile(config, `Host 127.0.0.1\nProxyJump ${hopWords(first)}\n`);
      const asked = await driver.confirmations(harden({ ...world.optionsOf('m1'), config }));
      expect(asked).toMatchObject([{ option: 'jumpKeys', value: first.fingerprint() }]);
    });
  });

  test('tells on one line, without control characters, what sudo says that does not let us', async () => {
    Object.assign(world.scripts, { code: 1, stderr: 'sudo: \u001b[31ma password\u202e is required\nmore' });
    const { code, message } = await failureOf(driver.create(requestWith({ sudo: true })));
    expect(code).toBe('HOST_NOT_MANAGEABLE');
    expect(message).toMatch(/: sudo does not make us root: sudo: .*a password.* is required$/);
    expect(message).not.toMatch(/[\u0000-\u001f\u007f\u202e]/);
  });

  test('does not ask again for a host that cannot be reached, but says why', async () => {
    const { hostKey: _hostKey, ...unpinned } = world.optionsOf('m1') as { hostKey: string };
    const gone = harden({ ...unpinned, host: 'no-such-host.invalid' });
    expect((await failureOf(driver.confirmations(gone))).code).toBe('HOST_UNREACHABLE');
  });

  test('works on so many hosts at once and on no more, and each gets its turn', async () => {
    const ids = Array.from({ length: 70 }, (_, at) => `m${at + 1}`);
    let now = 0;
    let most = 0;
    const counted = world.driver({
      net: {
        connect: ((options: { host: string; port: number }) => {
          now += 1;
          most = Math.max(most, now);
          const socket = net.connect(options);
          socket.once('close', () => {
            now -= 1;
          });
          return socket;
        }) as typeof net.connect,
      },
    });
    await Promise.all(ids.map((id) => counted.create(requestFor(world, id))));
    expect(world.hosts.size).toBe(70);
    expect(most).toBeLessThanOrEqual(64);
    expect(most).toBeGreaterThan(1);
  });

  test('tells of a record that is none, by its path', async () => {
    await driver.create(requestFor(world, 'm1'));
    const path = join(world.directory, 'm1.json');
    expect((await readFile(path, 'utf8')).toString()).not.toContain('locator');
    await writeFile(path, '{"machineId":');
    const ref = refFor(world, 'm1');
    for (const call of [() => driver.list(), () => driver.find(ref), () => driver.destroy(ref)]) {
      const { code, message } = await failureOf(call());
      expect([code, message.includes(path)]).toEqual(['PROVIDER_FAILED', true]);
    }
  });

  test('writes that it touches a host before it does', async () => {
    const life = makeLife();
    const noting = world.driver(
      {
        installerOn: async () => {
          const record = JSON.parse(await readFile(join(world.directory, 'm1.json'), 'utf8')) as { touched: boolean };
          expect(record.touched).toBe(false);
          return {
            install: async () => {
              const now = JSON.parse(await readFile(join(world.directory, 'm1.json'), 'utf8')) as { touched: boolean };
              expect(now.touched).toBe(true);
            },
          } as never;
        },
      },
      {},
      life,
    );
    await noting.create(requestFor(world, 'm1'));
  });
});

describe('options and settings', () => {
  const good = { host: '10.0.0.1' };
  const driver = () => makeSshWorld();

  test.each<[object, RegExp]>([
    [{}, /option host: is missing/],
    [{ host: '-oProxyCommand=x' }, /option host: must be a name or address/],
    [{ host: 'root@10.0.0.1' }, /option host: must be a name or address, without user and port/],
    [{ host: 'a b' }, /option host/],
    [{ host: 'a\nb' }, /option host/],
    [{ host: 7 }, /option host/],
    [{ ...good, port: 0 }, /option port: must be from 1 to 65535, not the number 0/],
    [{ ...good, port: '22' }, /option port/],
    [{ ...good, user: '-l' }, /option user/],
    [{ ...good, hostKey: 'SHA256:short' }, /option hostKey: must be SHA256/],
    [{ ...good, identity: 'id_rsa' }, /option identity: must be an absolute path/],
    [{ ...good, sudo: 'yes' }, /option sudo: must be true or false/],
    [{ ...good, jump: 'a b' }, /option jump/],
    [{ ...good, jump: '-x' }, /option jump/],
    [{ ...good, jump: 'h:99999' }, /option jump/],
    [{ ...good, colour: 'green' }, /option colour: the provider ssh has no such option/],
    [{ ...good, password: 'hunter2' }, /option password: a secret is a setting of the provider/],
  ])('%j is refused, and the option named', async (options, complaint) => {
    const world = await driver();
    const failure = await failureOf(world.driver().validate(harden(options) as never));
    expect(failure.code).toBe('BAD_SPEC');
    expect(failure.message).toMatch(complaint);
    expect(JSON.stringify(failure)).not.toContain('hunter2');
    await world.close();
  });

  test.each<[object, RegExp]>([
    [{ host: 'a' }, /setting host: the provider ssh has no such setting/],
    [{ hostKey: 'SHA256:x' }, /setting hostKey/],
    [{ password: 'hunter2' }, /setting password: it is a secret, so it is given by name/],
    [{ passphrase: 'hunter2' }, /setting passphrase: it is a secret/],
    [{ user: { secret: 'x' } }, /setting user: is no secret/],
    [{ port: 'hunter2' }, /setting port: must be from 1/],
    [{ colour: 'hunter2' }, /setting colour/],
  ])('the settings %j are refused, and no value quoted', (settings, complaint) => {
    const refuse = () => sshProviderType.validate(harden(settings) as never);
    expect(refuse).toThrow(complaint);
    expect(refuse).not.toThrow(/hunter2/);
  });

  test('settings are defaults, and secrets are named', () => {
    sshProviderType.validate(
      harden({
        user: 'ada',
        port: 2222,
        sudo: true,
        identity: '~/.ssh/id',
        jump: 'a,b@c:22',
        config: 'none',
        password: { secret: 'p' },
      }),
    );
  });
});

/** Hosts that never answer hold nobody up: three of twenty take as long as one, by the clock that deadlines are on. Issue 4, done when 2. */
import { once } from 'node:events';
import net, { type AddressInfo, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { codeOf } from '../../../src/errors/gobs-error.ts';
import { CONNECT_DEADLINE } from '../../../src/providers/ssh/reach.ts';
import { requestFor } from '../../contracts/provider.ts';
import { makeFakeClock } from '../../support/fake-clock.ts';
import { describeSsh } from '../../support/ssh-server.ts';
import { makeSshWorld, type SshWorld } from './ssh-world.ts';

const HOSTS = 20;

describeSsh('of twenty hosts at once', () => {
  let world: SshWorld;
  let silent: Server;
  const sockets = new Set<Socket>();
  beforeEach(async () => {
    world = await makeSshWorld();
    // Takes connections, and never says a word.
    silent = net.createServer((socket) => void sockets.add(socket)).listen(0, '127.0.0.1');
    await once(silent, 'listening');
  });
  afterEach(async () => {
    sockets.forEach((socket) => socket.destroy());
    silent.close();
    await world.close();
  });

  /** All machines are asked for at once; how each ends, when the last has, and how often the silent ones were dialled. */
  const createAll = async (bad: number) => {
    const clock = makeFakeClock();
    const { port } = silent.address() as AddressInfo;
    let dialled = 0;
    const connect = ((options: { readonly host: string; readonly port: number }) => {
      if (options.port === port) dialled += 1;
      return net.connect(options);
    }) as typeof net.connect;
    const driver = world.driver({ setTimer: clock.setTimer, now: clock.now, net: { connect } });
    const began = clock.now();
    const ends = Array.from({ length: HOSTS }, async (_, index) => {
      const request = requestFor(world, `m${bad}${index}`);
      const options = index < bad ? { ...request.options, port } : request.options;
      return driver.create(harden({ ...request, options })).then(() => 'done', codeOf);
    });
    expect(await Promise.all(ends.slice(bad))).toEqual(Array(HOSTS - bad).fill('done'));
    expect(clock.now()).toBe(began);
    const all = Promise.all(ends.slice(0, bad));
    let over = false;
    void all.finally(() => {
      over = true;
    });
    while (!over) await clock.advance(1_000);
    return { ends: await all, elapsed: clock.now() - began, dialled };
  };

  test('one that never answers is given up at its deadline, and three are at the same', async () => {
    const one = await createAll(1);
    expect(one).toEqual({ ends: ['HOST_UNREACHABLE'], elapsed: CONNECT_DEADLINE, dialled: 1 });
    const three = await createAll(3);
    expect(three).toEqual({ ends: Array(3).fill('HOST_UNREACHABLE'), elapsed: one.elapsed, dialled: 3 });
  });
});

/**
 * What every transport must do (src/captp/netlayers/contract.ts). Run by each, and by the fake.
 */
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { afterEach, describe, expect, test } from 'vitest';
import type { Address, Connection, Listener, Netlayer } from '../../src/captp/netlayers/contract.ts';
import type { PeerId } from '../../src/captp/peer-id.ts';
import { codeOf } from '../../src/errors/gobs-error.ts';

export interface NetlayerWorld {
  /** Two peers that can reach each other. */
  readonly near: Netlayer;
  readonly nearId: PeerId;
  readonly far: Netlayer;
  readonly farId: PeerId;
  /** Does the transport prove who is at the other end? */
  readonly proves: boolean;
  /** Where the far peer can listen; another one with each call. */
  address(): Address;
  /** What is no address for this transport. */
  readonly nonsense: Address;
  end(): Promise<void>;
}

interface Met {
  readonly near: Connection;
  readonly far: Connection;
  readonly listener: Listener;
}

const meet = async ({ near, far, farId, address }: NetlayerWorld): Promise<Met> => {
  const accepted = Promise.withResolvers<Connection>();
  const listener = await far.listen(address(), accepted.resolve);
  const dialled = await near.dial(listener.address, farId);
  const other = await accepted.promise;
  for (const { stream } of [dialled, other]) stream.on('error', () => {});
  return { near: dialled, far: other, listener };
};

const digestOfAll = async (connection: Connection): Promise<string> => {
  const hash = createHash('sha256');
  for await (const chunk of connection.stream) hash.update(chunk as Buffer);
  return hash.digest('hex');
};

const refusal = (promise: Promise<unknown>): Promise<Error> =>
  promise.then(
    () => {
      throw Error('it was not refused');
    },
    (error: unknown) => error as Error,
  );

export const netlayerContract = (name: string, makeWorld: () => Promise<NetlayerWorld>): void => {
  let world: NetlayerWorld;
  const open = async (): Promise<NetlayerWorld> => {
    world = await makeWorld();
    return world;
  };

  describe(`the netlayer ${name}`, () => {
    afterEach(() => world.end());

    test('is called by the scheme of its locators', async () => {
      const { near, far } = await open();
      expect(near.scheme).toMatch(/^[a-z][a-z0-9]*$/);
      expect(near.scheme).toBe(far.scheme);
    });

    test('carries bytes both ways, in order', async () => {
      const met = await meet(await open());
      const [there, back] = [randomBytes(1_500_000), randomBytes(1_500_000)];
      met.near.stream.end(there);
      met.far.stream.end(back);
      const [arrivedThere, arrivedBack] = await Promise.all([digestOfAll(met.far), digestOfAll(met.near)]);
      expect(arrivedThere).toBe(createHash('sha256').update(there).digest('hex'));
      expect(arrivedBack).toBe(createHash('sha256').update(back).digest('hex'));
      await met.listener.close();
    });

    test('says who is at the other end if it can prove it, and where that is', async () => {
      const { proves, nearId, farId } = await open();
      const met = await meet(world);
      expect(met.near.provenPeer).toBe(proves ? farId : undefined);
      expect(met.far.provenPeer).toBe(proves ? nearId : undefined);
      for (const { remoteAddress } of [met.near, met.far]) expect(remoteAddress).toMatch(/^\S.*\S$/);
      await met.listener.close();
    });

    test('lets each end see that the other has gone', async () => {
      const first = await meet(await open());
      const gone = once(first.far.stream, 'close');
      first.far.stream.resume();
      first.near.stream.destroy();
      await gone;
      const second = await meet(world);
      const ended = once(second.near.stream, 'end');
      second.near.stream.resume();
      second.far.stream.end();
      await ended;
      await Promise.all([first.listener.close(), second.listener.close()]);
    });

    test('keeps connections apart', async () => {
      const { near, far, farId, address } = await open();
      const accepted: Connection[] = [];
      const listener = await far.listen(address(), (connection) => {
        connection.stream.on('error', () => {});
        connection.stream.pipe(connection.stream);
        accepted.push(connection);
      });
      const dialled = await Promise.all(Array.from({ length: 8 }, () => near.dial(listener.address, farId)));
      for (const [index, { stream }] of dialled.entries()) {
        stream.write(`connection ${index}`);
        const [echo] = (await once(stream, 'data')) as [Buffer];
        expect(echo.toString()).toBe(`connection ${index}`);
        stream.destroy();
      }
      expect(accepted).toHaveLength(8);
      await listener.close();
    });

    test('refuses to dial where nobody listens', async () => {
      const { near, far, farId, address } = await open();
      const listener = await far.listen(address(), () => {});
      await listener.close();
      const error = await refusal(near.dial(listener.address, farId));
      expect(codeOf(error)).toBe('PEER_UNREACHABLE');
      for (const part of Object.values(listener.address)) expect(error.message).toContain(part);
    });

    test('refuses to listen where somebody does, and on what is no address', async () => {
      const { far, nonsense, address } = await open();
      const listener = await far.listen(address(), () => {});
      const error = await refusal(far.listen(listener.address, () => {}));
      expect(codeOf(error)).toBe('ADDRESS_UNUSABLE');
      for (const part of Object.values(listener.address)) expect(error.message).toContain(part);
      expect(codeOf(await refusal(far.listen(nonsense, () => {})))).toBe('ADDRESS_UNUSABLE');
      expect(codeOf(await refusal(far.listen({}, () => {})))).toBe('ADDRESS_UNUSABLE');
      await listener.close();
    });

    test('refuses to dial what is no address', async () => {
      const { near, farId, nonsense } = await open();
      expect(codeOf(await refusal(near.dial(nonsense, farId)))).toBe('PEER_UNREACHABLE');
      expect(codeOf(await refusal(near.dial({}, farId)))).toBe('PEER_UNREACHABLE');
    });

    test('refuses to talk to somebody else than was dialled, if it can tell', async () => {
      const { near, nearId, far, proves, address } = await open();
      const listener = await far.listen(address(), ({ stream }) => stream.on('error', () => {}));
      const dialled = near.dial(listener.address, nearId);
      if (proves) expect(codeOf(await refusal(dialled))).toBe('PEER_MISMATCH');
      else (await dialled).stream.destroy();
      await listener.close();
    });

    test('stops listening without ending what was accepted, and can be told twice', async () => {
      const met = await meet(await open());
      await met.listener.close();
      await met.listener.close();
      met.near.stream.write('still here');
      const [bytes] = (await once(met.far.stream, 'data')) as [Buffer];
      expect(bytes.toString()).toBe('still here');
      const again = await world.far.listen(met.listener.address, () => {});
      expect(again.address).toEqual(met.listener.address);
      met.near.stream.destroy();
      met.far.stream.destroy();
      await again.close();
    });
  });
};

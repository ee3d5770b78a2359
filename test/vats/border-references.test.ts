import { E as hostE } from '@endo/eventual-send';
import { Far } from '@endo/pass-style';
import { beforeEach, describe, expect, test } from 'vitest';
import { makeMemoryStore } from '../../src/persistence/memory-store.ts';
import { E } from '../../src/vats/eventual-send.ts';
import { collectGarbage } from './collect-garbage.ts';
import { errorOf } from './error-of.ts';
import { listenerKind, openWorkshop, type Counter, type Listener, type Workshop } from './workshop.ts';

let shop: Workshop;
let other: Workshop;

beforeEach(async () => {
  shop = await openWorkshop(makeMemoryStore());
  other = await shop.neighbour('other');
});

describe('a reference', () => {
  test('of the host comes back as the same object, through two vats', async () => {
    const thing = Far('Thing', { name1: () => 'thing' });
    const back = await shop.turn(
      (_here, it: object, bench: Workshop['bench'], id: number) => E(bench).run(id, it),
      thing,
      other.bench,
      other.script((_here, it) => it),
    );
    expect(back).toBe(thing);
  });

  test('is one object in its vat, wherever it came from', async () => {
    const counter = await shop.counter(1);
    const same = await other.turn(
      (_here, bench: Workshop['bench'], id: number, it: Counter) => E(bench).run(id, it),
      shop.bench,
      shop.script(({ bcom }, it: Counter) => {
        bcom([it, it]);
        return it.read();
      }),
      counter,
    );
    expect(same).toBe(1);
    expect(
      await shop.turn(({ portrait }, it: Counter) => (portrait as Counter[]).every((one) => one === it), counter),
    ).toBe(true);
  });

  test('answers method calls only', async () => {
    const counter = await shop.counter(1);
    expect((await errorOf((hostE.get(counter as never) as { read: Promise<unknown> }).read)).message).toMatch(
      /^NO_SUCH_METHOD: .*property/,
    );
    expect((await errorOf((hostE(counter as never) as unknown as () => Promise<unknown>)())).message).toMatch(
      /^NO_SUCH_METHOD: .*function/,
    );
  });

  test('of another vat has no methods near', async () => {
    const counter = await shop.counter(1);
    expect((await errorOf(other.turn((_here, it: Counter) => it.read(), counter))).message).toMatch(/not a function/);
  });

  test('that is a function is refused: a vat could not call it', async () => {
    const callback = Far('callback', () => 1);
    expect((await errorOf(shop.turn(() => 1, callback))).message).toMatch(/^NOT_PASSABLE: a function/);
  });

  test('to an ephemeral actor keeps it, held by the host or by another vat, and nothing else does', async () => {
    const heard: string[] = [];
    const collected = new FinalizationRegistry<string>((what) => heard.push(what));
    const make = async (what: string): Promise<Listener> =>
      shop.turn<Listener>(({ spawn }) => {
        const token = harden({ what });
        collected.register(token, what);
        return spawn(listenerKind, [token]);
      });
    let held: Listener | undefined = await make('held by the host');
    await other.turn(
      ({ spawn }, it: Listener) => void (holder = spawn(listenerKind, [it])),
      await make('held by a vat'),
    );
    await make('held by nobody');
    await collectGarbage();
    expect(heard).toEqual(['held by nobody']);
    expect(await E(held).heard()).toHaveLength(1);
    const texts = await other.turn(({ on }) =>
      on(E(holder!.heard()[0] as Listener).heard(), (all) => (all as { what: string }[]).map(({ what }) => what)),
    );
    expect(texts).toEqual(['held by a vat']);
    held = undefined;
    holder = undefined;
    await collectGarbage();
    expect(heard.sort()).toEqual(['held by a vat', 'held by nobody', 'held by the host']);
  });
  let holder: Listener | undefined;

  test('to an ephemeral actor keeps it while a message is on its way, also if nobody holds it any more', async () => {
    const heard: unknown[] = [];
    const report = Far('Report', { hear: (what: unknown) => void heard.push(what) });
    await (async () => {
      const listener = await shop.turn<Listener>(({ spawn }) => spawn(listenerKind, []));
      void E(listener)
        .hear('last words')
        .then(
          (answer) => report.hear(answer),
          (error: Error) => report.hear(error.message),
        );
    })();
    await Promise.resolve();
    await Promise.resolve();
    await collectGarbage();
    await shop.kernel.idle();
    expect(heard).toEqual([undefined]);
  });

  test('to an ephemeral actor keeps it though its name was made into a reference first', async () => {
    const listener = await shop.turn<Listener>(({ spawn, bcom }) => {
      bcom(null);
      return spawn(listenerKind, ['kept']);
    });
    const name = shop.kernel.nameOf(listener)!;
    expect(shop.kernel.refOf(name)).toBe(listener);
    await collectGarbage();
    expect(await E(listener).heard()).toEqual(['kept']);
  });

  test('to a host object keeps the object, while the vat holds it', async () => {
    const gone: string[] = [];
    const collected = new FinalizationRegistry<string>((what) => gone.push(what));
    const make = (): object => {
      const thing = Far('Thing', { ping: () => 'pong' });
      collected.register(thing, 'thing');
      return thing;
    };
    let listener: Listener | undefined = await shop.turn<Listener>(
      ({ spawn }, it: object) => spawn(listenerKind, [it]),
      make(),
    );
    await collectGarbage();
    expect(gone).toEqual([]);
    const pong = await shop.turn((_here, l: Listener) => E(l.heard()[0] as { ping(): string }).ping(), listener);
    expect(pong).toBe('pong');
    listener = undefined;
    await collectGarbage();
    expect(gone).toEqual(['thing']);
  });
});

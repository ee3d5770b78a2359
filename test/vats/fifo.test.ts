import fc from 'fast-check';
import { expect, test } from 'vitest';
import { makeFifo } from '../../src/vats/fifo.ts';
import { collectGarbage } from './collect-garbage.ts';

test('a fifo gives back what was put, in order, through any puts and takes', () => {
  fc.assert(
    fc.property(fc.array(fc.option(fc.nat())), (steps) => {
      const fifo = makeFifo<number>();
      const model: number[] = [];
      for (const step of steps) {
        if (step === null) expect(fifo.take()).toBe(model.shift());
        else {
          fifo.put(step);
          model.push(step);
        }
      }
      while (model.length > 0) expect(fifo.take()).toBe(model.shift());
      expect(fifo.take()).toBe(undefined);
    }),
  );
});

test('a fifo that never runs empty keeps nothing that was taken', async () => {
  let gone = 0;
  const collected = new FinalizationRegistry<number>(() => {
    gone += 1;
  });
  const fifo = makeFifo<object>();
  for (let n = 0; n < 1_000; n += 1) {
    const item = { n };
    collected.register(item, n);
    fifo.put(item);
    if (n >= 10) fifo.take();
  }
  await collectGarbage();
  expect(gone).toBeGreaterThan(900);
  expect(fifo.take()).toEqual({ n: 990 });
});

/** The bounds of a report fit those of a session: what the shape and the size allow comes through. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { isWithinLimits, shortened, sizeOfReport } from '../../src/protocol/report-size.ts';
import { reportLimits, type Report, type ResourceReport } from '../../src/protocol/shapes.ts';
import { makePeerWorld, on, type PeerWorld } from '../support/peer-world.ts';

let world: PeerWorld;
beforeEach(() => {
  world = makePeerWorld();
});
afterEach(() => world.end());

const of = (resources: readonly ResourceReport[]): Report =>
  harden({ generation: 1, digest: 'f'.repeat(64), reason: 'interval', at: 1_900_000_000_000, resources });

const COUNT = 10_000;
const each = (make: (number: number) => Partial<ResourceReport>): Report =>
  of(
    Array.from({ length: COUNT }, (_, number) => ({
      id: `resource-${number}`,
      type: 'file',
      state: 'ok',
      ...make(number),
    })),
  );

/** As much text of the sort that grows most on its way as there is room for; and as many values. */
const fullOfText = (text: string, weight: number): Report => {
  const bare = sizeOfReport(each(() => ({ state: 'failed', why: '' }))).characters;
  const room = Math.floor((reportLimits.characters - bare) / COUNT / weight);
  return each(() => ({ state: 'failed', why: text.repeat(room) }));
};
/** Changes for one in five, as many as there is room for. */
const CHANGES = Math.floor((reportLimits.values - 8 * COUNT) / 4 / (COUNT / 5));
const changes = Array.from({ length: CHANGES }, () => ({ what: 'm', from: '"', to: '' }));
const fullOfValues = each((number) =>
  number % 5 === 0 ? { state: 'corrected', at: 1_900_000_000_000, changes } : { state: 'failed', why: 'no' },
);

test.each([
  ['resources that are as wanted', each(() => ({}))],
  ['quotes', fullOfText('"', 4)],
  ['letters that are not ASCII', fullOfText('é', 3)],
  ['emoji', fullOfText('🪿', 6)],
  ['values', fullOfValues],
])('the largest report, of %s, comes through a session', async (_what, report) => {
  expect(isWithinLimits(report)).toBe(true);
  expect(shortened(report)).toEqual(report);
  const [boss, hob] = [world.add(1), world.add(2)];
  await boss.peer.listen('loopback', { name: 'boss' });
  const came = Promise.withResolvers<Report>();
  const side = boss.kernel.add('vat:boss/machine/1/hobSide', {
    report: (told: Report) => {
      came.resolve(told);
      return 'newest';
    },
  });
  const far = await hob.peer.enliven(await boss.peer.locatorFor(side));
  expect(await on(far).report!(report)).toBe('newest');
  expect(await came.promise).toEqual(report);
});

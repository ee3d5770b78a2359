import { expect, test } from 'vitest';
import { makePeerRouter } from '../../src/captp/peer-router.ts';
import type { Session } from '../../src/captp/session.ts';
import { codeOf, makeError } from '../../src/errors/gobs-error.ts';

const peerId = 'p'.repeat(52);
const name = `peer:${peerId}/7`;

const listening = () => {
  const heard: unknown[][] = [];
  const session = {
    ask: async (...call: unknown[]) => {
      heard.push(call);
      return call[1];
    },
  } as unknown as Session;
  return { heard, session };
};

test('a call that comes when the session is there, but before those that waited for it, comes after them', async () => {
  const { heard, session } = listening();
  const dialling = Promise.withResolvers<Session>();
  let live: Session | undefined;
  const router = makePeerRouter({ sessionWith: () => live, dial: () => dialling.promise });
  const early = [router.deliver(name, 'one', []), router.deliver(name, 'two', [])];
  live = session;
  const late = router.deliver(name, 'three', []);
  dialling.resolve(session);
  expect(await Promise.all([...early, late])).toEqual(['one', 'two', 'three']);
  await router.deliver(name, 'four', [1]);
  expect(heard).toEqual([
    ['o-d7', 'one', []],
    ['o-d7', 'two', []],
    ['o-d7', 'three', []],
    ['o-d7', 'four', [1]],
  ]);
});

test('calls that waited for dialling fail with it, and the next dials again', async () => {
  const { session } = listening();
  let dialled = 0;
  const router = makePeerRouter({
    sessionWith: () => undefined,
    dial: async () => {
      dialled += 1;
      if (dialled === 1) throw makeError('PEER_UNREACHABLE', 'nobody there');
      return session;
    },
  });
  const outcomes = await Promise.allSettled([router.deliver(name, 'one', []), router.deliver(name, 'two', [])]);
  expect(outcomes.map((one) => (one.status === 'rejected' ? codeOf(one.reason) : ''))).toEqual([
    'PEER_UNREACHABLE',
    'PEER_UNREACHABLE',
  ]);
  expect(await router.deliver(name, 'three', [])).toBe('three');
  expect(dialled).toBe(2);
});

test('what is no name of a peer, or of one that nobody can dial, fails at once', async () => {
  const router = makePeerRouter({ sessionWith: () => undefined, dial: () => undefined });
  for (const [wrong, code] of [
    ['peer:nonsense', 'NO_SUCH_ACTOR'],
    [name, 'PEER_UNREACHABLE'],
  ] as const) {
    expect(codeOf(await router.deliver(wrong, 'one', []).catch((error: unknown) => error))).toBe(code);
  }
});

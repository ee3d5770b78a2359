import { expect, it } from 'vitest';
import { nearestName } from '../../../src/protocol/resources/nearest-name.ts';

const names = ['absent', 'content', 'id', 'mode', 'owner', 'path'];

it('the nearest name is the one with a few letters swapped, replaced, left out or put in', () => {
  const meant = ['mdoe', 'mod', 'Mode', 'moode', 'pth', 'contents', 'abcent', 'ownr'].map((name) =>
    nearestName(name, names),
  );
  expect(meant).toEqual(['mode', 'mode', 'mode', 'mode', 'path', 'content', 'absent', 'owner']);
});

it('there is no nearest name where another word is meant', () => {
  for (const name of ['template', 'x', '', 'mode'.repeat(100)]) expect(nearestName(name, names), name).toBeUndefined();
});

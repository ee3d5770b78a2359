import { expect, test } from 'vitest';
import { completeOptions, secretsOf } from '../../../src/providers/ssh/options.ts';
import { findRoute } from '../../../src/providers/ssh/route.ts';
import { sshPowers } from './ssh-scene.ts';

test('the password is for the last host, and those on the way are not told it', async () => {
  const options = completeOptions(harden({ host: 'target', jump: 'bob@bastion,carol@inner', config: 'none' }), {});
  const route = await findRoute(options, secretsOf(harden({ password: 'hunter2' })), sshPowers('/nonexistent'));
  const words = route.map(({ attempts }) => attempts.map((attempt) => attempt.words));
  expect(words).toEqual([[], [], ['the password', 'the password, when asked']]);
});

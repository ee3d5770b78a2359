/** Suites that need real hosts: where there can be none, they are skipped, and their names say why. */
import { describe } from 'vitest';
import { whyNoHosts } from './capability.ts';

const reason = await whyNoHosts();

export const describeHosts = (name: string, suite: () => void): void => {
  if (reason === undefined) {
    describe(name, suite);
  } else {
    console.log(`skipped: ${name}: ${reason}`);
    describe.skip(`${name} (${reason})`, suite);
  }
};

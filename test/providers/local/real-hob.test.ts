/** The contract again, with the hob itself in the place of the stand-in. What an interruption leaves does not depend on the hob. */
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { describeHobProcess } from '../../contracts/hob-process.ts';
import { describeProvider } from '../../contracts/provider.ts';
import { makeLocalWorld } from '../../support/local-world.ts';

const hobCommand = [process.execPath, fileURLToPath(new URL('../../../src/hob/main.ts', import.meta.url))];

describeHobProcess('the hob', { command: hobCommand });

describeProvider('local with the real hob', () => makeLocalWorld((powers) => ({ ...powers, hobCommand })), {
  killBoss: false,
});

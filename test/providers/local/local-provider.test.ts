import { describeProvider } from '../../contracts/provider.ts';
import { makeLocalWorld } from '../../support/local-world.ts';

describeProvider('local', () => makeLocalWorld());

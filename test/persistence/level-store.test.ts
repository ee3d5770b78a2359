import { join } from 'node:path';
import { openLedger } from '../../src/persistence/ledger.ts';
import { openLevelStore } from '../../src/persistence/level-store.ts';
import { openStore } from '../../src/persistence/open-store.ts';
import type { Store } from '../../src/vats/store.ts';
import { describeStore, type StoreFixture } from '../contracts/store.ts';
import { makeTemporaryDirectory } from '../support/temporary-directory.ts';
import { storePowers } from './store-powers.ts';

const fixtureOf = (open: (directory: string) => Promise<Store>) => async (): Promise<StoreFixture> => {
  const temporary = await makeTemporaryDirectory();
  return {
    open: () => open(join(temporary.path, 'state')),
    dispose: () => temporary.remove(),
  };
};

const randomId = () => 'id';

describeStore(
  'the LevelDB store',
  fixtureOf((directory) => openLevelStore({ ...storePowers, directory })),
);

describeStore(
  'a ledger over the LevelDB store',
  fixtureOf(async (directory) =>
    openLedger(await openLevelStore({ ...storePowers, directory }), { randomId, where: directory }),
  ),
);

describeStore(
  'the store of a process',
  fixtureOf((directory) => openStore({ ...storePowers, directory, randomId })),
);

/** Makes the engine collect garbage, so that a test of weak tables need not wait for it. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** What nobody holds, and no promise held, is gone when it resolves. */
export const collectGarbageOnce = async (): Promise<void> => {
  await new Promise((resolve) => setImmediate(resolve));
  collect();
};

/** What nobody holds is gone when it resolves, and who registered for it was told. */
export const collectGarbage = async (): Promise<void> => {
  // A promise's own tables let go one after the other.
  for (let round = 0; round < 5; round += 1) await collectGarbageOnce();
  await new Promise((resolve) => setImmediate(resolve));
};

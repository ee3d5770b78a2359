/** A machine's root, and a host of it, for each test of a suite. */
import { afterEach, beforeEach } from 'vitest';
import type { Host } from '../../src/hob/resources/contract.ts';
import { makeTemporaryRoot, openHost, type TemporaryRoot } from './temporary-root.ts';

/** Called in a suite; `use` gets them before each of its tests. They are closed and removed after it. */
export const hostForEach = (use: (place: TemporaryRoot, host: Host) => void): void => {
  let end = async (): Promise<void> => {};
  beforeEach(async () => {
    const place = makeTemporaryRoot();
    const host = await openHost(place.root);
    end = () => host.files.close().finally(() => place.remove());
    use(place, host);
  });
  afterEach(() => end());
};

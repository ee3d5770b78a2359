/** What has come of things so far, for tests of what must not have come yet. */
import { Far } from '@endo/pass-style';

/** Long enough for anything that is on its way to arrive: several rounds of the event loop. */
export const letAllArrive = async (): Promise<void> => {
  for (let round = 0; round < 10; round += 1) await new Promise((resolve) => setImmediate(resolve));
};

export const hostListener = () => {
  const heard: unknown[] = [];
  const listener = Far('Listener', { hear: (what: unknown) => void heard.push(what) });
  return { heard, listener };
};

/** Notes how a promise ended, without waiting for it. */
export const watch = (promise: Promise<unknown>): { outcome: unknown } => {
  const seen: { outcome: unknown } = { outcome: 'waiting' };
  promise.then(
    (value) => (seen.outcome = value),
    (error: Error) => (seen.outcome = error.message.split(':')[0]),
  );
  return seen;
};

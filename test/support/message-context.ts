/** The context that entry points give. */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { Carried, MessageContext } from '../../src/vats/messages.ts';

export const makeMessageContext = (): MessageContext => {
  const storage = new AsyncLocalStorage<Carried>();
  return { run: (carried, body) => storage.run(carried, body), current: () => storage.getStore() };
};

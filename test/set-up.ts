/**
 * Lockdown for tests: laxer than production (stacks are kept, rejections reach vitest), so some tests run child
 * processes with the real one.
 */
import 'ses';
import '@endo/eventual-send/shim.js';
import { quietConsole } from '../src/captp/quiet-console.ts';

lockdown({
  overrideTaming: 'severe',
  errorTaming: 'unsafe-debug',
  domainTaming: 'unsafe',
  errorTrapping: 'none',
  unhandledRejectionTrapping: 'none',
});

globalThis.console = quietConsole(globalThis.console);

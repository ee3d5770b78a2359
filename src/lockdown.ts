/**
 * Imported first, before anything else, by every entry point. See docs/decisions/0001-lockdown.md.
 *
 * `domainTaming: 'unsafe'` because node:repl needs node:domain. Errors keep their stacks to themselves; what to log
 * goes through the SES console.
 */
import 'ses';
import '@endo/eventual-send/shim.js';
import { quietConsole } from './captp/quiet-console.ts';

lockdown({ domainTaming: 'unsafe' });

globalThis.console = quietConsole(globalThis.console);

/**
 * The least that a boss's process has to do before it could answer: `bare-start.ts <state directory>` locks down, opens the store, reads
 * a row and says so.
 */
import '../src/lockdown.ts';
import { randomUUID } from 'node:crypto';
import fs from 'node:fs';
import process from 'node:process';
import { Level } from 'level';
import { openStore } from '../src/persistence/open-store.ts';

const directory = process.argv[2]!;
const store = await openStore({ Level, fs, process, directory, now: () => Date.now(), randomId: () => randomUUID() });
await store.page({ gt: 'v/boss/a/', lt: 'v/boss/a0', limit: 1 });
process.stdout.write('open\n');

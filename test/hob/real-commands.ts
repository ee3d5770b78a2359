/** Commands of this machine, for hosts of tests. */
import { spawn } from 'node:child_process';
import process from 'node:process';
import { makeCommands, type CommandsKit } from '../../src/hob/commands.ts';
import { realPowers } from '../support/real-powers.ts';

/** Whoever opens one stops it. */
export const openCommands = (): CommandsKit => makeCommands({ spawn, process, setTimer: realPowers.setTimer });

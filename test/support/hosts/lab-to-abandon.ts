/** Run as `node lab-to-abandon.ts`: opens a lab with hosts, says its address, and goes on until it is killed. */
import '../../../src/lockdown.ts';
import process from 'node:process';
import { openHostLab } from './lab.ts';

const lab = await openHostLab();
await Promise.all([lab.startBootedHost(), lab.startSshHosts(1, { node: true, disk: '20m' })]);
process.stdout.write(`${lab.address}\n`);
process.stdin.resume();

/** Run as `node prepare.ts`: makes what hosts for tests need and takes long, and says whether there can be any. */
import '../../../src/lockdown.ts';
import process from 'node:process';
import { whyNoHosts } from './capability.ts';
import { debianPackages } from './packages/debian-packages.ts';

const say = (line: string) => process.stdout.write(`hosts: ${line}\n`);

const began = Date.now();
const reason = await whyNoHosts();
if (reason === undefined) {
  await debianPackages('nginx');
  say(`ready after ${Math.round((Date.now() - began) / 1000)} s`);
} else {
  say(`none here: ${reason}`);
}

/**
 * A peer in a process of its own, under the lockdown of production, which listens by TLS: `captp-process.ts <seed> <port>`. Prints one
 * line of JSON when it listens; ends with its standard input.
 */
import '../../src/lockdown.ts';
import tls from 'node:tls';
import { E } from '@endo/eventual-send';
import { makeKeyPair } from '../../src/captp/key-pair.ts';
import { makeTlsNetlayer } from '../../src/captp/netlayers/tls.ts';
import { makePeer } from '../../src/captp/peer.ts';
import { makeError } from '../../src/errors/gobs-error.ts';
import { makeFakeKernel } from './fake-kernel.ts';
import { realPowers } from './real-powers.ts';

const [, , seed = '1', port = '0'] = process.argv;
const keyPair = makeKeyPair(new Uint8Array(32).fill(Number(seed)));
const kernel = makeFakeKernel();
const peer = makePeer({
  keyPair,
  kernel,
  netlayers: [makeTlsNetlayer({ tls, setTimer: realPowers.setTimer }, keyPair)],
  powers: realPowers,
  versions: { lowest: 1, highest: 1 },
  software: 'a process',
  epoch: 1,
});
let count = 0;
const counter = kernel.add('vat:boss/counter/1/self', {
  incr: (by: number) => {
    count += by;
    return count;
  },
  echo: (value: unknown) => value,
  call: (other: object, method: string) => (E(other) as unknown as Record<string, () => unknown>)[method]!(),
  never: () => new Promise(() => {}),
  self: () => counter,
  fail: () => {
    throw makeError('MACHINE_BUSY', 'machine web1 is being destroyed', { hint: 'wait' });
  },
});
const { address } = await peer.listen('tls', { host: '127.0.0.1', port });
process.stdout.write(`${JSON.stringify({ peer: peer.id, address, locator: await peer.locatorFor(counter) })}\n`);
process.stdin.resume();
process.stdin.once('end', () => void peer.close());

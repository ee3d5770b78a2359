/** Two processes, real TLS between them, and the lockdown of production in one of them. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import tls from 'node:tls';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, test } from 'vitest';
import { makeKeyPair } from '../../src/captp/key-pair.ts';
import { parseLocator } from '../../src/captp/locator.ts';
import type { Address } from '../../src/captp/netlayers/contract.ts';
import { makeTlsNetlayer } from '../../src/captp/netlayers/tls.ts';
import { makePeer, type Peer } from '../../src/captp/peer.ts';
import { codeOf, describeError } from '../../src/errors/gobs-error.ts';
import { makeFakeKernel, type FakeKernel } from '../support/fake-kernel.ts';
import { on } from '../support/peer-world.ts';
import { realPowers } from '../support/real-powers.ts';

interface Up {
  readonly child: ChildProcess;
  readonly peer: string;
  readonly address: Address;
  readonly locator: string;
  /** What it printed beside its one line. */
  noise(): string;
}

const script = fileURLToPath(new URL('../support/captp-process.ts', import.meta.url));
const children: ChildProcess[] = [];
const peers: Peer[] = [];

const start = async (seed: number, port = '0'): Promise<Up> => {
  const child = spawn(process.execPath, [script, String(seed), port], { stdio: ['pipe', 'pipe', 'pipe'] });
  children.push(child);
  let output = '';
  let errors = '';
  child.stderr!.on('data', (chunk: Buffer) => void (errors += chunk.toString()));
  const line = await new Promise<string>((resolve, reject) => {
    child.stdout!.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      if (output.includes('\n')) resolve(output);
    });
    child.once('exit', () => reject(Error(`it ended: ${errors}`)));
  });
  return {
    child,
    ...(JSON.parse(line) as Omit<Up, 'child' | 'noise'>),
    noise: () => output.slice(line.length) + errors,
  };
};

const makeHob = (): { readonly peer: Peer; readonly kernel: FakeKernel } => {
  const keyPair = makeKeyPair(new Uint8Array(32).fill(200));
  const kernel = makeFakeKernel();
  const peer = makePeer({
    keyPair,
    kernel,
    netlayers: [makeTlsNetlayer({ tls, setTimer: realPowers.setTimer }, keyPair)],
    powers: realPowers,
    versions: { lowest: 1, highest: 1 },
    software: 'gobs test',
    epoch: 1,
  });
  peers.push(peer);
  return { peer, kernel };
};

afterEach(async () => {
  await Promise.all(peers.splice(0).map((peer) => peer.close()));
  for (const child of children.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    const exit = once(child, 'exit');
    child.stdin!.end();
    await exit;
  }
});

describe('two processes', () => {
  test('share references, calls, callbacks and failures', async () => {
    const boss = await start(1);
    const { peer, kernel } = makeHob();
    const counter = await peer.enliven(boss.locator);
    expect(await on(counter).incr!(5)).toBe(5);
    expect(await on(counter).self!()).toBe(counter);
    const mine = kernel.add('vat:hob/thing/1/self', { label: () => 'mine' });
    expect(await on(counter).call!(mine, 'label')).toBe('mine');
    const large = 'x'.repeat(1_000_000);
    expect(await on(counter).echo!(large)).toBe(large);
    expect(describeError(await on(counter).fail!().catch((error: unknown) => error))).toEqual({
      code: 'MACHINE_BUSY',
      message: 'machine web1 is being destroyed',
      hint: 'wait',
    });
    const many = await Promise.all(Array.from({ length: 1_000 }, (_, index) => on(counter).echo!(index)));
    expect(many).toEqual(Array.from({ length: 1_000 }, (_, index) => index));
    expect(peer.sessions()).toMatchObject([{ durable: true, outgoing: true, software: 'a process' }]);
    expect(boss.noise()).toBe('');
  });

  test('part at once when one of them is killed', async () => {
    const boss = await start(1);
    const { peer } = makeHob();
    const counter = await peer.enliven(boss.locator);
    const waiting = on(counter).never!();
    await on(counter).incr!(1);
    boss.child.kill('SIGKILL');
    expect(codeOf(await waiting.catch((error: unknown) => error))).toBe('SESSION_CLOSED');
    expect(codeOf(await on(counter).incr!(1).catch((error: unknown) => error))).toBe('PEER_UNREACHABLE');
  });

  test('do not talk when the one that listens has another key', async () => {
    const boss = await start(1);
    const { peer } = makeHob();
    const counter = await peer.enliven(boss.locator);
    const exit = once(boss.child, 'exit');
    boss.child.kill('SIGKILL');
    await exit;
    const impostor = await start(2, boss.address.port);
    expect(impostor.peer).not.toBe(boss.peer);
    const error = describeError(await peer.enliven(boss.locator).catch((cause: unknown) => cause));
    expect(error).toMatchObject({ code: 'PEER_MISMATCH' });
    expect(error.message).toContain(impostor.peer);
    expect(codeOf(await on(counter).incr!(1).catch((cause: unknown) => cause))).toBe('PEER_MISMATCH');
    expect(parseLocator(impostor.locator).address).toEqual(parseLocator(boss.locator).address);
  });

  test('end in order when one of them is told to', async () => {
    const boss = await start(1);
    const { peer } = makeHob();
    await peer.enliven(boss.locator);
    const exit = once(boss.child, 'exit');
    boss.child.stdin!.end();
    expect((await exit)[0]).toBe(0);
    expect(boss.noise()).toBe('');
  });
});

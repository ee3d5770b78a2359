/** Hosts that mean no good, played by the library's own server: whatever they do, it ends, and is told by a code. */
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import net, { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ssh2 from 'ssh2';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { fingerprintOf } from '../../../src/providers/ssh/host-key.ts';
import { CONNECT_DEADLINE } from '../../../src/providers/ssh/reach.ts';
import { makeShell } from '../../../src/providers/ssh/shell.ts';
import { makeUserKey } from '../../support/ssh-server.ts';
import { connect, failureOf, setTimer, shellOn, useSshScene } from './ssh-scene.ts';

const { Server, utils } = ssh2;
type Peer = ssh2.Connection;
/** As the library has it inside. */
interface Inside {
  readonly _protocol: { _hostKeys: Record<string, unknown> };
  readonly _sock: net.Socket;
  rekey(callback: () => void): void;
}

interface OpenHandlers {
  readonly _handlers: {
    CHANNEL_OPEN: (
      protocol: { channelOpenFail(recipient: number, reason: number, words: string): void },
      info: { readonly sender: number },
    ) => void;
  };
}

describe('a host that means no good', () => {
  useSshScene();
  let directory: string;
  let keys: readonly Buffer[];
  const servers: (ssh2.Server | net.Server)[] = [];
  const peers: Inside[] = [];
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'gobs-hostile-'));
    for (const name of ['user', 'one', 'other']) makeUserKey(join(directory, name), 'ed25519');
    keys = ['one', 'other'].map((name) => readFileSync(join(directory, name)));
  });
  afterAll(() => rmSync(directory, { recursive: true }));
  afterEach(async () => {
    for (const { _sock: socket } of peers.splice(0)) socket.destroy();
    for (const server of servers.splice(0)) {
      server.close();
      await once(server, 'close');
    }
  });

  const fingerprint = (name: string): string =>
    execFileSync('ssh-keygen', ['-lf', join(directory, `${name}.pub`)], { encoding: 'utf8' }).split(' ')[1]!;

  /** Options for it: its key is pinned, and it lets everybody in unless `serve` does something else. */
  const host = async (serve: (peer: Peer, inside: Inside) => void) => {
    const server = new Server({ hostKeys: [keys[0]!] }, (peer) => {
      const inside = peer as unknown as Inside;
      peers.push(inside);
      peer.on('error', () => {});
      serve(peer, inside);
    });
    servers.push(server);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return optionsAt((server.address() as AddressInfo).port);
  };
  const optionsAt = (port: number) => ({
    ...{ host: '127.0.0.1', port, user: 'root', config: 'none' },
    ...{ identity: join(directory, 'user'), hostKey: fingerprint('one') },
  });
  const letIn = (peer: Peer): Peer => peer.on('authentication', (context) => context.accept());
  const raw = async (serve: (socket: net.Socket) => void) => {
    const server = net.createServer((socket) => {
      socket.on('error', () => {}).resume();
      serve(socket);
    });
    servers.push(server);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return optionsAt((server.address() as AddressInfo).port);
  };

  /** Timers of connecting, which a test lets pass. */
  const deadlines = () => {
    const waiting: (() => void)[] = [];
    const asked = Promise.withResolvers<void>();
    return {
      asked: asked.promise,
      pass: () => waiting.splice(0).forEach((callback) => callback()),
      setTimer: (callback: () => void, milliseconds: number) => {
        if (milliseconds !== CONNECT_DEADLINE) return setTimer(callback, milliseconds);
        waiting.push(callback);
        asked.resolve();
        return () => {};
      },
    };
  };

  test('stalls after the keys were exchanged, and has a deadline', async () => {
    const stalled = Promise.withResolvers<void>();
    const options = await host((peer) => peer.on('authentication', () => stalled.resolve()));
    const { setTimer: given, pass } = deadlines();
    const failure = failureOf(connect(options, { powers: { setTimer: given } }));
    await stalled.promise;
    pass();
    expect(await failure).toMatchObject({
      code: 'HOST_UNREACHABLE',
      message: expect.stringContaining('within 30 s') as unknown,
    });
  });

  test('talks without end before it says who it is', async () => {
    const options = await raw((socket) => {
      const talk = (): void => {
        while (socket.writable && socket.write('hello\r\n'.repeat(1_000)));
        socket.once('drain', talk);
      };
      talk();
    });
    expect(await failureOf(connect(options))).toMatchObject({ code: 'HOST_UNREACHABLE' });
  });

  test('speaks another protocol, or nonsense', async () => {
    for (const text of [
      'HTTP/1.1 400 Bad Request\r\n\r\n',
      'SSH-1.5-old\r\n',
      'SSH-2.0-x\r\n\0\0\0\0\0\0\0\0',
      `SSH-2.0-x\r\n${'\u00ff'.repeat(40_000)}`,
    ]) {
      const options = await raw((socket) => socket.end(text, 'latin1'));
      expect(await failureOf(connect(options))).toMatchObject({ code: 'HOST_UNREACHABLE' });
    }
  });

  test('sends banners without end before it lets anybody in', async () => {
    const options = await host((peer, inside) => {
      peer.on('authentication', () => {
        for (let count = 0; count < 100; count += 1) sendBanner(inside, 'x'.repeat(1_000));
      });
    });
    const { code, message } = await failureOf(connect(options));
    expect(code).toBe('HOST_UNREACHABLE');
    expect(message).toContain('talks without end');
  });

  test('shows another key when keys are exchanged anew: what runs rejects, and nothing more is said to it', async () => {
    const heard: string[] = [];
    const options = await host((peer, inside) =>
      letIn(peer).on('session', (accept) => {
        accept().on('exec', (run, _reject, { command }) => {
          heard.push(command);
          run();
          inside._protocol._hostKeys = { 'ssh-ed25519': utils.parseKey(keys[1]!) };
          inside.rekey(() => {});
        });
      }),
    );
    const connection = await connect(options);
    const shell = await shellOn(options);
    const failure = await failureOf(shell.run('sleep 60'));
    expect(failure).toMatchObject({ code: 'HOST_KEY_CHANGED' });
    expect(failure.message).toContain(fingerprint('other'));
    expect((await failureOf(shell.run('echo more'))).code).toBe('HOST_KEY_CHANGED');
    expect(heard).toHaveLength(1);
    connection.close();
  });

  test('shows one key to be pinned and another to be used', async () => {
    let count = 0;
    const options = await host((peer, inside) => {
      count += 1;
      if (count > 1) inside._protocol._hostKeys = { 'ssh-ed25519': utils.parseKey(keys[1]!) };
      letIn(peer);
    });
    const seen: string[] = [];
    const { hostKey: _hostKey, ...unpinned } = options;
    await failureOf(connect(unpinned, { onUnknownKey: (key) => seen.push(fingerprintOf(key)) }));
    expect(await failureOf(connect({ ...options, hostKey: seen[0]! }))).toMatchObject({ code: 'HOST_KEY_CHANGED' });
  });

  test('lets us in, and begins the script when nobody waits for it any more, or never', async () => {
    const asked = Promise.withResolvers<() => void>();
    const closed = Promise.withResolvers<void>();
    const options = await host((peer) =>
      letIn(peer).on('session', (accept) => {
        asked.resolve(() => {
          accept().on('exec', (run) => run().on('end', closed.resolve).resume());
        });
      }),
    );
    const waiting: (() => void)[] = [];
    const shell = makeShell(await connect(options), {
      sudo: false,
      setTimer: (callback, milliseconds) => {
        if (milliseconds === 5_000) waiting.push(callback);
        return () => {};
      },
    });
    const failure = failureOf(shell.run('true', { deadline: 5_000 }));
    const begin = await asked.promise;
    expect(waiting).toHaveLength(1);
    waiting[0]!();
    expect(await failure).toMatchObject({
      code: 'HOST_UNREACHABLE',
      message: expect.stringMatching(/: a script did not end within 5 s$/) as unknown,
    });
    begin();
    await closed.promise;
  });

  test('closes the connection in the middle of a script, without a word of how it ended', async () => {
    const options = await host((peer, inside) =>
      letIn(peer).on('session', (accept) => {
        accept().on('exec', (run) => {
          run().write('half of');
          inside._sock.end();
        });
      }),
    );
    const shell = await shellOn(options);
    expect(await failureOf(shell.run('cat'))).toMatchObject({ code: 'HOST_UNREACHABLE' });
  });

  test('ends a channel without saying how the script ended', async () => {
    const options = await host((peer) =>
      letIn(peer).on('session', (accept) => {
        accept().on('exec', (run) => run().end());
      }),
    );
    const shell = await shellOn(options);
    expect(await failureOf(shell.run('true'))).toMatchObject({ code: 'HOST_UNREACHABLE' });
  });

  test('says why it does not lead on, on one line, without control characters', async () => {
    const way = await host((peer, inside) => {
      letIn(peer);
      (inside._protocol as unknown as OpenHandlers)._handlers.CHANNEL_OPEN = (protocol, { sender }) =>
        protocol.channelOpenFail(sender, 2, 'no\nHOST_TAKEN: \u001b[31mforged\u202e');
    });
    const jump = `root@127.0.0.1:${way.port}`;
    const { code, message } = await failureOf(connect({ ...way, port: 1, jump, jumpKeys: way.hostKey }));
    expect(code).toBe('HOST_UNREACHABLE');
    expect(message).toMatch(/does not get there: .*forged/);
    expect(message).not.toMatch(/[\u0000-\u001f\u007f\u202e]/);
  });

  test('says things that are to forge lines: they are told on one line, without control characters', async () => {
    const talking = await raw((socket) => {
      socket.write('SSH-2.0-x\r\n');
      // A DISCONNECT before keys were exchanged: length, padding, 1, reason, text.
      const text = Buffer.from('bad\r\nHOST_TAKEN: \u001b[31mforged\u202e');
      const payload = Buffer.concat([
        Buffer.from([1, 0, 0, 0, 2, 0, 0, 0, text.length]),
        text,
        Buffer.from([0, 0, 0, 0]),
      ]);
      const padding = 8 - ((payload.length + 5) % 8) + 8;
      const head = Buffer.alloc(5);
      head.writeUInt32BE(payload.length + padding + 1, 0);
      head[4] = padding;
      socket.write(Buffer.concat([head, payload, Buffer.alloc(padding)]));
    });
    const { code, message } = await failureOf(connect(talking));
    expect(code).toBe('HOST_UNREACHABLE');
    expect(message).not.toMatch(/[\u0000-\u001f\u007f\u202e]/);
  });
});

/** The library's server has no way to send one that late. */
const sendBanner = (inside: Inside, text: string): void => {
  const protocol = inside._protocol as unknown as {
    _packetRW: { write: { allocStart: number; alloc(length: number): Buffer; finalize(packet: Buffer): Buffer } };
    _cipher: { encrypt(packet: Buffer): void };
  };
  const { write } = protocol._packetRW;
  const body = Buffer.from(text);
  const packet = write.alloc(1 + 4 + body.length + 4);
  let at = write.allocStart;
  packet[at] = 53;
  packet.writeUInt32BE(body.length, (at += 1));
  packet.set(body, (at += 4));
  packet.writeUInt32BE(0, at + body.length);
  protocol._cipher.encrypt(write.finalize(packet));
};

import { writeFile, rm, readFile } from 'node:fs/promises';
import { once } from 'node:events';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import net from 'node:net';
import { expect, test } from 'vitest';
import { fingerprintOf, parseKeyLine } from '../../../src/providers/ssh/host-key.ts';
import { CONNECT_DEADLINE } from '../../../src/providers/ssh/reach.ts';
import { describeSsh, freePort, makeUserKey } from '../../support/ssh-server.ts';
import { connect, failureOf, optionsFor, shellOn, sshd, useSshScene } from './ssh-scene.ts';

const otherKey = 'SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA';

describeSsh('a host', () => {
  useSshScene();

  test('is let talk only if its key is pinned: by the options', async () => {
    const server = await sshd();
    const where = `${server.user}@127.0.0.1:${server.port}`;
    expect((await shellOn(optionsFor(server))).where).toBe(where);
    await connect({ ...optionsFor(server), hostKey: `${server.keyLine()} a comment` });
    const { hostKey: _hostKey, ...unpinned } = optionsFor(server);
    const seen: string[] = [];
    const unknown = await failureOf(connect(unpinned, { onUnknownKey: (key) => seen.push(fingerprintOf(key)) }));
    expect(unknown.code).toBe('HOST_KEY_UNKNOWN');
    expect(unknown.message).toBe(`${where}: nobody has said that its key is ssh-ed25519 ${server.fingerprint()}`);
    expect(unknown.hint).toContain(`set hostKey=${server.fingerprint()}`);
    expect(unknown.hint).toContain(server.knownLine());
    expect(seen).toEqual([server.fingerprint()]);
    const changed = await failureOf(connect({ ...optionsFor(server), hostKey: otherKey }));
    expect(changed.code).toBe('HOST_KEY_CHANGED');
    expect(changed.message).toBe(
      `${where}: its key was to be ${otherKey} (option hostKey), and it shows ssh-ed25519 ${server.fingerprint()}`,
    );
  });

  test('or by a known_hosts file, the one that the options name or those of the ssh configuration', async () => {
    const server = await sshd();
    const { hostKey: _hostKey, ...unpinned } = optionsFor(server);
    const file = join(server.directory, 'known');
    await writeFile(file, `${server.knownLine()}\n`);
    await connect({ ...unpinned, knownHosts: file });
    const config = join(server.directory, 'config');
    await writeFile(config, `UserKnownHostsFile ${file}\n`);
    await connect({ ...unpinned, config });
    await rm(file);
    expect((await failureOf(connect({ ...unpinned, knownHosts: file }))).code).toBe('HOST_KEY_UNKNOWN');
    const old = (await sshd()).keyLine();
    await writeFile(file, `[127.0.0.1]:${server.port} ${old}\n`);
    const changed = await failureOf(connect({ ...unpinned, knownHosts: file }));
    expect(changed).toMatchObject({ code: 'HOST_KEY_CHANGED' });
    expect(changed.message).toContain(fingerprintOf(parseKeyLine(old)!));
    expect(changed.message).toContain(server.fingerprint());
    expect(changed.hint).toContain(file);
    await writeFile(file, `@revoked * ${server.keyLine()}\n${server.knownLine()}\n`);
    expect((await failureOf(connect({ ...unpinned, knownHosts: file }))).message).toContain('revoked');
    const pinnedAndRevoked = await failureOf(connect({ ...optionsFor(server), knownHosts: file }));
    expect(pinnedAndRevoked).toMatchObject({ code: 'HOST_KEY_CHANGED' });
    expect(pinnedAndRevoked.message).toContain('revoked');
    await writeFile(file, `@cert-authority * ${server.keyLine()}\n`);
    const authority = await failureOf(connect({ ...unpinned, knownHosts: file }));
    expect(authority).toMatchObject({ code: 'HOST_KEY_UNKNOWN' });
    expect(authority.message).toContain('not supported');
  });

  test('with several keys shows the one that is pinned, whichever that is', async () => {
    const server = await sshd({ keys: ['ed25519', 'ecdsa', 'rsa'] });
    for (const type of ['ed25519', 'ecdsa', 'rsa'] as const) {
      await connect({ ...optionsFor(server), hostKey: server.keyLine(type) });
      await connect({ ...optionsFor(server), hostKey: server.fingerprint(type) });
    }
    const gone = (await sshd({ keys: ['rsa'] })).keyLine('rsa');
    const only = await sshd({ keys: ['ed25519'] });
    const changed = await failureOf(connect({ ...optionsFor(only), hostKey: gone }));
    expect(changed.code).toBe('HOST_KEY_CHANGED');
    expect(changed.message).toContain(`shows ssh-ed25519 ${only.fingerprint()}`);
  });

  test('lets nobody in whom it does not know, and the error says what was tried', async () => {
    const server = await sshd();
    const stranger = join(server.directory, 'stranger');
    makeUserKey(stranger, 'ed25519');
    const refused = await failureOf(connect({ ...optionsFor(server), identity: stranger }));
    expect(refused.code).toBe('HOST_LOGIN_REFUSED');
    expect(refused.message).toContain(`key ${stranger}`);
    expect(refused.message).toContain('it takes publickey');
    const nobody = await failureOf(connect({ ...optionsFor(server), user: 'nobody-here' }));
    expect(nobody).toMatchObject({ code: 'HOST_LOGIN_REFUSED' });
    const none = await failureOf(connect({ ...optionsFor(server), identity: join(server.directory, 'none') }));
    expect(none.message).toContain('no private key that can be read');
    const half = await failureOf(connect({ ...optionsFor(server), identity: `${server.identity}.pub` }));
    expect(half.message).toContain('public half');
  });

  test('that hangs up after too many wrong keys has refused them', async () => {
    const server = await sshd({ config: ['MaxAuthTries 1'] });
    const stranger = join(server.directory, 'stranger');
    makeUserKey(stranger, 'ed25519');
    const refused = await failureOf(connect({ ...optionsFor(server), identity: stranger }));
    expect(refused).toMatchObject({ code: 'HOST_LOGIN_REFUSED' });
    expect(refused.message).toContain(stranger);
  });

  test('takes a key with a passphrase, which is a secret, and in no error', async () => {
    const server = await sshd();
    const locked = join(server.directory, 'locked');
    makeUserKey(locked, 'ed25519', 'open sesame');
    await writeFile(`${server.identity}.pub`, await readFile(`${locked}.pub`));
    const options = { ...optionsFor(server), identity: locked };
    await connect(options, { settings: { passphrase: 'open sesame' } });
    const without = await failureOf(connect(options));
    expect(without).toMatchObject({ code: 'HOST_LOGIN_REFUSED' });
    expect(without.message).toContain('has a passphrase');
    const wrong = await failureOf(connect(options, { settings: { passphrase: 'open seesaw' } }));
    expect(wrong.message).toContain('not that of the key');
    expect(wrong.hint).toContain('once the boss was restarted');
    expect(JSON.stringify([without, wrong])).not.toMatch(/open se/);
  });

  test('takes the key of an agent', async () => {
    const server = await sshd();
    const socket = join(server.directory, 'agent');
    const agent = spawn('ssh-agent', ['-D', '-a', socket], { stdio: ['ignore', 'pipe', 'ignore'] });
    try {
      await once(agent.stdout, 'data');
      const environment = { HOME: '/nonexistent', SSH_AUTH_SOCK: socket };
      const { identity: _identity, ...options } = optionsFor(server);
      const empty = await failureOf(connect(options, { powers: { environment } }));
      expect(empty.code).toBe('HOST_LOGIN_REFUSED');
      expect(empty.message).toContain(`the agent at ${socket}`);
      await once(spawn('ssh-add', [server.identity], { env: environment, stdio: 'ignore' }), 'exit');
      await connect(options, { powers: { environment } });
      expect((await failureOf(connect({ ...options, agent: false }, { powers: { environment } }))).code).toBe(
        'HOST_LOGIN_REFUSED',
      );
    } finally {
      agent.kill();
      await once(agent, 'exit');
    }
  });

  test('is found by its name in an ssh configuration, with port, user, key, alias and the hosts on the way', async () => {
    const [first, second, last] = [await sshd(), await sshd(), await sshd()];
    const config = join(last.directory, 'config');
    const known = join(last.directory, 'known');
    const included = join(last.directory, 'included');
    await writeFile(
      known,
      `${[first, second].map((server) => `${server.knownLine()}\n`).join('')}the-last ${last.keyLine()}\n`,
    );
    await writeFile(
      included,
      [first, second, last]
        .map(
          (server, at) =>
            `Host hop${at}\nHostName 127.0.0.1\nPort ${server.port}\nUser ${server.user}\nIdentityFile ${server.identity}\n`,
        )
        .join(''),
    );
    await writeFile(
      config,
      `Include ${included}\nHost hop2\nProxyJump hop0,hop1\nHostKeyAlias the-last\nMatch host *\nUserKnownHostsFile ${known}\nIdentityAgent none\n`,
    );
    const connection = await connect({ host: 'hop2', config });
    expect(connection.where).toBe(`${last.user}@127.0.0.1:${last.port}`);
    await first.hangUp();
    expect(String(await connection.ended)).toContain('HOST_UNREACHABLE');
  });

  test('is reached over others, each of which proves its key', async () => {
    const [first, last] = [await sshd(), await sshd()];
    const config = join(last.directory, 'config');
    await writeFile(config, `IdentityFile ${first.identity}\nIdentityFile ${last.identity}\nIdentityAgent none\n`);
    const { identity: _identity, ...target } = optionsFor(last);
    const options = { ...target, config, jump: `${first.user}@127.0.0.1:${first.port}` };
    const unknown = await failureOf(connect(options));
    expect(unknown).toMatchObject({ code: 'HOST_KEY_UNKNOWN' });
    expect(unknown.message).toContain(`:${first.port}:`);
    expect(unknown.hint).toContain('jumpKeys');
    const shell = await shellOn({ ...options, jumpKeys: first.fingerprint() });
    expect(await shell.run('echo here')).toMatchObject({ stdout: 'here\n' });
    expect((await failureOf(connect({ ...options, jumpKeys: otherKey }))).code).toBe('HOST_KEY_CHANGED');
    const closed = await freePort();
    const lost = await failureOf(connect({ ...options, port: closed, jumpKeys: first.fingerprint() }));
    expect(lost).toMatchObject({ code: 'HOST_UNREACHABLE' });
    expect(lost.message).toContain(`127.0.0.1:${closed}: ${first.user}@127.0.0.1:${first.port} does not get there`);
  });

  test('that cannot be reached is named, with why', async () => {
    const port = await freePort();
    const refused = await failureOf(connect({ host: '127.0.0.1', port, user: 'root', config: 'none' }));
    expect(refused).toMatchObject({
      code: 'HOST_UNREACHABLE',
      message: `root@127.0.0.1:${port}: nobody listens there`,
    });
    const unheard = await failureOf(connect({ host: 'no-such-host.invalid', user: 'root', config: 'none' }));
    expect(unheard).toMatchObject({ code: 'HOST_UNREACHABLE' });
    expect(unheard.message).toContain('root@no-such-host.invalid:22');
    const program = join((await sshd()).directory, 'config');
    await writeFile(program, 'ProxyCommand nc %h %p\n');
    expect((await failureOf(connect({ host: 'x', config: program }))).message).toContain('ProxyCommand');
    await writeFile(program, 'RevokedHostKeys /etc/ssh/revoked\n');
    expect(await failureOf(connect({ host: 'x', config: program }))).toMatchObject({
      code: 'BAD_SPEC',
      message: expect.stringContaining('RevokedHostKeys') as unknown,
    });
    await writeFile(program, 'NoSuchWord yes\n');
    expect((await failureOf(connect({ host: 'x', config: program }))).code).toBe('BAD_SPEC');
  });

  test('that accepts and then says nothing has a deadline', async () => {
    const silent = net.createServer().listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as net.AddressInfo;
    const timers: { callback: () => void; milliseconds: number }[] = [];
    const setTimer = (callback: () => void, milliseconds: number) => {
      timers.push({ callback, milliseconds });
      return () => {};
    };
    const gone = once(silent, 'connection').then(async ([socket]) => once(socket as net.Socket, 'close'));
    const failure = failureOf(
      connect({ host: '127.0.0.1', port, user: 'root', config: 'none' }, { powers: { setTimer } }),
    );
    await once(silent, 'connection');
    const ofHost = timers.filter(({ milliseconds }) => milliseconds === CONNECT_DEADLINE);
    expect(ofHost).toHaveLength(1);
    ofHost[0]!.callback();
    expect(await failure).toMatchObject({
      code: 'HOST_UNREACHABLE',
      message: `root@127.0.0.1:${port}: it did not let us in within 30 s`,
    });
    await gone;
    silent.close();
  });
});

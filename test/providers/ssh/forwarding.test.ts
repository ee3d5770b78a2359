import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { bindPort } from '../../../src/providers/ssh/forwarding.ts';
import { describeSsh, freePort } from '../../support/ssh-server.ts';
import { connect, failureOf, optionsFor, setTimer, sshd, useSshScene } from './ssh-scene.ts';

const powers = { dialBoss: () => net.connect(1), setTimer };

describeSsh('a way back', () => {
  useSshScene();

  test('says so if something holds its port', async () => {
    const holder = net.createServer().listen(0, '127.0.0.1');
    await once(holder, 'listening');
    const { port } = holder.address() as AddressInfo;
    const failure = await failureOf(bindPort(await connect(optionsFor(await sshd())), port, powers));
    expect(failure).toMatchObject({ code: 'HOST_NOT_MANAGEABLE' });
    expect(failure.message).toContain(`something there holds the port ${port}`);
    holder.close();
  });

  test('says so if its sshd opens no ports', async () => {
    const server = await sshd({ config: ['AllowTcpForwarding no'] });
    const failure = await failureOf(bindPort(await connect(optionsFor(server)), await freePort(), powers));
    expect(failure).toMatchObject({ code: 'HOST_NOT_MANAGEABLE' });
    expect(failure.message).toContain('opens no port');
    expect(failure.hint).toContain('AllowTcpForwarding');
  });
});

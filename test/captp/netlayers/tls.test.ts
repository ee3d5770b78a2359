import { sign, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import net from 'node:net';
import tls from 'node:tls';
import { afterEach, describe, expect, test } from 'vitest';
import { makeKeyPair, type KeyPair } from '../../../src/captp/key-pair.ts';
import type { Connection, Listener } from '../../../src/captp/netlayers/contract.ts';
import { makeTlsNetlayer } from '../../../src/captp/netlayers/tls.ts';
import { describeError } from '../../../src/errors/gobs-error.ts';
import { netlayerContract } from '../../contracts/netlayer.ts';
import { makeFakeClock } from '../../support/fake-clock.ts';
import { until } from '../../support/until.ts';

const [near, far] = [1, 2].map((seed) => makeKeyPair(new Uint8Array(32).fill(seed)));
const setTimer = (callback: () => void, milliseconds: number) => {
  const timer = setTimeout(callback, milliseconds);
  return () => clearTimeout(timer);
};
const layerOf = (keyPair: Shown = near!) => makeTlsNetlayer({ tls, setTimer }, keyPair);
const anywhere = { host: '127.0.0.1', port: '0' };

type Shown = Pick<KeyPair, 'privateKeyPem' | 'certificatePem'>;

/** The same key, with a certificate whose time is over, and which is signed as it should be. */
const expired = ({ privateKeyPem, certificatePem }: KeyPair): Shown => {
  const der = Buffer.from(new X509Certificate(certificatePem).raw);
  const date = der.indexOf('99991231235959Z');
  der.write('19700102000000Z', date);
  const [outer, signature] = [4, 64];
  const inner = outer + (der[outer + 1] === 0x82 ? 4 : 3);
  const length = der[outer + 1] === 0x82 ? der.readUInt16BE(outer + 2) : der[outer + 2]!;
  sign(null, der.subarray(outer, inner + length), privateKeyPem).copy(der, der.length - signature);
  const certificate = `-----BEGIN CERTIFICATE-----\n${der
    .toString('base64')
    .match(/.{1,64}/g)!
    .join('\n')}\n-----END CERTIFICATE-----\n`;
  return { privateKeyPem, certificatePem: certificate };
};

/** Of nobody: a key on another curve, and a certificate that it signed. */
const ellipticCurve = {
  key: `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgxZ804nWCi0x6MV0W
klFzNtapersZs1qjpo5B1tthzLOhRANCAATKV3LsAby1u5FBakAcr3vASQ+9U6e1
f8fjEFCx/EUqEryiA1RpfHN/EPxuU0GSWs5m6i8kttl8a/fF6rdH4Jt4
-----END PRIVATE KEY-----`,
  cert: `-----BEGIN CERTIFICATE-----
MIIBfTCCASOgAwIBAgIUGsuFhLvAnH5Odj0e9xT6oXagbtgwCgYIKoZIzj0EAwIw
EzERMA8GA1UEAwwIZWxsaXB0aWMwIBcNMjYxMTIwMDkwMTA3WhgPMjEyNjEwMjcw
OTAxMDdaMBMxETAPBgNVBAMMCGVsbGlwdGljMFkwEwYHKoZIzj0CAQYIKoZIzj0D
AQcDQgAEyldy7AG8tbuRQWpAHK97wEkPvVOntX/H4xBQsfxFKhK8ogNUaXxzfxD8
blNBklrOZuovJLbZfGv3xeq3R+CbeKNTMFEwHQYDVR0OBBYEFEMvzRPZSbzBSwIS
Cf7+X3ImUoAKMB8GA1UdIwQYMBaAFEMvzRPZSbzBSwISCf7+X3ImUoAKMA8GA1Ud
EwEB/wQFMAMBAf8wCgYIKoZIzj0EAwIDSAAwRQIgVGmgcb4Bp6x05Euv7Ik82wUV
a9X+jxulZqUrrrnU8TcCIQCz20T1AiodCyL7ljmIDadVrT2/hbBseliK/eqxdgPr
oQ==
-----END CERTIFICATE-----`,
};

netlayerContract('tls', async () => ({
  near: layerOf(near),
  nearId: near!.peerId,
  far: layerOf(far),
  farId: far!.peerId,
  proves: true,
  address: () => anywhere,
  nonsense: { host: 'localhost', port: '99999' },
  end: async () => {},
}));

describe('the netlayer tls', () => {
  let listener: Listener;
  const accepted: Connection[] = [];
  const listen = async (): Promise<Listener> => {
    listener = await layerOf(far).listen(anywhere, (connection) => {
      connection.stream.on('error', () => {});
      accepted.push(connection);
    });
    return listener;
  };
  afterEach(async () => {
    await listener.close();
    for (const { stream } of accepted.splice(0)) stream.destroy();
  });

  const knock = async (options: tls.ConnectionOptions): Promise<string> => {
    const { address } = await listen();
    const socket = tls.connect({
      host: address.host!,
      port: Number(address.port),
      rejectUnauthorized: false,
      ...options,
    });
    socket.resume();
    const [error] = (await Promise.race([
      once(socket, 'close').then(() => [undefined]),
      new Promise<unknown[]>((resolve) => socket.once('error', (cause) => resolve([cause]))),
    ])) as [NodeJS.ErrnoException | undefined];
    socket.destroy();
    expect(accepted).toEqual([]);
    return error?.code ?? 'closed';
  };

  test('lets nobody in who shows no key', async () => {
    expect(await knock({})).toBe('closed');
  });

  test('lets nobody in whose key is of another sort', async () => {
    expect(await knock(ellipticCurve)).toBe('closed');
  });

  test('speaks no TLS older than 1.3', async () => {
    const { certificatePem: cert, privateKeyPem: key } = near!;
    expect(await knock({ cert, key, maxVersion: 'TLSv1.2' })).toMatch(/PROTOCOL_VERSION|ECONNRESET/);
  });

  test('lets nobody in who resumes a session instead of proving the key again', async () => {
    const { address } = await listen();
    const { certificatePem: cert, privateKeyPem: key } = near!;
    const options = { host: address.host!, port: Number(address.port), cert, key, rejectUnauthorized: false };
    const first = tls.connect(options);
    first.resume();
    const [session] = (await once(first, 'session')) as [Buffer];
    const second = tls.connect({ ...options, session });
    second.resume();
    await once(second, 'secureConnect');
    expect(second.isSessionReused()).toBe(true);
    await once(second, 'close');
    expect(accepted).toHaveLength(1);
    first.destroy();
  });

  test('survives a client that speaks no TLS', async () => {
    const { address } = await listen();
    const socket = net.connect({ host: address.host!, port: Number(address.port) });
    socket.on('error', () => {});
    socket.write('GET / HTTP/1.1\r\n\r\n');
    socket.resume();
    await once(socket, 'close');
    const { stream } = await layerOf(near).dial(address, far!.peerId);
    stream.destroy();
  });

  test('gives up on a host that does not answer', async () => {
    const silent = net.createServer(() => {});
    silent.listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const clock = makeFakeClock();
    const layer = makeTlsNetlayer({ tls, setTimer: clock.setTimer }, { ...near!, handshakeDeadline: 5_000 });
    const port = String((silent.address() as net.AddressInfo).port);
    const dialled = layer.dial({ host: '127.0.0.1', port }, far!.peerId).catch((error: unknown) => error);
    await once(silent, 'connection');
    await clock.advance(5_000);
    expect(describeError(await dialled)).toMatchObject({
      code: 'PEER_UNREACHABLE',
      message: `tls 127.0.0.1:${port} cannot be reached: no answer within 5000 ms`,
    });
    silent.close();
    await listen();
  });

  test('does not look at dates: a host whose clock is wrong is let in, and lets in', async () => {
    const [oldNear, oldFar] = [expired(near!), expired(far!)];
    const { validTo } = new X509Certificate(oldNear.certificatePem);
    expect(new Date(validTo).getUTCFullYear()).toBe(1970);
    listener = await layerOf(oldFar).listen(anywhere, (connection) => accepted.push(connection));
    const { stream, provenPeer } = await layerOf(oldNear).dial(listener.address, far!.peerId);
    await until(() => accepted.length > 0);
    expect([provenPeer, accepted[0]?.provenPeer]).toEqual([far!.peerId, near!.peerId]);
    stream.destroy();
  });

  test('sends what is written at once, at both ends', async () => {
    const delays: (boolean | undefined)[] = [];
    const original = net.Socket.prototype.setNoDelay;
    try {
      net.Socket.prototype.setNoDelay = function noted(this: net.Socket, noDelay) {
        delays.push(noDelay);
        return original.call(this, noDelay);
      };
      const { address } = await listen();
      const { stream } = await layerOf(near).dial(address, far!.peerId);
      await until(() => accepted.length > 0);
      stream.destroy();
    } finally {
      net.Socket.prototype.setNoDelay = original;
    }
    expect(delays).toEqual([true, true]);
  });
});

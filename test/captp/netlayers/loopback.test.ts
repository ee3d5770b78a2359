import { makeLoopbackNetwork } from '../../../src/captp/netlayers/loopback.ts';
import { netlayerContract, type NetlayerWorld } from '../../contracts/netlayer.ts';
import { makeBreakableNetwork } from '../../support/breakable-network.ts';

const [nearId, farId] = ['n'.repeat(52), 'f'.repeat(52)];

const worldOn = (network: Pick<ReturnType<typeof makeLoopbackNetwork>, 'netlayerOf'>): NetlayerWorld => {
  let last = 0;
  return {
    near: network.netlayerOf(nearId),
    nearId,
    far: network.netlayerOf(farId),
    farId,
    proves: true,
    address: () => {
      last += 1;
      return { name: `far-${last}` };
    },
    nonsense: { name: '' },
    end: async () => {},
  };
};

netlayerContract('loopback', async () => worldOn(makeLoopbackNetwork()));
netlayerContract('loopback with a hand on its wires', async () => worldOn(makeBreakableNetwork()));

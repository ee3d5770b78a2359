import { makeFakeCloud } from '../support/fake-provider.ts';
import { describeProvider } from '../contracts/provider.ts';

describeProvider('fake', async () => {
  const given = new Map<string, string>();
  const cloud = makeFakeCloud({ hobStarted: ({ machineId, locator }) => given.set(machineId, locator) });
  const hobs = async (machineId: string) => {
    const hob = cloud.hosts.get(machineId)?.hob;
    return hob === undefined ? [] : [`hob ${hob}`];
  };
  return {
    makeDriver: cloud.makeDriver,
    optionsOf: () => harden({ size: 2 }),
    hobs,
    traces: async (machineId) => (cloud.hosts.has(machineId) ? [`host ${machineId}`] : []),
    killHobs: async (machineId) => cloud.killHob(machineId),
    received: async (machineId) => given.get(machineId),
    close: async () => {},
  };
});

/** A machine as drivers are told of it, where its provider has no options. */
import type { MachineRef } from '../../src/providers/contract.ts';

export const machineRef = (machineId: string): MachineRef => harden({ machineId, options: {} });

/**
 * What a walker of authority tries: every method of every interface of the boss, with arguments that the right holder could use, as far
 * as a hob has what it takes.
 */
import { BossProcessI } from '../../src/boss/boss-process.ts';
import { RegistryI } from '../../src/boss/boss-registry.ts';
import { GateI, LifecycleI } from '../../src/boss/machine-facets.ts';
import { ProviderI } from '../../src/boss/provider.ts';
import {
  BossI,
  HobI,
  InspectorI,
  MachineAdminI,
  MachineCopierI,
  MachineJournalI,
  MachineExecutorI,
  MachineHobSideI,
} from '../../src/protocol/interfaces.ts';
import type { WantedState } from '../../src/protocol/shapes.ts';
import { CellI } from '../../src/vats/actor-lib/cell.ts';
import { methodsOf, type Tries } from './authority-walk.ts';
import { reportOn, someFacts } from './boss-world.ts';

const interfaces = harden([
  BossI,
  BossProcessI,
  CellI,
  GateI,
  HobI,
  InspectorI,
  LifecycleI,
  MachineAdminI,
  MachineCopierI,
  MachineExecutorI,
  MachineHobSideI,
  MachineJournalI,
  ProviderI,
  RegistryI,
]);

/** What a hob knows, which keeps machine `web1` (`m1`) beside a `web2`. */
export interface Walker {
  /** A reference to itself. */
  readonly own: object;
  readonly peerId: string;
  readonly desired: WantedState;
  readonly now: number;
  readonly provider: { readonly name: string; readonly type: string };
}

export const makeAuthorityTries = ({ own, peerId, desired, now, provider }: Walker): Tries => {
  const report = reportOn(desired, now);
  const visitor = { peerId, address: 'here' };
  const given: Record<string, readonly (readonly unknown[])[]> = {
    nextStatus: [[0], [1_000]],
    setDesired: [[{ policy: 'correct' }], [{ resources: [] }]],
    setLabels: [[{ role: 'web' }]],
    applyDocument: [
      [
        { policy: 'report', resources: [], labels: {} },
        { generation: desired.generation, labels: {} },
      ],
    ],
    exec: [[['true'], {}], [['true']]],
    look: [['/etc/hostname']],
    download: [['/etc/hostname', {}], ['/etc/hostname']],
    upload: [
      ['/etc/motd', 0o644, {}],
      ['/etc/motd', 0o644],
    ],
    hobLog: [[{}]],
    unitLog: [
      ['ssh.service', {}, {}],
      ['ssh.service', {}],
    ],
    nextLog: [[null]],
    addProvider: [['other', { type: provider.type }]],
    removeProvider: [['other']],
    confirmations: [[provider.name, {}]],
    bind: [['name', own]],
    lookup: [['name']],
    unbind: [['name']],
    attach: [[own, someFacts]],
    tellFacts: [[someFacts]],
    report: [[report]],
    secret: [['token']],
    push: [[desired]],
    createMachine: [['web9', { provider: provider.name }]],
    machine: [['web1'], ['web2']],
    machinePage: [[{}]],
    destroyMachine: [['web2']],
    forget: [[], ['web2']],
    locatorFor: [[own]],
    actors: [['boss']],
    portrait: [['vat:boss/machine/2/self'], [own]],
    referrers: [['vat:boss/machine/2/self']],
    configure: [[{ name: 'x', type: provider.type, settings: {} }]],
    setSecret: [['token', 'text']],
    removeSecret: [['other']],
    sealedSecret: [['token']],
    present: [['hash', visitor]],
    presentInVain: [['hash', visitor]],
    arrived: [[visitor]],
    left: [[peerId, 1]],
    copied: [[peerId, 'here', 'there']],
    older: [[peerId, 2, 1]],
    sawEpoch: [[7]],
    judge: [['hash', peerId]],
    enrol: [[peerId, 'here']],
    note: [['what']],
    accepted: [[1]],
    provided: [[1]],
    refused: [[1, { code: 'PROVIDER_FAILED', message: 'x' }]],
    drop: [[[]]],
    expected: [['hash', own]],
    opened: [['m1', 'create', own]],
    closed: [['m1']],
    released: [['web1', own]],
    set: [[1], ['web2', own]],
    get: [[], ['web1'], ['web2']],
    validate: [[{}]],
    create: [[], [{ machineId: 'm1', name: 'web1', options: {}, locator: 'gobs://x.tls/s/walker' }]],
    start: [[], ['m1']],
    stop: [[], ['m1']],
    destroy: [[], ['m1']],
    remains: [['m1']],
    page: [[{ limit: 10 }]],
    __getMethodNames__: [[]],
    __getInterfaceGuard__: [[]],
  };
  const plain = Object.fromEntries(methodsOf(...interfaces).map((method) => [method, [[]]]));
  return harden({ ...plain, ...given });
};

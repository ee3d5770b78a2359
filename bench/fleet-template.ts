/**
 * The rows of a fleet of any size, as the boss itself would have written them. Three machines are made by real turns of the boss's own kinds:
 * created, provided, enrolled, attached, reported on. The rows of the first are the pattern for all others, and what grows from the second
 * to the third (sizes of maps, next numbers) grows on by as much. That the third machine's rows come out of the first's,
 * letter by letter, is checked each time, so a change in the boss cannot make this wrong without a word.
 */
import { createHash } from 'node:crypto';
import { Far } from '@endo/far';
import { makeMint } from '../src/boss/enrolment-secrets.ts';
import { openBoss, type OpenedBoss } from '../src/boss/open-boss.ts';
import { makePeerTables, type PeerTables } from '../src/captp/peer-table.ts';
import { makeMemoryStore } from '../src/persistence/memory-store.ts';
import type { Hob, MachineObserver } from '../src/protocol/remotes.ts';
import type { Facts } from '../src/protocol/shapes.ts';
import { E } from '../src/vats/eventual-send.ts';
import { makeKernel, type Kernel } from '../src/vats/kernel.ts';
import { decodeRow, encodeRow } from '../src/vats/row.ts';
import type { StoreEntry } from '../src/vats/store.ts';

/** When everything happened. */
const time = Date.now();

type Rows = ReadonlyMap<string, string>;

/** Machines have numbers from 1. */
export interface FleetTemplate {
  /** What there is once, in a boss of so many machines. */
  shared(machines: number): readonly StoreEntry[];
  /** What there is for each machine. */
  machine(number: number): readonly StoreEntry[];
}

export const machineName = (number: number): string => `host-${String(number).padStart(6, '0')}`;

export const someFacts: Facts = harden({
  os: 'Debian GNU/Linux 12 (bookworm)',
  system: 'debian',
  release: '12',
  codename: 'bookworm',
  kernel: '6.1.0-18-amd64',
  architecture: 'x64',
  hostname: 'somewhere',
  cpu: { model: 'a processor of some make, at some speed', count: 2 },
  memory: { total: 4_000_000_000, free: 2_000_000_000 },
  disk: { total: 80_000_000_000, free: 40_000_000_000 },
  addresses: ['192.0.2.1', '2001:db8::1'],
  bootTime: time,
  hob: '0.0.0',
});

const spec = harden({
  provider: 'local',
  policy: 'correct' as const,
  resources: ['motd', 'hosts', 'profile', 'logs'].map((id) => ({
    id,
    type: 'file',
    path: `/etc/${id}`,
    content: 'a line\n',
    mode: '0644',
  })),
});

const nonceOf = (number: number): string => `nonce-${String(number).padStart(30, '0')}`;

const mint = makeMint({
  key: new Uint8Array(32).fill(7),
  hashOf: (secret) => createHash('sha256').update(secret).digest('hex'),
  locatorOf: (secret) => secret,
});

/** A cloud that does at once whatever it is asked. */
export const obligingDriver = Far('Driver', {
  validate: () => {},
  create: () => {},
  start: () => {},
  stop: () => {},
  destroy: () => {},
  find: (machineId: string) => harden({ machineId, state: 'running' }),
  list: () => harden([]),
  remains: () => harden([]),
});

interface Scene {
  readonly kernel: Kernel;
  readonly opened: OpenedBoss;
  readonly tables: PeerTables;
  readonly rows: () => Promise<Rows>;
}

const openScene = async (): Promise<Scene> => {
  const store = makeMemoryStore();
  let nonces = 0;
  const kernel = makeKernel({
    store,
    now: () => time,
    schedule: (crank) => void setImmediate(crank),
  });
  const opened = await openBoss({
    kernel,
    house: Far('House', { locatorFor: () => '', inspector: () => null }) as never,
    newNonce: () => nonceOf((nonces += 1)),
    mint,
    enrolmentLife: 3_600_000,
    connected: () => true,
    seal: (_context, text) => text,
    openSecret: (_name, sealed) => sealed,
    makeDriver: () => obligingDriver as never,
    firstProviders: [{ name: 'local', type: 'local', settings: {} }],
  });
  const rows = async (): Promise<Rows> => {
    await kernel.idle();
    return new Map(store.entries());
  };
  return { kernel, opened, tables: makePeerTables(kernel.committer), rows };
};

/** As machine and hob do it, but for the wire. */
const addMachine = async ({ kernel, opened, tables }: Scene, number: number, peerId: string): Promise<void> => {
  const { boss, process } = opened;
  const machine: MachineObserver = await E(boss).createMachine(machineName(number), spec);
  let status = await E(machine).status();
  while (status.state !== 'booting') status = await E(machine).nextStatus(status.revision);
  const visitor = harden({ peerId, address: '192.0.2.7:41234' });
  const { secretHash } = mint(`m${number}`, nonceOf(number));
  const side = await E(process).present(secretHash, visitor);
  await tables.of(peerId).numberOf(kernel.nameOf(side)!).written;
  await tables.of(peerId).noteEpoch(1);
  const { generation, digest, resources } = await E(side).attach(kernel.refOf(`peer:${peerId}/1`) as Hob, someFacts);
  const reports = resources.map(({ id, type }) => ({ id, type, state: 'ok' as const }));
  await E(side).report(harden({ generation, digest, reason: 'applied', at: time, resources: reports }));
};

const isRow = (value: string): boolean => value.startsWith('{"k":');
const nextInstance = (rows: Rows): number => {
  const key = 'v/boss/!';
  return (JSON.parse(decodeRow(key, rows.get(key)!).body.slice(1)) as { next: number }).next;
};

/** A text in which every second part is the number of a blank: one of `wordsOf`, or from `INSTANCES` an instance number. */
type Form = readonly string[];

const INSTANCES = 100;
const blank = (index: number): string => `@@${index}@@`;

/** The first machine's rows as forms that are filled in for each other one: a fleet has millions of them. */
const makeClone = (rows: Rows, first: number, each: number, peerIdOf: (number: number) => string) => {
  const wordsOf = (number: number): readonly string[] => {
    const { secretHash } = mint(`m${number}`, nonceOf(number));
    const peerId = peerIdOf(number);
    return [machineName(number), peerId, `${peerId.slice(0, 8)}…`, secretHash, nonceOf(number), `m${number}`];
  };
  const old = wordsOf(1).map((word, index) => (index === 5 ? `"${word}"` : word));
  const withBlanks = (text: string): string =>
    old
      .reduce((marked, word, index) => marked.replaceAll(word, index === 5 ? `"${blank(5)}"` : blank(index)), text)
      .replace(
        /((?:vat:boss|^v\/boss\/a)\/[a-z-]+\/)([0-9]+)/g,
        (_all, head: string, instance: string) => head + (+instance < first ? instance : blank(INSTANCES + +instance)),
      );
  const formOf = (text: string): Form => text.split(/@@([0-9]+)@@/);
  const valueForm = (key: string, value: string): Form => {
    if (!isRow(value)) return formOf(withBlanks(value));
    const row = decodeRow(key, value);
    return formOf(encodeRow({ ...row, body: withBlanks(row.body), slots: row.slots.map(withBlanks) }));
  };
  const forms = [...rows].map(([key, value]) => [formOf(withBlanks(key)), valueForm(key, value)] as const);

  return (number: number): readonly StoreEntry[] => {
    const words = wordsOf(number);
    const later = (number - 1) * each - INSTANCES;
    const fill = (form: Form): string => {
      let text = form[0]!;
      for (let at = 1; at < form.length; at += 2) {
        const index = Number(form[at]);
        text += (index < INSTANCES ? words[index]! : String(index + later)) + form[at + 1]!;
      }
      return text;
    };
    return forms.map(([key, value]) => [fill(key), fill(value)]);
  };
};

/** What two values become if they go on as they went from the first to the second, so many more times. */
const goOn = (one: unknown, two: unknown, times: number): unknown => {
  if (typeof one === 'number') return one + (times + 1) * ((two as number) - one);
  if (typeof one !== 'object' || one === null) return two;
  if (Array.isArray(one)) return one.map((item, index) => goOn(item, (two as unknown[])[index], times));
  return Object.fromEntries(
    Object.entries(one).map(([name, item]) => [name, goOn(item, (two as Record<string, unknown>)[name], times)]),
  );
};

const growRow = (key: string, second: string, third: string, times: number): string => {
  const [one, two] = [decodeRow(key, second), decodeRow(key, third)];
  const bodyOf = (body: string): unknown => JSON.parse(body.slice(1));
  const body = `#${JSON.stringify(goOn(bodyOf(one.body), bodyOf(two.body), times))}`;
  return encodeRow({ ...two, change: one.change + (times + 1) * (two.change - one.change), body });
};

/** `peerIdOf`: of the hob of each machine. Throws if the third machine is not what the first two lead to expect. */
export const makeFleetTemplate = async (peerIdOf: (number: number) => string): Promise<FleetTemplate> => {
  const scene = await openScene();
  const stages: Rows[] = [await scene.rows()];
  for (const number of [1, 2, 3]) {
    await addMachine(scene, number, peerIdOf(number));
    stages.push(await scene.rows());
  }
  const [none, one, two, three] = stages as [Rows, Rows, Rows, Rows];
  const first = nextInstance(none);
  const ofFirst = new Map([...one].filter(([key]) => !none.has(key)));
  const machine = makeClone(ofFirst, first, nextInstance(one) - first, peerIdOf);
  const shared = (machines: number): readonly StoreEntry[] =>
    [...none.keys()].map((key) => [key, growRow(key, one.get(key)!, two.get(key)!, machines - 2)]);
  const expected = new Map([...shared(3), ...machine(1), ...machine(2), ...machine(3)]);
  for (const [key, value] of three) {
    if (expected.get(key) === value) expected.delete(key);
    else throw Error(`row ${key} of a third machine is ${value}, not ${expected.get(key)}`);
  }
  const [extra] = expected.keys();
  if (extra !== undefined) throw Error(`a third machine has no row ${extra}`);
  return { shared, machine };
};

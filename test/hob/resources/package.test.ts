/** What packages do when apt cannot, with an apt that the test makes up; the real one is in test/hosts. */
import { describe, expect, it } from 'vitest';
import type { CommandOutcome } from '../../../src/hob/commands.ts';
import { reconcile } from '../../../src/hob/reconcile.ts';
import type { Host, ResourceType, TogetherOutcome } from '../../../src/hob/resources/contract.ts';
import { packageType } from '../../../src/hob/resources/package.ts';
import { hostForEach } from '../each-host.ts';
import { openOwed, type TemporaryRoot } from '../temporary-root.ts';

type Saying = Partial<CommandOutcome>;

interface MadeUp {
  /** Names and versions. */
  readonly installed: Map<string, string>;
  readonly known?: Readonly<Record<string, string>>;
  /** What apt-get says to each of these, with the words that are no options. */
  readonly simulate?: (words: readonly string[]) => Saying;
  readonly install?: (words: readonly string[]) => Saying;
  readonly update?: () => Saying;
  readonly configure?: () => Saying;
  /** Each apt-get that is to install something. */
  readonly hear?: (command: readonly string[]) => void;
}

interface MadeUpHost {
  readonly host: Host;
  /** Of those that change something. */
  readonly calls: readonly string[];
}

const away = { code: 100, stderr: 'E: Failed to fetch http://mirror/\n' };

const makeHost = (apt: MadeUp): MadeUpHost => {
  const calls: string[] = [];
  const answers: Readonly<Record<string, (command: readonly string[], names: readonly string[]) => Saying>> = {
    'dpkg-query': () => ({
      code: 1,
      stdout: [...apt.installed].map(([name, version]) => `${name}\tall\tinstall\tinstalled\t${version}\n`).join(''),
    }),
    'apt-cache': () => ({
      stdout: Object.entries(apt.known ?? {})
        .map(([name, version]) => `${name}:\n  Candidate: ${version}\n  Version table:\n     ${version} 500\n`)
        .join(''),
    }),
    find: () => ({}),
    dpkg: () => {
      calls.push('configure');
      return apt.configure?.() ?? {};
    },
    'apt-get': (command, names) => {
      if (command.includes('-s')) return apt.simulate?.(names) ?? {};
      const updates = command.includes('update');
      if (!updates) apt.hear?.(command);
      calls.push(updates ? 'update' : ['install', ...names].join(' '));
      return (updates ? apt.update?.() : apt.install?.(names)) ?? {};
    },
  };
  const run = async (command: readonly string[]): Promise<CommandOutcome> => {
    const names = command.includes('--') ? command.slice(command.indexOf('--') + 1) : [];
    return { code: 0, stdout: '', stderr: '', cut: false, ...answers[command[0]!]!(command, names) };
  };
  return { host: { commands: { run } } as unknown as Host, calls };
};

const named = (name: string, more: object = {}) => ({ id: name, type: 'package', name, ...more });

/** Without the hint. */
const told = (outcome: TogetherOutcome): unknown =>
  'error' in outcome ? (outcome.error as Error).message.split('\n')[0] : outcome.changes;

const apply = async (host: Host, ...resources: readonly ReturnType<typeof named>[]): Promise<readonly unknown[]> =>
  (await packageType.convergeTogether!(resources, host, true)).map(told);

const unfetched = (name: string) => `CANNOT_CHANGE: ${name}: apt-get: Failed to fetch http://mirror/`;

/** Installs what it is told, in the version 2.0. */
const installing =
  (installed: Map<string, string>) =>
  (names: readonly string[]): Saying => {
    for (const name of names) installed.set(name, '2.0');
    return {};
  };

describe('packages, when the lists of what there is cannot be fetched', () => {
  it('fail where the lists are needed, each with its own name, and nowhere else', async () => {
    const installed = new Map([
      ['there', '1.0'],
      ['newest', '2.0'],
    ]);
    const { host, calls } = makeHost({
      installed,
      known: { newest: '2.0', known: '2.0' },
      update: () => away,
      install: installing(installed),
    });
    const resources = ['nowhere', 'there', 'known'].map((name) => named(name));
    expect(await apply(host, ...resources, named('newest', { latest: true }), named('gone', { absent: true }))).toEqual(
      [unfetched('nowhere'), [], [{ what: 'state', from: 'absent', to: 'present' }], unfetched('newest'), []],
    );
    expect(calls).toEqual(['update', 'install known']);
  });

  it('are had from those lists that could be fetched', async () => {
    const installed = new Map<string, string>();
    const known: Record<string, string> = {};
    const update = () => {
      known['late'] = '2.0';
      return away;
    };
    const { host } = makeHost({ installed, known, update, install: installing(installed) });
    expect(await apply(host, named('late'), named('nowhere'))).toEqual([
      [{ what: 'state', from: 'absent', to: 'present' }],
      unfetched('nowhere'),
    ]);
  });

  it('fail each with its own name when that shows while they are installed, and what is there does not', async () => {
    const installed = new Map([['there', '1.0']]);
    const known = { one: '2.0', two: '2.0' };
    const { host } = makeHost({ installed, known, update: () => away, install: () => away });
    expect(await apply(host, named('one'), named('two'), named('there'))).toEqual([
      unfetched('one'),
      unfetched('two'),
      [],
    ]);
  });
});

describe('packages that something would have to go for', () => {
  const interrupted = { code: 100, stderr: "E: dpkg was interrupted, you must manually run 'dpkg --configure -a'\n" };
  const takesAway = { stdout: 'Remv other [1.0]\nInst rival (2.0)\n' };
  const known = { rival: '2.0', plain: '2.0' };
  const simulated =
    (isLater: () => boolean) =>
    (names: readonly string[]): Saying =>
      isLater() && names.includes('rival') ? takesAway : {};

  it.each([
    ['dpkg had finished what it was killed at', 'configure', interrupted],
    ['the lists were fetched again', 'update', away],
  ])('are not begun if that shows only after %s, and the others are', async (_what, remedy, first) => {
    const installed = new Map<string, string>();
    let later = false;
    const help = () => {
      later = true;
      return {};
    };
    const { host, calls } = makeHost({
      installed,
      known,
      simulate: simulated(() => later),
      install: (names) => (later ? installing(installed)(names) : first),
      update: help,
      configure: help,
    });
    expect(await apply(host, named('rival'), named('plain'))).toEqual([
      'CANNOT_CHANGE: rival: apt would take away other for it',
      [{ what: 'state', from: 'absent', to: 'present' }],
    ]);
    expect(calls).toEqual(['install rival plain', remedy, 'install plain']);
  });

  it('are not begun if it shows once a dpkg that was killed does not keep apt from telling', async () => {
    const installed = new Map<string, string>();
    let later = false;
    const { host, calls } = makeHost({
      installed,
      known,
      simulate: () => (later ? takesAway : interrupted),
      install: (names) => (later ? installing(installed)(names) : interrupted),
      configure: () => {
        later = true;
        return {};
      },
    });
    expect(await apply(host, named('rival'))).toEqual(['CANNOT_CHANGE: rival: apt would take away other for it']);
    expect(calls).toEqual(['install rival', 'configure']);
  });

  it('take nothing away where none is to be absent, whatever came between', async () => {
    const words: (readonly string[])[] = [];
    const installed = new Map([['old', '1.0']]);
    const { host } = makeHost({
      installed,
      known,
      install: (names) => {
        for (const name of names) {
          if (name.endsWith('-')) installed.delete(name.slice(0, -1));
          else installed.set(name, '2.0');
        }
        return {};
      },
      hear: (command) => words.push(command),
    });
    await apply(host, named('plain'));
    expect(words.at(-1)).toContain('--no-remove');
    await apply(host, named('rival'), named('old', { absent: true }));
    expect(words.at(-1)).not.toContain('--no-remove');
  });
});

describe('packages that notify', () => {
  let place: TemporaryRoot;
  let rooted: Host;
  hostForEach((...made) => ([place, rooted] = made));

  let rings = 0;
  const bell: ResourceType = {
    definition: { type: 'bell', required: {}, optional: {}, effect: () => 'ring' },
    converge: async (_resource, _host, _apply, circumstances) => {
      if (circumstances?.notified === true) rings += 1;
      return [];
    },
  };
  const round = async (made: MadeUpHost, more: object): Promise<readonly (readonly unknown[])[]> => {
    rings = 0;
    const { resources } = await reconcile({
      desired: {
        generation: 1,
        policy: 'correct',
        resources: [named('newest', { notify: ['bell'], ...more }), { id: 'bell', type: 'bell' }],
      },
      mode: 'converge',
      reason: 'interval',
      types: { package: packageType, bell },
      host: { ...rooted, ...made.host },
      owed: await openOwed(place.root),
      now: () => 5,
    });
    return resources.map(({ state, why }) => [state, why]);
  };

  it('are as new as the lists that are fetched before it is seen whether they differ', async () => {
    const installed = new Map([['newest', '1.0']]);
    const known: Record<string, string> = { newest: '1.0' };
    const update = () => {
      known['newest'] = '2.0';
      return {};
    };
    const made = makeHost({ installed, known, update, install: installing(installed) });
    expect(await round(made, { latest: true })).toEqual([
      ['corrected', undefined],
      ['corrected', undefined],
    ]);
    expect(installed.get('newest')).toBe('2.0');
    expect(rings).toBe(1);
    expect(await round(made, { latest: true })).toEqual([
      ['ok', undefined],
      ['ok', undefined],
    ]);
  });

  it.each([
    ['latest, and the lists cannot be fetched', { latest: true }, [['newest', '1.0']], away, unfetched('newest')],
    ['missing, and nobody has them', {}, [], {}, 'CANNOT_CHANGE: newest: apt knows no such package'],
  ] as const)('tell nobody later of having been %s: nothing was touched', async (_what, more, before, first, why) => {
    const installed = new Map<string, string>(before);
    const known: Record<string, string> = {};
    let update: Saying = first;
    const made = makeHost({ installed, known, update: () => update });
    expect(await round(made, more)).toEqual([
      ['failed', expect.stringContaining(why)],
      ['unknown', expect.anything()],
    ]);
    update = {};
    installed.set('newest', '2.0');
    known['newest'] = '2.0';
    expect(await round(made, more)).toEqual([
      ['ok', undefined],
      ['ok', undefined],
    ]);
    expect(rings).toBe(0);
  });
});

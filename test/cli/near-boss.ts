/**
 * A boss in this process that behaves like the real one where the command line looks: the same guards, answers that come when something
 * happens, and machines that get on by themselves unless a test holds them.
 */
import { Far } from '@endo/far';
import type { InterfaceGuard } from '@endo/patterns';
import { makeError } from '../../src/errors/gobs-error.ts';
import type { HobLinesRequest } from '../../src/protocol/host-logs.ts';
import type { Copier } from '../../src/hob/copier.ts';
import {
  BossI,
  InspectorI,
  MachineAdminI,
  MachineCopierI,
  MachineExecutorI,
  MachineJournalI,
  MachineObserverI,
  MachineOperatorI,
} from '../../src/protocol/interfaces.ts';
import type { Orphan, ProviderSpec, RestoreNotice } from '../../src/protocol/remotes.ts';
import type {
  Change,
  DesiredState,
  DesiredStateChange,
  DocumentedState,
  Facts,
  Labels,
  LifecycleState,
  LogEntry,
  MachineSpec,
  MachineStatus,
  Refusal,
  PlannedFrom,
  Report,
  Resource,
  ResourceReport,
} from '../../src/protocol/shapes.ts';
import { isName } from '../../src/protocol/shapes.ts';
import { checkArguments, readFacetGuard } from '../../src/vats/guards.ts';
import type { GraphView, TraceRequest } from '../../src/protocol/trace.ts';
import { makeNearTraces } from './near-traces.ts';

type Method = (...args: never[]) => unknown;

/** As a vat does: arguments are checked, what the guard does not name is not there. */
const guarded = (guard: InterfaceGuard, methods: Record<string, Method>): object => {
  const facet = readFacetGuard('near boss', guard);
  const entries = [...facet.methods.keys()]
    .filter((name) => methods[name] !== undefined)
    .map((name) => [
      name,
      (...args: never[]) => {
        // CapTP hardens what it sends.
        checkArguments(facet, name, harden(args));
        return harden(methods[name]!(...args));
      },
    ]);
  return Far(facet.interfaceName, Object.fromEntries(entries) as Record<string, Method>);
};

interface Machine {
  status: MachineStatus;
  desired: DesiredState;
  /** What the last document said. */
  applied: DocumentedState | null;
  readonly options: NonNullable<MachineSpec['options']>;
  report: Report | null;
  /** What differs on the host, by resource id. */
  readonly differences: Map<string, readonly Change[]>;
  waiting: { readonly above: number; resolve(status: MachineStatus): void }[];
  readonly facets: { admin: object; operator: object; observer: object };
}

const none = { ok: 0, drifted: 0, corrected: 0, failed: 0, unknown: 0, skipped: 0 };

const saidOf = ({ policy, resources }: Pick<DesiredState, 'policy' | 'resources'>): string =>
  JSON.stringify([policy, resources]);

const refusing = (code: 'NO_SUCH_MACHINE' | 'MACHINE_GONE', name: string): never => {
  throw makeError(code, `${name}: there is no such machine`);
};

export interface NearBossOptions {
  /** Machines stay as they are until a test moves them. */
  readonly held?: boolean;
}

const noGraph: GraphView = harden({ nodes: [], edges: [], omitted: [] });

export const makeNearBoss = ({ held = false }: NearBossOptions = {}) => {
  const machines = new Map<string, Machine>();
  const requests = new Map<string, string>();
  const calls: string[] = [];
  /** Who waits for a call, or for somebody to wait for news: `check web1`, `nextStatus web1`. */
  const ears = new Map<string, () => void>();
  const whenCalled = (call: string): Promise<void> => new Promise((resolve) => ears.set(call, resolve));
  const called = (call: string) => {
    calls.push(call);
    ears.get(call)?.();
  };
  const secrets = new Map<string, string>();
  const providers = new Map<string, ProviderSpec>([['local', { type: 'local' }]]);
  /** Machines whose hob is connected and never answers. */
  const deaf = new Set<string>();
  /** The last that is said of machines that were there. */
  const gone = new Map<string, MachineStatus>();
  /** Machines that get no further. */
  const stuck = new Set<string>();
  /** Names of machines that cannot be written when they are asked for. */
  const unwritable = new Set<string>();
  /** What the boss says of its restore. */
  const restore: { notice: RestoreNotice | null } = { notice: null };
  /** What becomes of `exec` of all machines. */
  const exec: { run: (argv: readonly string[], options: object, until?: Promise<unknown>) => unknown } = {
    run: () => refusing('NO_SUCH_MACHINE', 'nothing'),
  };
  /** What hosts' own logs say. */
  const journal: {
    hobLog: (request: HobLinesRequest) => unknown;
    unitLog: (unit: string, request: object, until?: Promise<unknown>) => unknown;
  } = { hobLog: () => harden({ lines: [], last: 0 }), unitLog: () => refusing('NO_SUCH_MACHINE', 'nothing') };
  /** Who copies files of all machines, as a hob's copier. */
  const copies: { by: Copier | undefined } = { by: undefined };
  /** What there is to complain of. */
  const troubles: { orphans: () => readonly Orphan[]; refusals: readonly Refusal[] } = {
    orphans: () => [],
    refusals: [],
  };
  const firstLines: readonly LogEntry[] = [{ at: 1_000, what: 'requested' }];
  const logs = new Map<string, readonly LogEntry[]>();
  const hearers = new Map<string, (lines: readonly LogEntry[]) => void>();
  const addLine = (name: string, line: LogEntry) => {
    logs.set(name, harden([...(logs.get(name) ?? firstLines), line]));
    hearers.get(name)?.(logs.get(name)!);
  };
  /** By machine; those of others are not known. */
  const facts = new Map<string, Facts>();
  let created = 0;
  const traces = makeNearTraces();
  const graph: { whole: GraphView; part: GraphView } = { whole: noGraph, part: noGraph };

  const set = (name: string, patch: Partial<MachineStatus>) => {
    const machine = machines.get(name)!;
    const status = { ...machine.status, ...patch, revision: machine.status.revision + 1 };
    machine.status = status;
    const ready = machine.waiting.filter(({ above }) => status.revision > above);
    machine.waiting = machine.waiting.filter(({ above }) => status.revision <= above);
    ready.forEach(({ resolve }) => resolve(harden(status)));
    if (status.state !== 'gone') return;
    machines.delete(name);
    gone.set(name, status);
  };

  /** What the hob finds, as a report; `state` for what differs. */
  const look = (name: string, state: 'drifted' | 'corrected', reason: Report['reason']) => {
    const machine = machines.get(name)!;
    const resources = machine.desired.resources.map(({ id, type }): ResourceReport => {
      const changes = machine.differences.get(id);
      return changes === undefined ? { id, type, state: 'ok' } : { id, type, state, changes };
    });
    machine.report = harden({ generation: machine.desired.generation, digest: '', reason, at: 1_000, resources });
    const drift = resources.reduce(
      (counts, { state: found }) => ({ ...counts, [found]: counts[found as 'ok'] + 1 }),
      none,
    );
    set(name, { reported: machine.desired.generation, drift });
  };

  /** The next turn of something that takes time. */
  const later = (work: () => void) => {
    if (!held) void Promise.resolve().then(work);
  };
  const walk = (name: string, states: readonly LifecycleState[], online: boolean) =>
    later(() => {
      if (stuck.has(name)) return;
      states.forEach(
        (state) => machines.has(name) && set(name, { state, online, ...(online ? { lastSeen: 1_000 } : {}) }),
      );
      if (online && machines.has(name)) look(name, 'drifted', 'applied');
    });

  const driftOf = ({ status: { name, online }, report }: Machine) => ({
    name,
    online,
    report,
    receivedAt: report === null ? null : 1_000,
  });
  const there = (name: string): Machine => machines.get(name) ?? refusing('NO_SUCH_MACHINE', name);

  const facetsOf = (name: string): Machine['facets'] => {
    const self = () => machines.get(name) ?? refusing('MACHINE_GONE', name);
    const online = () => {
      if (!self().status.online) throw makeError('HOB_UNREACHABLE', `${name}: its hob is not connected`);
    };
    const observer = {
      status: () => self().status,
      nextStatus: (above: number) => {
        const last = gone.get(name);
        if (!machines.has(name) && last !== undefined && last.revision > above) return Promise.resolve(harden(last));
        const { status, waiting } = self();
        if (status.revision > above) return Promise.resolve(status);
        ears.get(`nextStatus ${name}`)?.();
        return new Promise<MachineStatus>((resolve) => waiting.push({ above, resolve }));
      },
      facts: () => facts.get(self().status.name) ?? null,
      drift: () => driftOf(self()),
      log: () => logs.get(self().status.name) ?? firstLines,
      nextLog: (last: LogEntry | null) => {
        const lines = logs.get(name) ?? firstLines;
        if (lines.at(-1)?.what !== last?.what) return lines;
        called(`nextLog ${name}`);
        return new Promise((resolve) => hearers.set(name, resolve));
      },
      asObserver: () => facets.observer,
    };
    const operator = {
      ...observer,
      check: async () => {
        called(`check ${name}`);
        online();
        if (deaf.has(name)) return new Promise(() => {});
        look(name, 'drifted', 'asked');
        return driftOf(self());
      },
      converge: async () => {
        called(`converge ${name}`);
        online();
        look(name, 'corrected', 'asked');
        return driftOf(self());
      },
      start: () => {
        set(name, { state: 'starting' });
        walk(name, ['ready'], true);
      },
      stop: () => {
        set(name, { state: 'stopping' });
        walk(name, ['stopped'], false);
      },
      asOperator: () => facets.operator,
    };
    const changeTo = (change: DesiredStateChange): number => {
      const { desired, status } = self();
      const generation = desired.generation + 1;
      self().desired = harden({ ...desired, ...change, generation });
      set(name, { generation, policy: change.policy ?? desired.policy });
      if (status.online) later(() => look(name, 'corrected', 'applied'));
      return generation;
    };
    const admin = {
      ...operator,
      trace: async (request: TraceRequest = {}) => {
        online();
        return traces.read(name, request);
      },
      desired: () => self().desired,
      setDesired: (change: DesiredStateChange) => {
        called(`setDesired ${name}`);
        return changeTo(change);
      },
      setLabels: (labels: Labels) => set(name, { labels }),
      planBasis: () => {
        const { desired, applied, options, status } = self();
        const same = applied !== null && saidOf(applied) === saidOf(desired);
        return {
          desired,
          labels: status.labels,
          options,
          applied: applied && { at: 1_000, labels: applied.labels, same },
        };
      },
      lastApplied: () => {
        const { applied } = self();
        return applied && { policy: applied.policy, resources: applied.resources };
      },
      applyDocument: (wanted: DocumentedState, from: PlannedFrom) => {
        called(`apply ${name}`);
        const { desired } = self();
        if (from.generation !== desired.generation) throw makeError('CHANGED_MEANWHILE', `${name}: was changed`);
        self().applied = wanted;
        const { labels, ...said } = wanted;
        set(name, { labels });
        return saidOf(said) === saidOf(desired) ? desired.generation : changeTo(said);
      },
      destroy: () => {
        called(`destroy ${name}`);
        set(name, { state: 'destroying' });
        walk(name, ['gone'], false);
      },
      asExecutor: () => executorFacet,
      asCopier: () => copierFacet,
      asJournal: () => journalFacet,
      confirm: () => {
        called(`confirm ${name}`);
        if (unwritable.has(name)) throw makeError('COMMIT_FAILED', 'the turn could not be written');
        set(name, { held: false, holds: null, seenEpoch: null });
      },
    };
    const executor = {
      exec: async (argv: readonly string[], options: object, until?: Promise<unknown>) => {
        called(`exec ${name}`);
        return exec.run(argv, options, until);
      },
    };
    const journalFacet = guarded(MachineJournalI, {
      hobLog: async (request: HobLinesRequest) => journal.hobLog(request),
      unitLog: async (unit: string, request: object, _asker: object, until?: Promise<unknown>) =>
        journal.unitLog(unit, request, until),
    });
    const copierFacet = guarded(MachineCopierI, {
      look: async (path: string) => copies.by!.look(path),
      download: async (path: string, _asker: object, until?: Promise<unknown>) =>
        (await copies.by!.download(path, until)).handle,
      upload: async (path: string, mode: number, _asker: object, until?: Promise<unknown>) => {
        called(`upload ${name}`);
        return (await copies.by!.upload(path, mode, until)).handle;
      },
    });
    const executorFacet = guarded(MachineExecutorI, executor);
    const facets: Machine['facets'] = {
      observer: guarded(MachineObserverI, observer),
      operator: guarded(MachineOperatorI, operator),
      admin: guarded(MachineAdminI, admin),
    };
    return facets;
  };

  const add = (
    name: string,
    { provider, policy = 'report', resources = [], labels = {}, options = {} }: MachineSpec,
    documented = false,
  ): Machine => {
    created += 1;
    const desired = { generation: resources.length > 0 ? 1 : 0, policy, resources: resources as readonly Resource[] };
    const machine: Machine = {
      status: {
        name,
        id: `m${created}`,
        provider,
        state: 'requested',
        online: false,
        lastSeen: null,
        generation: desired.generation,
        reported: null,
        policy,
        labels,
        drift: none,
        revision: 1,
        held: false,
        holds: null,
        seenEpoch: null,
      },
      desired: harden(desired),
      applied: documented ? harden({ policy, resources, labels }) : null,
      options,
      report: null,
      differences: new Map(),
      waiting: [],
      facets: facetsOf(name),
    };
    machines.set(name, machine);
    return machine;
  };

  const locators = new Map<string, object>();
  const inspector = guarded(InspectorI, {
    vats: () => [{ name: 'boss', type: null, open: true, actors: 2, cached: 1 }],
    actors: (vat: string, { after }: { after?: string } = {}) =>
      after === undefined
        ? { actors: [{ name: `vat:${vat}/boss/1/self`, kind: 'boss', version: 1, change: 3 }], next: 'one' }
        : { actors: [{ name: `vat:${vat}/machine/2/admin`, kind: 'machine', version: 1, change: 9 }], next: null },
    portrait: (target: string | object) => ({
      name: typeof target === 'string' ? target : 'vat:boss/machine/2/admin',
      kind: 'machine',
      version: 1,
      change: 9,
      portrait: { name: 'web1' },
      references: ['vat:provider-local/provider/1/self'],
    }),
    referrers: () => [],
    trace: (request: TraceRequest = {}) => traces.read('boss', request),
    graph: async ({ from }: { from?: unknown } = {}) => (from === undefined ? graph.whole : graph.part),
  });

  const boss = guarded(BossI, {
    createMachine: (
      name: string,
      spec: MachineSpec,
      { requestId, documented }: { requestId?: string; documented?: boolean } = {},
    ) => {
      called(`create ${name}`);
      if (!isName(name)) throw makeError('BAD_NAME', `${name}: a name has letters, digits and hyphens`);
      if (requestId !== undefined && requests.get(requestId) === name) return there(name).facets.admin;
      if (unwritable.has(name)) throw makeError('COMMIT_FAILED', 'the turn could not be written');
      if (!providers.has(spec.provider)) {
        throw makeError('NO_SUCH_PROVIDER', `${spec.provider}: there is no such provider`, {
          hint: 'gobs provider list',
        });
      }
      if (machines.has(name)) throw makeError('NAME_TAKEN', `${name}: there is a machine of that name`);
      if (requestId !== undefined) requests.set(requestId, name);
      const { facets } = add(name, spec, documented);
      walk(name, ['creating', 'booting', 'enrolled', 'ready'], true);
      return facets.admin;
    },
    machine: (name: string) => there(name).facets.admin,
    machines: async () => [...machines.values()].map(({ status }) => status),
    machinePage: async ({ after = '', limit = 2 }: { after?: string; limit?: number }) => {
      const names = [...machines.keys()].sort().filter((name) => name > after);
      const page = names.slice(0, Math.min(limit, 2));
      return {
        statuses: page.map((name) => there(name).status),
        next: names.length > page.length ? page.at(-1)! : null,
      };
    },
    destroyMachine: () => undefined,
    forget: (name: string) => {
      there(name);
      machines.delete(name);
      return { remains: [`directory /srv/${name}`] };
    },
    providers: () => [...providers].map(([name, { type, settings = {} }]) => ({ name, type, settings })),
    addProvider: (name: string, spec: ProviderSpec) => {
      called(`add provider ${name}`);
      if (unwritable.has(name)) throw makeError('BAD_SPEC', `provider ${name}: no such setting`);
      if (!['local', 'ssh'].includes(spec.type)) throw makeError('BAD_SPEC', `provider ${name}: there is no such type`);
      providers.set(name, spec);
    },
    removeProvider: async (name: string) => {
      if (!providers.delete(name)) throw makeError('NO_SUCH_PROVIDER', `there is no provider ${name}`);
    },
    // A host's key is known if the options say it, and so is that of the one on the way.
    confirmations: async (provider: string, options: NonNullable<MachineSpec['options']>) => {
      called(`confirmations ${provider}`);
      const unknown = ['jumpKeys', 'hostKey'].find((option) => 'host' in options && !(option in options));
      if (unknown === undefined) return [];
      const question = `root@${String(options['host'])} shows a key that nobody knows. Is that its ${unknown}?`;
      return [{ option: unknown, value: `SHA256:${unknown}`, question, hint: `set ${unknown}=SHA256:${unknown}` }];
    },
    locatorFor: async (reference: object) => {
      const locator = `gobs://${'a'.repeat(52)}.unix/s/${'S'.repeat(42)}${locators.size}?path=%2Ftmp%2Fboss.sock`;
      locators.set(locator, reference);
      return locator;
    },
    inspector: async () => inspector,
    orphans: async () => troubles.orphans(),
    setSecret: (name: string, text: string) => void secrets.set(name, text),
    secrets: () => [...secrets.keys()].sort().map((name) => ({ name, at: 1_000 })),
    removeSecret: (name: string) => {
      if (!secrets.delete(name)) throw makeError('NO_SUCH_SECRET', 'there is no secret of that name');
    },
    refusals: () => troubles.refusals,
    restored: () => restore.notice,
  });

  /** A machine that is ready, without a word to anybody. */
  const addReady = (name: string, spec: Partial<MachineSpec> = {}) => {
    add(name, { provider: 'local', ...spec });
    set(name, { state: 'ready', online: true, lastSeen: 1_000 });
    look(name, 'drifted', 'applied');
    return machines.get(name)!;
  };

  return {
    boss,
    traces,
    graph,
    machines,
    providers,
    secrets,
    calls,
    whenCalled,
    deaf,
    stuck,
    unwritable,
    exec,
    copies,
    journal,
    troubles,
    logs,
    addLine,
    facts,
    locators,
    restore,
    set,
    look,
    addReady,
    leave: (name: string, words: readonly string[]) => set(name, { leaves: words }),
  };
};

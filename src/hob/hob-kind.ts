/**
 * The hob's actor: what its machine is to be, what was last done about it, and whom to tell.
 *
 *   boss ──push──▶ hold ──▶ apply ──▶ driver.reconcile ──▶ report ──▶ boss
 *   daemon ─tick──▶ pull, then look (policy report) or mend (policy correct) ─┘
 *
 * A new desired state is held before it is answered for, and applied once, whatever the policy: at each interval again until a round had no
 * failure and nothing unknown. So a hob that is killed in between goes on when it starts again (`applied` is not what is held). What
 * the boss was not told is kept (tell-boss.ts). Nothing here depends on the boss being there.
 */
import { M } from '@endo/patterns';
import { makeError } from '../errors/gobs-error.ts';
import { HobI } from '../protocol/interfaces.ts';
import { shortened } from '../protocol/report-size.ts';
import { isName, isSameState } from '../protocol/shapes.ts';
import type { DesiredState, Facts, Findings, Report, ReportReason, WantedState } from '../protocol/shapes.ts';
import { boundedRequest, type TracePage, type TraceRequest } from '../protocol/trace.ts';
import type { Download, FoundFile, StartedCopy, Upload } from '../protocol/copies.ts';
import type { HobLinesPage, HobLinesRequest, UnitLogRequest } from '../protocol/host-logs.ts';
import type { StartedCommand } from '../protocol/running-commands.ts';
import { E } from '../vats/eventual-send.ts';
import { defineKindKit, type Fresh, type MapPage } from '../vats/kind.ts';
import type { Copier } from './copier.ts';
import type { Executor } from './executor.ts';
import type { OwnLines } from './kept-log.ts';
import { BossAddressShape, holding, HobPortraitShape } from './hob-portrait.ts';
import type { BossAddress, HobPortrait, HobSide } from './hob-portrait.ts';
import { copiesFor, dropCopies, fetchCopies, type CopyTools, type SealedCopies } from './secret-copies.ts';
import { makeBossTalk } from './tell-boss.ts';

/** The host's hands, behind a `Far`. Works on one call at a time, in order. */
export interface HostDriver {
  reconcile(job: {
    readonly desired: DesiredState;
    /** Of those that it names, as far as they are here. */
    readonly secrets?: SealedCopies;
    readonly apply: boolean;
    readonly reason: ReportReason;
  }): Findings;
  facts(): Facts;
}

/** Behind a `Far`, so that nothing is logged for a turn that was undone. */
export interface HobLog {
  warn(fields: object, message: string): void;
}

export interface HobFacets extends Record<string, object> {
  /** What the boss calls. */
  readonly hob: {
    push(desired: WantedState): number;
    check(): Promise<Report>;
    converge(): Promise<Report>;
    bind(name: string, reference: object): void;
    lookup(name: string): object;
    unbind(name: string): void;
    bindings(): Promise<readonly string[]>;
    trace(request?: TraceRequest): Promise<TracePage>;
    exec(argv: readonly string[], until?: Promise<unknown>): Promise<StartedCommand>;
    unitLog(unit: string, request: UnitLogRequest, until?: Promise<unknown>): Promise<StartedCommand>;
    hobLog(request: HobLinesRequest): Promise<HobLinesPage>;
    look(path: string): Promise<FoundFile | null>;
    download(path: string, until?: Promise<unknown>): Promise<StartedCopy<Download>>;
    upload(path: string, mode: number, until?: Promise<unknown>): Promise<StartedCopy<Upload>>;
  };
  /** What the daemon of the same process calls. */
  readonly control: {
    /** Where the boss is; null if it is not enrolled. */
    boss(): BossAddress | null;
    enrolled(side: HobSide, where: BossAddress): void;
    /**
     * A session with the boss is up. Resolves when it has been told who is here, and what it wants is held. `seenEpoch`: how often the boss's store had
     * been opened when it was seen before, if that is more often than it says now; it is told so.
     */
    attach(seenEpoch?: number): Promise<void>;
    /** The interval came round, or the process started. Resolves when the work is done. */
    tick(): Promise<void>;
    /** Applies what is held, if it was not. */
    apply(): Promise<void>;
    /** Looks at the host, and tells the boss. Has it taken that? Nothing is to be told where nothing is desired: true. */
    report(): Promise<boolean>;
  };
}

const HobControlI = M.interface('HobControl', {
  boss: M.call().returns(M.any()),
  enrolled: M.call(M.remotable(), BossAddressShape).returns(),
  attach: M.call().optional(M.number()).returns(M.promise()),
  tick: M.call().returns(M.promise()),
  apply: M.call().returns(M.promise()),
  report: M.call().returns(M.promise()),
});

/** Behind a `Far`: what this process did last. */
export interface HobTrace {
  read(request: TraceRequest): TracePage;
}

export interface HobPowers extends Pick<CopyTools, 'seal'> {
  readonly driver: HostDriver;
  readonly log: HobLog;
  readonly trace: HobTrace;
  readonly executor: Executor;
  readonly copier: Copier;
  readonly ownLines: OwnLines;
}

/** Throws BAD_NAME. */
const checkName = (name: string): void => {
  if (!isName(name)) {
    throw makeError('BAD_NAME', `binding name ${JSON.stringify(name)} must match [a-z][a-z0-9-]{0,62}`);
  }
};

const BINDINGS_PAGE = 1_000;

/** Was all done that could be? */
const isWhole = ({ resources }: Findings): boolean =>
  resources.every(({ state }) => state !== 'failed' && state !== 'unknown');

export const hobKind = defineKindKit<HobPortrait, HobFacets, HobPowers>({
  label: 'hob',
  facets: { hob: HobI, control: HobControlI },
  portrait: HobPortraitShape,
  behave: (bcom, self, portrait, { driver, log, trace, executor, copier, ownLines, seal, on }) => {
    const now: Fresh<HobPortrait> = { bcom, portrait };

    /** Holds another desired state, and sees to it that it is applied. */
    const hold = (wanted: WantedState, fresh: Fresh<HobPortrait>): void => {
      const held = fresh.portrait.desired;
      // A boss that wants nothing yet is not asked for a document.
      if (held === null ? wanted.generation === 0 : isSameState(held, wanted)) return;
      dropCopies(held, wanted, fresh.portrait.secrets);
      fresh.bcom((latest) => holding(latest, wanted));
      void E(self.control).apply();
    };
    const talk = makeBossTalk({ driver, log, on, hold });

    const push = (wanted: WantedState): number => {
      const { desired } = portrait;
      if (desired !== null && wanted.generation <= desired.generation) {
        if (!isSameState(desired, wanted)) talk.pull(portrait);
        return desired.generation;
      }
      hold(wanted, now);
      return wanted.generation;
    };

    /** Looks or mends; the driver does one such job after the other. */
    const reconcile = (apply: boolean, reason: ReportReason): Promise<Report> => {
      const { desired } = portrait;
      if (desired === null) throw makeError('NOTHING_DESIRED', 'the boss has not said yet what this machine is to be');
      const fetched = fetchCopies(portrait, { on, seal, log });
      return fetched === undefined
        ? work(portrait, desired, apply, reason)
        : on(fetched, (_, fresh) => work(fresh.portrait, desired, apply, reason));
    };

    const work = (
      { secrets }: HobPortrait,
      desired: WantedState,
      apply: boolean,
      reason: ReportReason,
    ): Promise<Report> => {
      const { generation, digest } = desired;
      const copies = desired.secrets === undefined ? {} : { secrets: copiesFor(desired, secrets) };
      return on(E(driver).reconcile({ desired, ...copies, apply, reason }), (findings, fresh) => {
        const held = fresh.portrait.desired;
        if (apply && isWhole(findings) && held !== null && isSameState(held, desired)) {
          fresh.bcom((latest) => ({ ...latest, applied: { generation, digest } }));
        }
        return shortened({ ...findings, digest });
      });
    };

    const reconcileAndTell = (apply: boolean, reason: ReportReason): Promise<void> =>
      on(reconcile(apply, reason), (report, fresh) => void talk.tell(report, fresh));

    const isApplied = (): boolean => {
      const { desired, applied } = portrait;
      return desired === null || (applied !== null && isSameState(applied, desired));
    };

    const bindingsAfter = (names: readonly string[], after?: string): Promise<readonly string[]> =>
      on<MapPage<object>, readonly string[] | Promise<readonly string[]>>(
        portrait.bindings.page({ limit: BINDINGS_PAGE, ...(after === undefined ? {} : { after }) }),
        ({ entries, next }) => {
          const all = [...names, ...entries.map(([name]) => name)];
          return next === null ? all : bindingsAfter(all, next);
        },
      );

    return {
      hob: {
        push,
        check: () => reconcile(false, 'asked'),
        converge: () => reconcile(true, 'asked'),
        bind: (name, reference) => {
          checkName(name);
          portrait.bindings.set(name, reference);
        },
        lookup: (name) => {
          const reference = portrait.bindings.get(name);
          if (reference === undefined) {
            throw makeError('NO_SUCH_BINDING', `there is no binding ${JSON.stringify(name)}`);
          }
          return reference;
        },
        unbind: (name) => {
          if (!portrait.bindings.delete(name)) {
            throw makeError('NO_SUCH_BINDING', `there is no binding ${JSON.stringify(name)}`);
          }
        },
        bindings: () => bindingsAfter([]),
        trace: (request = {}) => E(trace).read(boundedRequest(request)),
        exec: (argv, until) => E(executor).exec(argv, ...(until === undefined ? [] : [until])),
        unitLog: (unit, request, until) => E(executor).unitLog(unit, request, ...(until === undefined ? [] : [until])),
        hobLog: (request) => E(ownLines).read(request),
        look: (path) => E(copier).look(path),
        download: (path, until) => E(copier).download(path, ...(until === undefined ? [] : [until])),
        upload: (path, mode, until) => E(copier).upload(path, mode, ...(until === undefined ? [] : [until])),
      },
      control: {
        boss: () => {
          if (portrait.boss === null) return null;
          const { peerId, scheme, address } = portrait.boss;
          return { peerId, scheme, address };
        },
        enrolled: (side, { peerId, scheme, address }) =>
          bcom((latest) => ({ ...latest, boss: { peerId, scheme, address, side } })),
        attach: (seenEpoch) => {
          const { boss } = portrait;
          if (boss === null) throw makeError('NOT_ENROLLED', 'this hob has no boss yet');
          if (seenEpoch !== undefined) talk.tellEpoch(portrait, seenEpoch);
          void talk.deliver(portrait);
          return on(E(driver).facts(), (facts, { portrait: { desired } }) => {
            const held = desired === null ? [] : [{ generation: desired.generation, digest: desired.digest }];
            const attached = E(boss.side).attach(self.hob as never, facts, ...held);
            return on(attached, (wanted, fresh) => talk.take(desired, wanted, fresh));
          });
        },
        tick: () => {
          const { desired } = portrait;
          talk.pull(portrait);
          talk.tellFacts(portrait);
          if (desired === null) return Promise.resolve();
          return isApplied() ? reconcileAndTell(desired.policy === 'correct', 'interval') : self.control.apply();
        },
        apply: () => (isApplied() ? Promise.resolve() : reconcileAndTell(true, 'applied')),
        report: () =>
          portrait.desired === null
            ? Promise.resolve(true)
            : on(reconcile(false, 'asked'), (report, fresh) => talk.tell(report, fresh)),
      },
    };
  },
});
harden(hobKind);

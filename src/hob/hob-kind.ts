/**
 * The hob's actor: what its machine is to be, what was last done about it, and whom to tell.
 *
 *   boss ──push──▶ hold ──▶ apply ──▶ driver.reconcile ──▶ report ──▶ boss
 *   daemon ─tick──▶ pull, then look (policy report) or mend (policy correct) ─┘
 *
 * A new generation is held before it is answered for, and applied once: a hob that is killed between the two applies it when it starts
 * again (`applied` is behind `desired.generation`). A report that the boss could not be told is kept, so that what was corrected while the
 * boss was away is not lost. Nothing here depends on the boss being there.
 */
import { M } from '@endo/patterns';
import { makeError } from '../errors/gobs-error.ts';
import { HobI } from '../protocol/interfaces.ts';
import { DesiredStateShape, isName, ReportShape } from '../protocol/shapes.ts';
import type { DesiredState, Facts, Report, ReportReason, Resource } from '../protocol/shapes.ts';
import { E } from '../vats/eventual-send.ts';
import { defineKindKit, type DurableMap, type Fresh } from '../vats/kind.ts';
import { joinUndelivered } from './undelivered.ts';

/** The boss's side of this machine: a durable reference to another peer's object. */
export interface HobSide {
  attach(hob: object, facts: Facts): DesiredState;
  pull(): DesiredState;
  report(report: Report): void;
}

/** The host's hands, behind a `Far`. Works on one call at a time, in order. */
export interface HostDriver {
  /** `previous` is what was in the document applied before. */
  reconcile(job: {
    readonly desired: DesiredState;
    readonly apply: boolean;
    readonly reason: ReportReason;
    readonly previous: readonly AppliedResource[];
  }): Report;
  facts(): Facts;
}

export type AppliedResource = Pick<Resource, 'id' | 'type'>;

/** Where the boss is, as its locator said. */
export interface BossAddress {
  readonly peerId: string;
  readonly scheme: string;
  readonly address: Readonly<Record<string, string>>;
}

export interface HobPortrait {
  /** null until it is enrolled. */
  readonly boss: (BossAddress & { readonly side: HobSide }) | null;
  /** null until the boss said something. */
  readonly desired: DesiredState | null;
  /** The last generation that was applied, and what it held; 0 before the first. */
  readonly applied: { readonly generation: number; readonly resources: readonly AppliedResource[] };
  /** What the boss was not told yet. */
  readonly undelivered: Report | null;
  readonly bindings: DurableMap<object>;
}

/** A hob that knows nothing yet. */
export const newHobPortrait = (makeMap: <V>() => DurableMap<V>): HobPortrait => ({
  boss: null,
  desired: null,
  applied: { generation: 0, resources: [] },
  undelivered: null,
  bindings: makeMap<object>(),
});
harden(newHobPortrait);

export interface HobFacets extends Record<string, object> {
  /** What the boss calls. */
  readonly hob: {
    push(desired: DesiredState): number;
    check(): Promise<Report>;
    converge(): Promise<Report>;
    facts(): Promise<Facts>;
    bind(name: string, reference: object): void;
    lookup(name: string): object;
    unbind(name: string): void;
    bindings(): Promise<readonly string[]>;
  };
  /** What the daemon of the same process calls. */
  readonly control: {
    /** Where the boss is; null if it is not enrolled. */
    boss(): BossAddress | null;
    enrolled(side: HobSide, where: BossAddress): void;
    /** A session with the boss is up. Resolves when it has been told who is here, and what it wants is held. */
    attach(): Promise<void>;
    /** The interval came round, or the process started. Resolves when the work is done. */
    tick(): Promise<void>;
    /** Applies what is held, if it was not. */
    apply(): Promise<void>;
  };
}

const BossAddressShape = M.splitRecord({
  peerId: M.string(),
  scheme: M.string(),
  address: M.recordOf(M.string(), M.string()),
});

const HobControlI = M.interface('HobControl', {
  boss: M.call().returns(M.any()),
  enrolled: M.call(M.remotable(), BossAddressShape).returns(),
  attach: M.call().returns(M.promise()),
  tick: M.call().returns(M.promise()),
  apply: M.call().returns(M.promise()),
});

export interface HobPowers {
  readonly driver: HostDriver;
}

const nothing = (): void => {};

const PortraitShape = M.splitRecord({
  boss: M.or(
    M.null(),
    M.splitRecord({ peerId: M.string(), scheme: M.string(), address: M.record(), side: M.remotable() }),
  ),
  desired: M.or(M.null(), DesiredStateShape),
  applied: M.splitRecord({ generation: M.number(), resources: M.arrayOf(M.record(), { arrayLengthLimit: 20_000 }) }),
  undelivered: M.or(M.null(), ReportShape),
  bindings: M.remotable(),
});

/** Throws BAD_NAME. */
const checkName = (name: string): void => {
  if (!isName(name))
    {throw makeError('BAD_NAME', `binding name ${JSON.stringify(name)} must match [a-z][a-z0-9-]{0,62}`);}
};

export const hobKind = defineKindKit<HobPortrait, HobFacets, HobPowers>({
  label: 'hob',
  facets: { hob: HobI, control: HobControlI },
  portrait: PortraitShape,
  behave: (bcom, self, portrait, { driver, on }) => {
    const now: Fresh<HobPortrait> = { bcom, portrait };

    /** Holds a newer generation and sees to it that it is applied; an older one, or the same, changes nothing. */
    const hold = (wanted: DesiredState, fresh: Fresh<HobPortrait>): number => {
      const held = fresh.portrait.desired?.generation ?? 0;
      if (wanted.generation <= held) return held;
      fresh.bcom((latest) => ({ ...latest, desired: wanted }));
      void E(self.control).apply();
      return wanted.generation;
    };

    const tell = (report: Report, fresh: Fresh<HobPortrait>): void => {
      const telling = joinUndelivered(fresh.portrait.undelivered, report);
      fresh.bcom((latest) => ({ ...latest, undelivered: telling }));
      deliver(telling, fresh.portrait.boss);
    };

    /** If the boss cannot be told, the report stays for the next time. */
    const deliver = (report: Report, boss: HobPortrait['boss']): void => {
      if (boss === null) return;
      void on(
        E(boss.side).report(report),
        (_none, fresh) => {
          const isLatest = fresh.portrait.undelivered?.at === report.at;
          if (isLatest) fresh.bcom((latest) => ({ ...latest, undelivered: null }));
        },
        nothing,
      );
    };

    /** Looks or mends; the driver does one such job after the other. */
    const reconcile = (apply: boolean, reason: ReportReason): Promise<Report> => {
      const { desired, applied } = portrait;
      if (desired === null) throw makeError('NOTHING_DESIRED', 'the boss has not said yet what this machine is to be');
      const job = { desired, apply, reason, previous: applied.resources };
      return on(E(driver).reconcile(job), (report, fresh) => {
        if (apply && desired.generation >= fresh.portrait.applied.generation) {
          const resources = desired.resources.map(({ id, type }) => ({ id, type }));
          fresh.bcom((latest) => ({ ...latest, applied: { generation: desired.generation, resources } }));
        }
        return report;
      });
    };

    const reconcileAndTell = (apply: boolean, reason: ReportReason): Promise<void> =>
      on(reconcile(apply, reason), (report, fresh) => tell(report, fresh));

    const isApplied = (): boolean =>
      portrait.desired === null || portrait.applied.generation >= portrait.desired.generation;

    return {
      hob: {
        push: (wanted) => hold(wanted, now),
        check: () => reconcile(false, 'asked'),
        converge: () => reconcile(true, 'asked'),
        facts: () => E(driver).facts(),
        bind: (name, reference) => {
          checkName(name);
          portrait.bindings.set(name, reference);
        },
        lookup: (name) => {
          const reference = portrait.bindings.get(name);
          if (reference === undefined)
            {throw makeError('NO_SUCH_BINDING', `there is no binding ${JSON.stringify(name)}`);}
          return reference;
        },
        unbind: (name) => {
          if (!portrait.bindings.delete(name)) {
            throw makeError('NO_SUCH_BINDING', `there is no binding ${JSON.stringify(name)}`);
          }
        },
        bindings: () => on(portrait.bindings.page({ limit: 1_000 }), ({ entries }) => entries.map(([name]) => name)),
      },
      control: {
        boss: () => {
          if (portrait.boss === null) return null;
          const { peerId, scheme, address } = portrait.boss;
          return { peerId, scheme, address };
        },
        enrolled: (side, { peerId, scheme, address }) =>
          bcom((latest) => ({ ...latest, boss: { peerId, scheme, address, side } })),
        attach: () => {
          const { boss, undelivered } = portrait;
          if (boss === null) throw makeError('NOT_ENROLLED', 'this hob has no boss yet');
          if (undelivered !== null) deliver(undelivered, boss);
          const attached = on(E(driver).facts(), (facts) => E(boss.side).attach(self.hob, facts));
          return on(attached, (wanted: DesiredState, fresh) => void hold(wanted, fresh));
        },
        tick: () => {
          const { boss, desired } = portrait;
          if (boss !== null) void on(E(boss.side).pull(), (wanted, fresh) => void hold(wanted, fresh), nothing);
          if (desired === null) return Promise.resolve();
          return isApplied() ? reconcileAndTell(desired.policy === 'correct', 'interval') : self.control.apply();
        },
        apply: () => (isApplied() ? Promise.resolve() : reconcileAndTell(true, 'applied')),
      },
    };
  },
});
harden(hobKind);

/**
 * Runs the steps that make a row's portrait into one of the newest version of its kind, or of what that became. Writes nothing: see
 * `revive` in actors.ts for who does, and when.
 *
 * While a step runs no actor can be called but maps, and nothing can be sent. A call would revive its target, which might need an upgrade too,
 * and call back; and a store can be upgraded where no kind has its powers, so that no actor could answer.
 */
import { describeError, makeError } from '../errors/gobs-error.ts';
import type { AnyKind } from './kind.ts';
import type { UpgradeTools } from './lineage.ts';
import { isRetired, type Definition, type RetiredKind, type Successor } from './retired-kind.ts';
import type { Row } from './row.ts';
import { assertPassable } from './translate.ts';

export interface Upgraded {
  readonly kind: AnyKind;
  /** Passable; not yet compared with the kind's shape. */
  readonly portrait: unknown;
}

/** Is a row of that kind as this program would write it? */
export const isCurrent = (
  definition: Definition,
  { kind, version }: Pick<Row, 'kind' | 'version'>,
): definition is AnyKind => !isRetired(definition) && definition.label === kind && definition.version === version;
harden(isCurrent);

const reasonOf = (thrown: unknown): string => {
  const { code, message } = describeError(thrown);
  return code === 'UNEXPECTED' ? message : `${code}: ${message}`;
};

/** The error with which an upgrade ends. `to` is what the row was to become. */
export const upgradeFailed = (key: string, { kind, version }: Row, to: Definition, thrown: unknown): Error => {
  const from = `row ${key}: ${kind} version ${version}`;
  return makeError('UPGRADE_FAILED', `${from} to ${to.label} version ${to.version}: ${reasonOf(thrown)}`, {
    hint: 'nothing was overwritten; the gobs that wrote it can still read it',
    cause: thrown,
  });
};
harden(upgradeFailed);

type Step = (portrait: unknown, tools: UpgradeTools) => unknown;

const replaced = (kind: RetiredKind, portrait: unknown, tools: UpgradeTools): Successor => {
  const next = (kind.replace as unknown as Step)(portrait, tools) as Successor | undefined;
  if (next === undefined || !kind.replacedBy.includes(next.kind)) {
    throw TypeError(`replace of ${kind.label} must give becomes(…) of a kind that is in replacedBy`);
  }
  return next;
};

const runSteps = (
  key: string,
  row: Row,
  from: Definition,
  first: unknown,
  toolsFor: (definition: Definition) => UpgradeTools,
): Upgraded => {
  let [definition, version, portrait]: [Definition, number, unknown] = [from, row.version, first];
  const attempt = <T>(what: string, body: () => T): T => {
    try {
      return body();
    } catch (error) {
      throw upgradeFailed(key, row, definition, Error(`${what}: ${reasonOf(error)}`, { cause: error }));
    }
  };
  for (;;) {
    const { label, upgrades } = definition;
    const tools = toolsFor(definition);
    for (; version < definition.version; version += 1) {
      portrait = attempt(`the step of ${label} from ${version} to ${version + 1}`, () =>
        assertPassable((upgrades[version - 1] as unknown as Step)(portrait, tools)),
      );
    }
    if (!isRetired(definition)) return { kind: definition, portrait };
    if (definition.replace === undefined) {
      throw makeError('KIND_RETIRED', `row ${key} would be of kind ${definition.label}, which was retired`);
    }
    const retired = definition;
    const next = attempt(`replacing ${label}`, () => replaced(retired, portrait, tools));
    ({ kind: definition, version, portrait } = next);
  }
};

export interface Upgrader {
  /**
   * `selfOf` gives the actor's reference, or references, as that definition has them. A definition without successors must not come here.
   * Throws UPGRADE_FAILED, with the step that threw or gave what is not passable; KIND_RETIRED, if a successor has none itself. What the steps
   * changed is the caller's to undo.
   */
  upgrade(
    key: string,
    row: Row,
    from: Definition,
    portrait: unknown,
    selfOf: (definition: Definition) => unknown,
  ): Upgraded;
  /** Throws TypeError, naming what was tried, if a step is running. */
  requireNoStep(what: string): void;
  /** Is a step running? */
  isStepping(): boolean;
}

/** One for each vat. */
export const makeUpgrader = (given: Omit<UpgradeTools, 'self'>): Upgrader => {
  let stepping = false;
  return harden({
    upgrade: (key, row, from, portrait, selfOf) => {
      const toolsFor = (definition: Definition): UpgradeTools => harden({ ...given, self: selfOf(definition) });
      // A step may read a map, which may be of an older version itself.
      const before = stepping;
      stepping = true;
      try {
        return runSteps(key, row, from, portrait, toolsFor);
      } finally {
        stepping = before;
      }
    },
    requireNoStep: (what) => {
      if (stepping) throw TypeError(`${what} in an upgrade: a step can call maps only, and send to nobody`);
    },
    isStepping: () => stepping,
  } satisfies Upgrader);
};
harden(makeUpgrader);

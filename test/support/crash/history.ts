/**
 * What a child process told of the turns on one store, over all its lives; and whether what is found in the store is what it must be:
 * every acknowledged turn, none that was refused, of the others only such as were under way, and of those of one desk none without the ones before it.
 */
import { checkLook } from './check-look.ts';
import type { Deed, DeskLook } from './desks.ts';

interface Started {
  readonly desk: string;
  readonly deed: Deed;
}

export interface History {
  /** A line of the child. Throws for what should not happen. */
  hear(line: string): void;
  /** Problems; empty if the store has what it must. From then on what is there is known to be. */
  check(looks: readonly DeskLook[]): readonly string[];
  /** The number for the next turn. */
  next(): number;
  /** Acknowledged turns that were found in a later life. */
  readonly checked: () => number;
  /** Turns that were found though nobody had been told. */
  readonly beyond: () => number;
  /** In this life. */
  readonly told: () => { readonly started: number; readonly done: number };
}

export const makeHistory = (): History => {
  const started = new Map<number, Started>();
  const done = new Set<number>();
  const refused = new Set<number>();
  /** Must be there ever after. */
  const there = new Set<number>();
  /** Were under way when their process died, and are not there: they never may be. */
  const lost = new Set<number>();
  let checked = 0;
  let beyond = 0;
  let inThisLife = { started: 0, done: 0 };

  const hear = (line: string): void => {
    const [what, first, desk, deed] = line.split(' ') as [string, string, string, Deed];
    const number = Number(first);
    if (what === 'started') started.set(number, { desk, deed });
    if (what === 'done') done.add(number);
    if (what === 'refused') refused.add(number);
    if (what === 'started' || what === 'done') inThisLife = { ...inThisLife, [what]: inThisLife[what] + 1 };
    if (what === 'trouble') throw Error(line);
  };

  /** Messages to one desk arrive in the order in which they were sent, and groups become durable in order. */
  const gaps = (found: ReadonlySet<number>): string[] => {
    const missing = new Map<string, number>();
    const problems: string[] = [];
    for (const [number, { desk, deed }] of started) {
      if (deed === 'throw' || lost.has(number)) continue;
      const before = missing.get(desk);
      if (!found.has(number)) missing.set(desk, before ?? number);
      else if (before !== undefined) problems.push(`desk ${desk}: turn ${number} is there without ${before}`);
    }
    return problems;
  };

  const check = (looks: readonly DeskLook[]): readonly string[] => {
    const found = new Map(looks.flatMap(({ name, log }) => log.map(([number, { deed }]) => [number, { name, deed }])));
    const problems = [...checkLook(looks), ...gaps(new Set(found.keys()))];
    for (const number of done) {
      if (!found.has(number)) problems.push(`turn ${number} was acknowledged, and is not there`);
    }
    for (const number of there) if (!found.has(number)) problems.push(`turn ${number} was there, and is not any more`);
    for (const [number, { name, deed }] of found) {
      const begun = started.get(number);
      if (begun?.desk !== name || begun.deed !== deed) problems.push(`turn ${number} was never asked for like this`);
      if (refused.has(number) || deed === 'throw') problems.push(`turn ${number} was refused, and is there`);
      if (lost.has(number)) problems.push(`turn ${number} was lost, and is there again`);
      if (!there.has(number)) done.has(number) ? (checked += 1) : (beyond += 1);
      there.add(number);
    }
    const asked = looks.flatMap(({ name, heard }) => heard.map(([key]) => `${name} ${key}`));
    const wereHeard = new Set(asked);
    for (const { name, log } of looks) {
      for (const [number, { deed, other }] of log) {
        const mustBe = done.has(number) && (deed === 'ask' || deed === 'make');
        if (mustBe && !wereHeard.has(`${other} ${name}:${number}`)) {
          problems.push(`${other} did not hear ${name}:${number}`);
        }
      }
    }
    for (const number of started.keys()) if (!there.has(number)) lost.add(number);
    done.clear();
    inThisLife = { started: 0, done: 0 };
    return problems;
  };

  return {
    hear,
    check,
    next: () => Math.max(0, ...started.keys()) + 1,
    checked: () => checked,
    beyond: () => beyond,
    told: () => inThisLife,
  };
};

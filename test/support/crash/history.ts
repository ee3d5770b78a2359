/**
 * What child processes told of the turns on one store, over all their lives; and whether what is found in the store is what it must be:
 * every acknowledged turn, none that was refused, of the others only such as were under way, and of those of one desk none without the ones before it.
 */
import { checkLook } from './check-look.ts';
import type { DeskLook } from './desk-look.ts';
import type { Deed } from './desks.ts';

interface Started {
  /** In which life. */
  readonly life: number;
  readonly desk: string;
  readonly deed: Deed;
}

export interface History {
  /** A line of the child. Throws for what should not happen. */
  hear(line: string): void;
  /** Problems; empty if the store has what it must, all of it of that version. From then on what is there is known to be. */
  check(looks: readonly DeskLook[], version: number): readonly string[];
  /** The number for the next turn. */
  next(): number;
  /** Acknowledged turns that were found in a later life. */
  readonly checked: () => number;
  /** Turns that were found though nobody had been told. */
  readonly beyond: () => number;
  /** In this life. */
  readonly told: () => { readonly started: number; readonly done: number };
  /** Of a copy of the store, which was closed in order. */
  copy(): History;
}

/** These answer when the other desk has heard. */
const AWAITED: readonly Deed[] = ['ask', 'make', 'give'];

export const makeHistory = (heardBefore: readonly string[] = []): History => {
  const lines: string[] = [];
  const started = new Map<number, Started>();
  const done = new Set<number>();
  const refused = new Set<number>();
  /** Must be there ever after. */
  const there = new Set<number>();
  /** Were under way when their process died, and are not there: they never may be. */
  const lost = new Set<number>();
  let checked = 0;
  let beyond = 0;
  let life = 0;
  let inThisLife = { started: 0, done: 0 };

  const hear = (line: string): void => {
    lines.push(line);
    const [what, first, desk, deed] = line.split(' ') as [string, string, string, Deed];
    const number = Number(first);
    if (what === 'working') {
      life += 1;
      inThisLife = { started: 0, done: 0 };
    }
    if (what === 'started') started.set(number, { life, desk, deed });
    if (what === 'done') done.add(number);
    if (what === 'refused') refused.add(number);
    if (what === 'started' || what === 'done') inThisLife = { ...inThisLife, [what]: inThisLife[what] + 1 };
    if (what === 'trouble') throw Error(line);
  };

  /** In one life, messages to one desk arrive in the order in which they were sent, and groups become durable in order. */
  const gaps = (found: ReadonlySet<number>): string[] => {
    const missing = new Map<string, number>();
    const problems: string[] = [];
    for (const [number, { desk, deed, ...begun }] of started) {
      if (deed === 'throw' || lost.has(number)) continue;
      const queue = `${begun.life} ${desk}`;
      const before = missing.get(queue);
      if (!found.has(number)) missing.set(queue, before ?? number);
      else if (before !== undefined) problems.push(`desk ${desk}: turn ${number} is there without ${before}`);
    }
    return problems;
  };

  const unheard = (looks: readonly DeskLook[]): string[] => {
    const wereHeard = new Set(looks.flatMap(({ name, heard }) => heard.map(([key]) => `${name} ${key}`)));
    return looks.flatMap(({ name, log }) =>
      log
        .filter(([number, { deed }]) => done.has(number) && AWAITED.includes(deed))
        .filter(([number, { other }]) => !wereHeard.has(`${other} ${name}:${number}`))
        .map(([number, { other }]) => `${other} did not hear ${name}:${number}`),
    );
  };

  const check: History['check'] = (looks, version) => {
    const found = new Map(looks.flatMap(({ name, log }) => log.map(([number, { deed }]) => [number, { name, deed }])));
    const problems = [...checkLook(looks, version), ...gaps(new Set(found.keys())), ...unheard(looks)];
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
    for (const number of started.keys()) if (!there.has(number)) lost.add(number);
    done.clear();
    return problems;
  };

  for (const line of heardBefore) hear(line);
  // In a copy they are not counted again.
  for (const number of done) there.add(number);
  done.clear();
  return {
    hear,
    check,
    next: () => Math.max(0, ...started.keys()) + 1,
    checked: () => checked,
    beyond: () => beyond,
    told: () => inThisLife,
    copy: () => makeHistory(lines),
  };
};

/** What peers and locators have, in rows as src/captp writes them: numbers that are never given twice. */
import type { Kernel } from '../../../src/vats/kernel.ts';
import type { StoreOp } from '../../../src/vats/store.ts';

const PEER = `p/${'a'.repeat(52)}`;

interface Export {
  readonly key: string;
  readonly name: string;
}

export class RealExports {
  #peer: Export[] = [];
  #locator: Export[] = [];
  readonly #given = new Set<number>();

  /** `least`: of a store that was restored, the least number that it may give. */
  async add({ committer }: Kernel, least: number, name: string, locator: boolean): Promise<void> {
    if (!name.startsWith('vat:')) return;
    const counter = `${PEER}/!`;
    const { next = 1 } = JSON.parse(committer.get(counter) ?? '{}') as { next?: number };
    const number = Math.max(next, least);
    if (this.#given.has(number)) throw Error(`number ${number} was given to somebody else already`);
    this.#given.add(number);
    const [key, value] = locator ? [`s/${number}`, `${number} ${name}`] : [`${PEER}/x/${number}`, name];
    (locator ? this.#locator : this.#peer).push({ key, name });
    const puts = [
      [counter, JSON.stringify({ next: number + 1 })],
      [key, value],
    ] as const;
    await committer.write(puts.map(([key, value]): StoreOp => ({ type: 'put', key, value })));
  }

  #find(index: number): Export | undefined {
    const all = [...this.#peer, ...this.#locator];
    return all[index % all.length];
  }

  at(index: number): string | undefined {
    return this.#find(index)?.name;
  }

  async remove({ committer }: Kernel, index: number): Promise<void> {
    const found = this.#find(index);
    if (found === undefined) return;
    this.#peer = this.#peer.filter((each) => each !== found);
    this.#locator = this.#locator.filter((each) => each !== found);
    await committer.write([{ type: 'del', key: found.key }]);
  }

  /** After a restore: what the rows say, which are as they are on disk. */
  reset(rows: readonly (readonly [string, string])[]): void {
    const numberOf = ({ key }: Export): number => Number(key.split('/').at(-1));
    const below = (prefix: string): Export[] =>
      rows
        .filter(([key]) => key.startsWith(prefix))
        .map(([key, value]) => ({ key, name: value.split(' ').at(-1)! }))
        .sort((one, other) => numberOf(one) - numberOf(other));
    this.#peer = below(`${PEER}/x/`);
    this.#locator = below('s/');
  }
}

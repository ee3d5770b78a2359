/**
 * What a disk may have after a loss of power, from the system calls that were made before it.
 *
 *   contents  A file has what it had at its last fsync or fdatasync. Of what was written since, any part may be there too, by pages; the last
 *             write may be cut short.
 *   names     Creating, renaming and removing are put in a journal, in order; a loss of power leaves a beginning of it. An fsync of a directory makes
 *             all of it so far durable. An fsync or fdatasync of a file makes its own name durable, if need be ahead of the rest of the journal: so do ext4, XFS
 *             and btrfs, though POSIX does not ask for it.
 */
import type { Chance } from './chance.ts';
import type { SystemCall } from './system-calls.ts';

interface Write {
  readonly at: number;
  readonly data: Buffer;
}

interface Node {
  readonly isDirectory: boolean;
  synced: Buffer;
  /** Since then, in order. */
  pending: Write[];
  size: number;
}

/** A change of names. `to` undefined: `from` goes away; `from` undefined: `to` is made. */
interface NameChange {
  readonly from?: string;
  readonly to?: string;
  readonly node: Node;
  /** Durable on its own. */
  forced: boolean;
}

/** How much is there of what need not be. */
export type Fate = 'least' | 'most' | 'torn' | 'chance';
export const fates: readonly Fate[] = harden(['least', 'most', 'torn', 'chance']);

export interface Image {
  readonly directories: readonly string[];
  readonly files: ReadonlyMap<string, Buffer>;
}

export interface Disk {
  apply(call: SystemCall): void;
  /** A disk as it may be now. */
  imageAfterPowerLoss(fate: Fate, chance: Chance): Image;
  /** Writes and names that are not durable. */
  undecided(): number;
}

const PAGE = 4_096;

const applyWrite = (content: Buffer, { at, data }: Write): Buffer => {
  const next = content.length >= at + data.length ? Buffer.from(content) : Buffer.alloc(at + data.length);
  content.copy(next);
  data.copy(next, at);
  return next;
};

const pagesOf = ({ at, data }: Write): Write[] => {
  const pages: Write[] = [];
  for (let from = 0; from < data.length;) {
    const to = Math.min(data.length, from + PAGE - ((at + from) % PAGE));
    pages.push({ at: at + from, data: data.subarray(from, to) });
    from = to;
  }
  return pages;
};

const cutShort = ({ at, data }: Write, chance: Chance): Write => ({
  at,
  data: data.subarray(0, chance.between(0, data.length - 1)),
});

/** Which of the writes that are not synced are there. */
const survivors = (pending: readonly Write[], fate: Fate, chance: Chance): readonly Write[] => {
  const last = pending.at(-1);
  if (fate === 'least' || last === undefined) return [];
  if (fate === 'most') return pending;
  if (fate === 'torn') return [...pending.slice(0, -1), cutShort(last, chance)];
  const pages = pending.flatMap(pagesOf).filter(() => !chance.oneIn(3));
  return chance.oneIn(2) || pages.length === 0 ? pages : [...pages.slice(0, -1), cutShort(pages.at(-1)!, chance)];
};

/** Only what is below `root` is looked at. */
export const makeDisk = (root: string): Disk => {
  const journal: NameChange[] = [];
  let durable = 0;
  const names = new Map<string, Node>();
  const open = new Map<number, { readonly node: Node; readonly path: string; at: number; readonly append: boolean }>();
  /** What each sync that is under way found pending when it began, by call number. */
  const history: { readonly node: Node; readonly pending: number; readonly names: number }[] = [];

  const isBelow = (path: string): boolean => path === root || path.startsWith(`${root}/`);
  const pathOf = (arg: string | Buffer | undefined): string => String(arg);
  const newNode = (isDirectory: boolean): Node => ({ isDirectory, synced: Buffer.alloc(0), pending: [], size: 0 });

  const change = (names_: Omit<NameChange, 'forced'>): void => {
    const { from, to, node } = names_;
    journal.push({ ...names_, forced: false });
    if (from !== undefined) names.delete(from);
    if (to !== undefined) names.set(to, node);
  };

  const makeNode = (path: string, isDirectory: boolean): Node => {
    const node = newNode(isDirectory);
    change({ to: path, node });
    return node;
  };

  const openFile = (path: string, flags: string, descriptor: number): void => {
    // A process that ended has closed what it had open.
    open.delete(descriptor);
    if (!isBelow(path)) return;
    const node = names.get(path) ?? makeNode(path, false);
    if (flags.includes('O_TRUNC') && node.size > 0) truncate(node, 0);
    open.set(descriptor, { node, path, at: 0, append: flags.includes('O_APPEND') });
  };

  const truncate = (node: Node, size: number): void => {
    if (size !== 0) throw Error('cutting a file to a length other than nothing is not in this model');
    // As if it were a new file of the same name: what was there may be there still.
    const path = [...names].find(([, each]) => each === node)![0];
    makeNode(path, false);
  };

  const write = (descriptor: number, data: Buffer, written: number, at?: number): void => {
    const file = open.get(descriptor);
    if (file === undefined || written < 0) return;
    const { node } = file;
    const start = at ?? (file.append ? node.size : file.at);
    node.pending.push({ at: start, data: data.subarray(0, written) });
    node.size = Math.max(node.size, start + written);
    if (at === undefined) file.at = start + written;
  };

  /** What was under way when the sync began need not be in it. */
  const sync = (descriptor: number, began: number): void => {
    const file = open.get(descriptor);
    if (file === undefined) return;
    const { node } = file;
    const then = history.slice(began).filter((each) => each.node === node);
    const pending = Math.min(node.pending.length, ...then.map((each) => each.pending));
    const known = Math.min(journal.length, ...history.slice(began).map((each) => each.names));
    for (const each of node.pending.splice(0, pending)) node.synced = applyWrite(node.synced, each);
    if (node.isDirectory) durable = Math.max(durable, known);
    else for (const each of journal.slice(0, known)) if (each.node === node) each.forced = true;
  };

  const apply: Disk['apply'] = ({ name, args, result, began }) => {
    const descriptor = Number(args[0]);
    const before = open.get(descriptor);
    const mark = {
      node: before?.node ?? newNode(false),
      pending: before?.node.pending.length ?? 0,
      names: journal.length,
    };
    if (result >= 0) {
      if (name === 'openat') openFile(pathOf(args[1]), pathOf(args[2]), result);
      else if (name === 'close') open.delete(descriptor);
      else if (name === 'write') write(descriptor, args[1] as Buffer, result);
      else if (name === 'pwrite64') write(descriptor, args[1] as Buffer, result, Number(args[3]));
      else if (name === 'fsync' || name === 'fdatasync') sync(descriptor, began);
      else if (name === 'mkdir' && isBelow(pathOf(args[0]))) makeNode(pathOf(args[0]), true);
      else if (name === 'rename' && isBelow(pathOf(args[0]))) rename(pathOf(args[0]), pathOf(args[1]));
      else if (name === 'unlink' && isBelow(pathOf(args[0]))) remove(pathOf(args[0]));
      else requireHarmless(name, args);
    }
    history.push(mark);
  };

  const rename = (from: string, to: string): void => change({ from, to, node: names.get(from)! });
  const remove = (path: string): void => change({ from: path, node: names.get(path)! });
  const requireHarmless = (name: string, args: SystemCall['args']): void => {
    const touches = args.some((arg) => Buffer.isBuffer(arg) && isBelow(String(arg))) || open.has(Number(args[0]));
    if (touches) throw Error(`${name} of a file is not in the model of the disk`);
  };

  const namesAfter = (fate: Fate, chance: Chance): ReadonlyMap<string, Node> => {
    const most = journal.length;
    const length = { least: durable, most, torn: most, chance: chance.between(durable, most) }[fate];
    const kept = new Map<string, Node>();
    for (const [index, { from, to, node, forced }] of journal.entries()) {
      // A name that was forced brings its node with it, whatever became of the name before.
      if (index >= length && !forced) continue;
      if (from !== undefined && kept.get(from) === node) kept.delete(from);
      if (to !== undefined) kept.set(to, node);
    }
    return kept;
  };

  return {
    apply,
    undecided: () =>
      journal.length - durable + [...names.values()].reduce((sum, { pending }) => sum + pending.length, 0),
    imageAfterPowerLoss: (fate, chance) => {
      const directories = new Set<string>([root]);
      const files = new Map<string, Buffer>();
      for (const [path, { isDirectory, synced, pending }] of namesAfter(fate, chance)) {
        if (isDirectory) directories.add(path);
        else files.set(path, survivors(pending, fate, chance).reduce(applyWrite, synced));
      }
      return { directories: [...directories], files };
    },
  };
};

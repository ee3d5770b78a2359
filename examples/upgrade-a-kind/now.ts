/** The kinds of docs/how-to/upgrade-a-kind.md as they are now: they read what those of `then.ts` wrote. */
import { M } from '@endo/patterns';
import { defineKind, type DurableMap } from '../../src/vats/kind.ts';
import { becomes, defineRetiredKind } from '../../src/vats/retired-kind.ts';

// ------------------------------------------------------------------------------------------- changed, renamed, spawning

export interface Author {
  title(): string;
}

export const authorKind = defineKind<{ readonly name: string }, Author>({
  label: 'author',
  guard: M.interface('Author', { title: M.call().returns(M.string()) }),
  portrait: M.splitRecord({ name: M.string() }),
  behave: (_bcom, _self, { name }) => ({ title: () => name }),
});
harden(authorKind);

export interface Remark {
  text(): string;
  hasTag(tag: string): boolean;
  author(): Author;
}

interface RemarkPortrait {
  readonly text: string;
  readonly tags: DurableMap<true>;
  readonly author: Author;
}

// As they were when the steps below were written: these types are nobody else's any more.
interface Remark1 {
  readonly text: string;
  readonly tags: string;
}
interface Remark2 {
  readonly text: string;
  readonly tags: readonly string[];
}

export const remarkKind = defineKind<RemarkPortrait, Remark>({
  label: 'remark',
  version: 3,
  formerly: ['note'],
  upgrades: [
    // 1 → 2: the tags, which were one text, are a list.
    ({ text, tags }: Remark1): Remark2 => ({ text, tags: tags.split(' ') }),
    // 2 → 3: they are a map, and there is an author.
    ({ text, tags }: Remark2, { spawn, makeMap }): RemarkPortrait => {
      const map = makeMap<true>();
      for (const tag of tags) map.set(tag, true);
      return { text, tags: map, author: spawn(authorKind, { name: 'unknown' }) };
    },
  ],
  guard: M.interface('Remark', {
    text: M.call().returns(M.string()),
    hasTag: M.call(M.string()).returns(M.boolean()),
    author: M.call().returns(M.remotable('Author')),
  }),
  portrait: M.splitRecord({ text: M.string(), tags: M.remotable('DurableMap'), author: M.remotable('Author') }),
  behave: (_bcom, _self, { text, tags, author }) => ({
    text: () => text,
    hasTag: (tag) => tags.has(tag),
    author: () => author,
  }),
});
harden(remarkKind);

// ------------------------------------------------------------------------------------------- split

export interface Printer {
  title(): string;
  print(): string;
}

export const printerKind = defineKind<{ readonly title: string }, Printer>({
  label: 'printer',
  guard: M.interface('Printer', { title: M.call().returns(M.string()), print: M.call().returns(M.string()) }),
  portrait: M.splitRecord({ title: M.string() }),
  behave: (_bcom, _self, { title }) => ({ title: () => title, print: () => `${title} prints` }),
});
harden(printerKind);

export interface Camera {
  title(): string;
  look(): string;
}

export const cameraKind = defineKind<{ readonly title: string }, Camera>({
  label: 'camera',
  guard: M.interface('Camera', { title: M.call().returns(M.string()), look: M.call().returns(M.string()) }),
  portrait: M.splitRecord({ title: M.string() }),
  behave: (_bcom, _self, { title }) => ({ title: () => title, look: () => `${title} looks` }),
});
harden(cameraKind);

export const deviceKind = defineRetiredKind({
  label: 'device',
  replacedBy: [printerKind, cameraKind],
  replace: ({ title, prints }: { readonly title: string; readonly prints: boolean }) =>
    becomes(prints ? printerKind : cameraKind, 1, { title }),
});
harden(deviceKind);

// ------------------------------------------------------------------------------------------- retired

export const bannerKind = defineRetiredKind({ label: 'banner' });
harden(bannerKind);
